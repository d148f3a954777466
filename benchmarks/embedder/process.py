"""The embedder as it is deployed: a process of its own on some cores, spoken to by gRPC."""

from __future__ import annotations  # the stub has no parameters at runtime

import asyncio
import os
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import typer
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.embedder.machine import resident_bytes, running_on
from benchmarks.embedder.options import EmbedderOptions
from embedder_service.choose import CONCEPT
from grpc_runtime.channels import MAX_MESSAGE_BYTES
from imagesearch.embedder.v1 import embedder_pb2, embedder_pb2_grpc
from tests.integration.processes import Process
from tests.ports import free_port

if TYPE_CHECKING:
    from imagesearch.embedder.v1.embedder_pb2_grpc import EmbedderServiceAsyncStub

_worked_out: set[tuple[object, ...]] = set()


@dataclass(frozen=True)
class Sums:
    """Of a histogram of the metrics: the sum of all values and their number."""

    total: float
    count: float

    def mean_since(self, before: Sums) -> float:
        """The mean of the values that came after; 0 if none did."""
        count = self.count - before.count
        return (self.total - before.total) / count if count else 0.0


class Service:
    """One that runs."""

    def __init__(self, process: Process, metrics_port: int, model: embedder_pb2.Model) -> None:
        self.address = process.address
        self.model = model
        self._process = process
        self._metrics = f"http://127.0.0.1:{metrics_port}/metrics"

    @property
    def form(self) -> str:
        """What computes the model."""
        return f"{self.model.precision} by {self.model.runtime}"

    def resident_bytes(self) -> int:
        """Its resident memory."""
        assert self._process.process is not None
        return resident_bytes(self._process.process.pid)

    async def sums(self, name: str, kind: str) -> Sums:
        """Of the histogram of this name, such as embedder_batch_size, and kind of input, such as bulk_image."""
        found = await asyncio.to_thread(self._samples, kind)
        return Sums(found.get(f"{name}_sum", 0.0), found.get(f"{name}_count", 0.0))

    def _samples(self, kind: str) -> dict[str, float]:
        with urllib.request.urlopen(self._metrics) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        return {
            sample.name: sample.value
            for family in families
            for sample in family.samples
            if sample.labels == {"kind": kind}
        }


@asynccontextmanager
async def embedder_service(
    options: EmbedderOptions, further: Mapping[str, str] | None = None
) -> AsyncIterator[Service]:
    """Starts it with these options and further settings, once its model's form is worked out."""
    await _work_forms_out(options)
    port, metrics_port = free_port(), free_port()
    own = {"EMBEDDER_HOST": "127.0.0.1", "EMBEDDER_PORT": str(port), "EMBEDDER_METRICS_PORT": str(metrics_port)}
    environment = {**options.environment, **own, **(further or {})}
    with tempfile.TemporaryDirectory() as folder:
        process = Process("embedder_service", [], environment, Path(folder) / "log", port)
        try:
            with running_on(options.cores):
                await process.start()
            async with open_connection(process.address) as stub:
                answer = await stub.GetModel(embedder_pb2.GetModelRequest())
            service = Service(process, metrics_port, answer.model)
            if answer.model.form_detail:
                print(f"embedder: {answer.model.form_detail}")
            yield service
        finally:
            process.stop()


@asynccontextmanager
async def open_connection(address: str) -> AsyncIterator[EmbedderServiceAsyncStub]:
    """A connection of its own, as each client has one; without the retries and ids of this project's clients."""
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        yield embedder_pb2_grpc.EmbedderServiceStub(channel)


async def _work_forms_out(options: EmbedderOptions) -> None:
    """Once for all numbers of cores."""
    if options.model == CONCEPT:  # it has one form
        return
    form = (options.model, options.text_model, options.cache_dir, options.precision, options.device)
    if form in _worked_out:
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "embedder_service", "fetch"),
        env={**os.environ, **options.environment, "EMBEDDER_THREADS": str(os.cpu_count() or 1)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        typer.echo(output.decode(errors="replace"), err=True)
        raise typer.Exit(1)
    _worked_out.add(form)
