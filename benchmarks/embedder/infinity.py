"""infinity-emb, another server of embeddings, with the same weights on the same cores: what this one is compared with.

It is no dependency: install infinity-emb[server,torch,vision], transformers<5 and aiohttp in an environment of its own.
"""

import asyncio
import base64
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
import typer

from benchmarks.embedder.load import Call, End
from benchmarks.embedder.machine import running_on
from benchmarks.embedder.options import EmbedderOptions
from tests.ports import free_port

_IMAGES, _TEXTS = "images", "texts"
_READY_SECONDS = 180.0
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Infinity:
    """One that runs."""

    session: aiohttp.ClientSession

    def image_calls(self, pictures: Sequence[bytes]) -> Call:
        """Calls with the picture of a number as a data URI, whose answer holds the vector in base64."""
        bodies = []
        for picture in pictures:
            uri = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
            fields = {"model": _IMAGES, "input": [uri], "modality": "image", "encoding_format": "base64"}
            bodies.append(json.dumps(fields).encode())
        return lambda number: self._post(bodies[number % len(bodies)])

    def text_calls(self, text: Callable[[int], str]) -> Call:
        """Calls with the text of a number."""

        def body(number: int) -> bytes:
            return json.dumps({"model": _TEXTS, "input": [text(number)], "encoding_format": "base64"}).encode()

        return lambda number: self._post(body(number))

    async def _post(self, body: bytes) -> End:
        async with self.session.post("/embeddings", data=body, headers=_JSON) as answer:
            content = await answer.read()
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                return End.REFUSED
            if answer.status != HTTPStatus.OK:
                raise RuntimeError(f"infinity answers {answer.status}: {content[:500]!r}")
        return End.ANSWERED


@asynccontextmanager
async def infinity(command: Path, options: EmbedderOptions, dtype: str) -> AsyncIterator[Infinity]:
    """Runs the command infinity_emb with the engine torch, and without BetterTransformer, which newer versions lack."""
    port = free_port()
    images = Path(options.model)
    inner = images / "0_CLIPModel"  # it takes the model as transformers saves it
    models = [(inner if inner.is_dir() else images, _IMAGES), (Path(options.text_model or options.model), _TEXTS)]
    arguments = [f"--model-id={folder}" for folder, _ in models] + [f"--served-model-name={name}" for _, name in models]
    arguments += ["--engine=torch", f"--device={options.device}", f"--dtype={dtype}", "--no-bettertransformer"]
    arguments += ["--host=127.0.0.1", f"--port={port}", "--log-level=error"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(len(options.cores)), "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output, running_on(options.cores):
            process = await asyncio.create_subprocess_exec(
                command, "v2", *arguments, env=environment, stdout=output, stderr=output
            )
        try:
            limits = aiohttp.ClientTimeout(total=None)
            connector = aiohttp.TCPConnector(limit=0)
            address = f"http://127.0.0.1:{port}"
            async with aiohttp.ClientSession(address, connector=connector, timeout=limits) as session:
                await _until_ready(session, process, log)
                yield Infinity(session)
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def _until_ready(session: aiohttp.ClientSession, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            if process.returncode is not None:
                typer.echo(await asyncio.to_thread(log.read_text, errors="replace"), err=True)
                raise typer.Exit(1)
            try:
                async with session.get("/health") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.2)
