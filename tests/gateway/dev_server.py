"""Runs the fake services, and a gateway over them, to work on the page in every state it can meet."""

import argparse
import asyncio
import contextlib
import tempfile
from pathlib import Path

from gateway.__main__ import serve
from gateway.config import Config
from grpc_runtime.server import Server
from grpc_runtime.telemetry import configure_logging
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from imagesearch.search.v1 import search_pb2_grpc
from tests.gateway.fake_services import EMBEDDER, SEARCH, made_up_services
from tests.gateway.made_up_photos import SOURCE, make_photos

_MODEL_STATES = {
    "ready": embedder_pb2.MODEL_STATE_READY,
    "loading": embedder_pb2.MODEL_STATE_LOADING,
    "degraded": embedder_pb2.MODEL_STATE_DEGRADED,
    "failed": embedder_pb2.MODEL_STATE_FAILED,
}


def main() -> None:
    """Serves until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.gateway.fake_services", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="the gateway's port; 0 runs the two services alone")
    parser.add_argument("--embedder-port", type=int, default=50051)
    parser.add_argument("--search-port", type=int, default=50052)
    parser.add_argument("--photos", type=int, default=300, help="0 is an index that does not exist yet")
    parser.add_argument("--model-state", choices=sorted(_MODEL_STATES), default="ready")
    parser.add_argument("--notice", default="", help="what the model has to say of itself")
    parser.add_argument("--other-model", action="store_true", help="the index is of another model")
    parser.add_argument("--without", choices=["embedder", "search"], help="leave this service out")
    with tempfile.TemporaryDirectory(prefix="made-up-photos-") as folder:
        asyncio.run(_run(parser.parse_args(), Path(folder)))


async def _run(options: argparse.Namespace, folder: Path) -> None:
    configure_logging("console", "info")
    embedder, search = made_up_services(make_photos(folder, options.photos))
    embedder.model.state = _MODEL_STATES[options.model_state]
    embedder.model.notice = options.notice
    if options.model_state != "ready":
        embedder.model.state_detail = f"This model was told to be {options.model_state}."
        embedder.model.progress = 0.42
    if options.other_model:
        search.model = "another@ba9876543210"
    async with contextlib.AsyncExitStack() as stack:
        if options.without != "embedder":
            server = Server(f"127.0.0.1:{options.embedder_port}", [EMBEDDER], drain_seconds=0)
            embedder_pb2_grpc.add_EmbedderServiceServicer_to_server(embedder, server.grpc)
            await stack.enter_async_context(server)
            await server.set_serving(options.model_state in {"ready", "degraded"})
        if options.without != "search":
            server = Server(f"127.0.0.1:{options.search_port}", [SEARCH], drain_seconds=0)
            search_pb2_grpc.add_SearchServiceServicer_to_server(search, server.grpc)
            await stack.enter_async_context(server)
            await server.set_serving(True)
        if not options.port:
            print(f'Photos are in {folder}: GATEWAY_SOURCES=\'{{"{SOURCE}": "{folder}"}}\' .venv/bin/python -m gateway')
            await asyncio.Event().wait()
        with tempfile.TemporaryDirectory(prefix="gateway-cache-") as cache:
            config = Config(
                port=options.port,
                embedder=f"127.0.0.1:{options.embedder_port}",
                search=f"127.0.0.1:{options.search_port}",
                sources={SOURCE: folder},
                cache_dir=Path(cache),
                drain_seconds=1,
            )
            print(f"http://127.0.0.1:{options.port}/")
            await serve(config)
