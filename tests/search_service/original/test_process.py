from __future__ import annotations  # the stubs have parameters only for the type checker

import asyncio
import os
import sys
from collections.abc import Awaitable
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from grpc_runtime.channels import open_channel
from grpc_runtime.errors import read_rpc_error, read_status
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import embedding_pb2, image_pb2
from tests.ports import free_port
from tests.search_service.elastic_server import ElasticServer
from tests.search_service.original.conftest import Make, document
from tests.search_service.photos import MODEL


async def started(environment: dict[str, str]) -> asyncio.subprocess.Process:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SEARCH_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "search_service", env={**own, **environment}, stderr=asyncio.subprocess.PIPE
    )


async def reason_of(call: Awaitable[Any]) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        await call
    return read_rpc_error(caught.value).reason


async def test_the_service_searches_the_index_and_refuses_to_write(make: Make, server: ElasticServer) -> None:
    made = await make([document("trip/a.jpg", seed=1), document("b.jpg", seed=2), document("c.jpg", seed=1)])
    settings = server.settings()
    port = free_port()
    process = await started(
        {
            "SEARCH_PORT": str(port),
            "SEARCH_METRICS_PORT": "0",
            "SEARCH_ELASTICSEARCH_HOSTS": settings.hosts,
            "SEARCH_ELASTICSEARCH_USERNAME": settings.username,
            "SEARCH_ELASTICSEARCH_PASSWORD": settings.secret("password") or "",
            "SEARCH_ELASTICSEARCH_CA_FILE": str(settings.ca_file or ""),
            "SEARCH_ELASTICSEARCH_ORIGINAL_INDEX": made.name,
            "SEARCH_ELASTICSEARCH_ORIGINAL_MODEL": MODEL,
            "SEARCH_ELASTICSEARCH_ORIGINAL_SOURCE": "photos",
        }
    )
    async with open_channel(f"127.0.0.1:{port}", idempotent={}) as channel:
        await asyncio.wait_for(channel.channel_ready(), 120)
        stub: search_pb2_grpc.SearchServiceAsyncStub = search_pb2_grpc.SearchServiceStub(channel)

        index = (await stub.GetIndex(search_pb2.GetIndexRequest())).index
        assert (index.state, index.model, index.image_count) == (search_pb2.INDEX_STATE_READY, MODEL, 3)
        assert [(one.source, one.image_count) for one in index.sources] == [("photos", 3)]
        term = search_pb2.SearchTerm(image_id=made.ids[0])
        found = await stub.SearchImages(search_pb2.SearchImagesRequest(terms=[term]))
        assert [hit.image.id for hit in found.hits] == [made.ids[2], made.ids[1]]
        assert found.hits[0].score == pytest.approx(1, abs=1e-5)
        listed = await stub.ListImages(search_pb2.ListImagesRequest(page_size=2))
        rest = await stub.ListImages(search_pb2.ListImagesRequest(page_size=2, page_token=listed.next_page_token))
        assert sorted(image.id for image in [*listed.images, *rest.images]) == sorted(made.ids)

        embedding = embedding_pb2.Embedding(model=MODEL, values=[1, *[0] * 7])
        image = image_pb2.Image(id="new", source="photos", relative_path="new.jpg", name="new.jpg")
        requests = [search_pb2.IndexImagesRequest(image=image, embedding=embedding)]
        answers = [answer async for answer in stub.IndexImages(iter(requests))]
        assert [read_status(answer.status).reason for answer in answers] == ["INDEX_READ_ONLY"]
        deletion = search_pb2.DeleteImagesRequest(ids=[made.ids[0]])
        assert await reason_of(stub.DeleteImages(deletion)) == "INDEX_READ_ONLY"
        rebuild = search_pb2.BeginRebuildRequest(model=MODEL, dimensions=8)
        assert await reason_of(stub.BeginRebuild(rebuild)) == "INDEX_READ_ONLY"

        probe: Any = health_pb2_grpc.HealthStub(channel)
        health = await probe.Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
    process.terminate()
    await process.communicate()
    assert process.returncode == 0


async def test_without_an_address_the_service_says_what_is_missing() -> None:
    process = await started(
        {"SEARCH_ELASTICSEARCH_ORIGINAL_INDEX": "old", "SEARCH_ELASTICSEARCH_ORIGINAL_MODEL": MODEL}
    )
    _, told = await process.communicate()

    assert process.returncode == 1
    assert "SEARCH_ELASTICSEARCH_HOSTS" in told.decode()
