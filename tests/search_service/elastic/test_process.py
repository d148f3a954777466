from __future__ import annotations  # the stubs have parameters only for the type checker

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from grpc_runtime.channels import open_channel
from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import embedding_pb2, image_pb2
from search_service.elastic_config import ElasticSettings
from tests.ports import free_port
from tests.search_service.elastic_server import ElasticServer


async def started(environment: dict[str, str]) -> asyncio.subprocess.Process:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SEARCH_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "search_service", env={**own, **environment}, stderr=asyncio.subprocess.PIPE
    )


@pytest.fixture
async def stub(
    server: ElasticServer, settings: ElasticSettings
) -> AsyncIterator[search_pb2_grpc.SearchServiceAsyncStub]:
    port = free_port()
    environment = {
        "SEARCH_PORT": str(port),
        "SEARCH_METRICS_PORT": "0",
        "SEARCH_ELASTICSEARCH_HOSTS": settings.hosts,
        "SEARCH_ELASTICSEARCH_ALIAS": settings.alias,
        "SEARCH_ELASTICSEARCH_USERNAME": settings.username,
        "SEARCH_ELASTICSEARCH_PASSWORD": settings.secret("password") or "",
        "SEARCH_ELASTICSEARCH_CA_FILE": str(settings.ca_file or ""),
    }
    process = await started(environment)
    async with open_channel(f"127.0.0.1:{port}", idempotent={}) as channel:
        await asyncio.wait_for(channel.channel_ready(), 120)
        yield search_pb2_grpc.SearchServiceStub(channel)
    process.terminate()
    _, log = await process.communicate()
    assert process.returncode == 0
    assert "a password" not in log.decode()


def to_index(image_id: str, *values: float) -> search_pb2.IndexImagesRequest:
    image = image_pb2.Image(id=image_id, source="photos", relative_path=f"{image_id}.jpg", name=image_id)
    return search_pb2.IndexImagesRequest(image=image, embedding=embedding_pb2.Embedding(model="m@1", values=values))


async def test_with_the_address_set_the_service_keeps_its_index_there(
    stub: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    requests = [to_index("a", 1, 0), to_index("b", 0.6, 0.8), to_index("bad", 2, 0)]
    answers = [answer async for answer in stub.IndexImages(iter(requests))]
    assert [answer.status.code == 0 for answer in answers] == [True, True, False]

    term = search_pb2.SearchTerm(embedding=embedding_pb2.Embedding(model="m@1", values=[1, 0]))
    found = await stub.SearchImages(search_pb2.SearchImagesRequest(terms=[term]))
    assert [(hit.image.id, round(hit.score, 5)) for hit in found.hits] == [("a", 1.0), ("b", 0.6)]

    index = (await stub.GetIndex(search_pb2.GetIndexRequest())).index
    assert (index.state, index.image_count) == (search_pb2.INDEX_STATE_READY, 2)
    assert index.backend.startswith("elasticsearch ")


async def test_without_its_cluster_the_service_is_not_ready_and_says_why() -> None:
    port = free_port()
    process = await started(
        {
            "SEARCH_PORT": str(port),
            "SEARCH_METRICS_PORT": "0",
            "SEARCH_ELASTICSEARCH_HOSTS": f"http://127.0.0.1:{free_port()}",
        }
    )
    async with open_channel(f"127.0.0.1:{port}", idempotent={}) as channel:
        stub = search_pb2_grpc.SearchServiceStub(channel)
        answer = await stub.GetIndex(search_pb2.GetIndexRequest(), wait_for_ready=True, timeout=60)
        probe: Any = health_pb2_grpc.HealthStub(channel)
        health = await probe.Check(health_pb2.HealthCheckRequest())
    process.terminate()
    await process.communicate()

    assert answer.index.state == search_pb2.INDEX_STATE_UNAVAILABLE
    assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert process.returncode == 0


async def test_settings_that_do_not_fit_end_it_with_a_sentence_without_the_secret() -> None:
    process = await started(
        {"SEARCH_ELASTICSEARCH_HOSTS": "localhost:9200", "SEARCH_ELASTICSEARCH_PASSWORD": "a secret"}
    )

    _, said = await process.communicate()

    assert process.returncode == 1
    assert "SEARCH_ELASTICSEARCH_HOSTS" in said.decode()
    assert "http://" in said.decode()
    assert "a secret" not in said.decode()
