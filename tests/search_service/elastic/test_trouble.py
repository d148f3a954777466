import asyncio
import hashlib
import ssl
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.elastic_errors import CertificateRefused, DiskFull, LoginRefused, ServerUnsupported, Unreachable
from search_service.errors import StorageUnavailable
from search_service.images import Filter, IndexState, ListOrder, Window
from tests.elasticsearch_node import ElasticsearchNode
from tests.ports import free_port
from tests.search_service.elastic.conftest import Connect
from tests.search_service.elastic.fake_elasticsearch import FakeElasticsearch
from tests.search_service.elastic_server import ElasticServer
from tests.search_service.photos import unit, write

DRAWN_AT_RANDOM = "0" * 64


def reads(images: ElasticImages) -> list[Awaitable[Any]]:
    return [
        images.model(),
        images.get(["a"]),
        images.search(unit(1), keep=Filter(), excluded_ids=[], window=Window(10, 10), offset=0, limit=5),
        images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=1),
        images.delete(["a"]),
    ]


async def check_refusal(images: ElasticImages, kind: type[StorageUnavailable], said: str) -> None:
    """All calls fail in this way, and GetIndex and the log tell it."""
    with capture_logs() as log:
        info = await images.describe()
    assert info.state is IndexState.UNAVAILABLE
    assert said in info.state_detail
    assert [line["kind"] for line in log if line["event"] == "a request failed"] == [kind.__name__]
    assert [said in line["detail"] for line in log if line["event"] == "the index's state"] == [True]
    for read in reads(images):
        with pytest.raises(kind) as caught:
            await read
        assert said in caught.value.message
    assert [type(answer) for answer in await images.write([write("a")])] == [kind]


def needs_own_node(server: ElasticServer) -> ElasticsearchNode:
    assert server.node, "This test needs a node that was started for it: unset TEST_ELASTICSEARCH_URL."
    return server.node


@pytest.mark.parametrize(
    "login",
    [{"username": "elastic", "password": "wrong"}, {"bearer_token": "unknown"}, {}],
    ids=["password", "token", ""],
)
async def test_a_refused_login_names_the_settings(server: ElasticServer, login: dict[str, Any]) -> None:
    node = needs_own_node(server)

    async with ElasticImages(ElasticSettings(hosts=node.url, ca_file=node.ca_file, **login)) as images:
        await check_refusal(images, LoginRefused, "SEARCH_ELASTICSEARCH_USERNAME")


async def test_an_unknown_certificate_names_the_setting(connect: Connect) -> None:
    await check_refusal(connect(ca_file=None), CertificateRefused, "SEARCH_ELASTICSEARCH_CA_FILE")


async def test_another_fingerprint_is_refused(connect: Connect) -> None:
    images = connect(ca_file=None, certificate_fingerprint=DRAWN_AT_RANDOM)

    await check_refusal(images, CertificateRefused, "SEARCH_ELASTICSEARCH_CERTIFICATE_FINGERPRINT")


@pytest.mark.parametrize("certificate", ["ca.crt", "node.pem"])
async def test_the_fingerprint_of_the_certificate_or_its_authority_is_enough(
    server: ElasticServer, connect: Connect, certificate: str
) -> None:
    pem = (needs_own_node(server).folder / "conf" / certificate).read_text()
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    images = connect(ca_file=None, certificate_fingerprint=fingerprint)

    assert await images.write([write("a")]) == [None]


async def test_without_verification_it_works_and_getindex_and_the_log_warn(connect: Connect) -> None:
    with capture_logs() as log:
        images = connect(ca_file=None, verify_certificates=False)

    assert ["not verified" in line["event"] for line in log if line["log_level"] == "warning"] == [True]

    assert await images.write([write("a")]) == [None]
    info = await images.describe()
    assert info.state is IndexState.READY
    assert "SEARCH_ELASTICSEARCH_VERIFY_CERTIFICATES" in info.state_detail


@pytest.mark.parametrize("version", ["8.18.9", "7.17.0"])
async def test_an_old_server_is_told_the_oldest_that_will_do(version: str) -> None:
    async with FakeElasticsearch(version=version) as server, ElasticImages(ElasticSettings(hosts=server.url)) as images:
        await check_refusal(images, ServerUnsupported, "8.19 or newer")


async def test_another_product_is_refused() -> None:
    async with FakeElasticsearch(product="") as server, ElasticImages(ElasticSettings(hosts=server.url)) as images:
        await check_refusal(images, ServerUnsupported, "no Elasticsearch")


async def test_a_cluster_that_is_not_there_is_told_with_the_setting() -> None:
    settings = ElasticSettings(hosts=f"http://127.0.0.1:{free_port()}", bulk_patience_seconds=0)

    async with ElasticImages(settings) as images:
        info = await images.describe()
        assert info.state is IndexState.UNAVAILABLE
        assert "SEARCH_ELASTICSEARCH_HOSTS" in info.state_detail
        with pytest.raises(Unreachable):
            await images.model()
        assert [type(answer) for answer in await images.write([write("a")])] == [Unreachable]


async def test_a_full_disk_refuses_writes_and_goes_on_serving(
    connect: Connect, server: ElasticServer, settings: ElasticSettings
) -> None:
    images = connect()
    await images.write([write("a")])
    await images.finish_writing()
    server.request("PUT", f"/{settings.alias}/_settings", {"index.blocks.read_only_allow_delete": True})

    with capture_logs() as log:
        (answer,) = await images.write([write("b")])
        info = await images.describe()

    assert isinstance(answer, DiskFull)
    assert [line["event"] for line in log if answer.message in line.values()] == [
        "photos were not taken",
        "the index's state",
    ]
    assert info.state is IndexState.DEGRADED
    assert answer.message in info.state_detail
    assert len(await images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=5)) == 1
    server.request("PUT", f"/{settings.alias}/_settings", {"index.blocks.read_only_allow_delete": None})
    assert await images.write([write("b")]) == [None]
    assert (await images.describe()).state is IndexState.READY


async def test_a_copy_that_has_no_node_is_told(connect: Connect) -> None:
    images = connect(replicas="1")
    await images.write([write("a")])

    with capture_logs() as log:
        info = await images.describe()
        await images.describe()

    assert info.state is IndexState.DEGRADED
    assert "yellow" in info.state_detail
    assert [line["detail"] for line in log if line["log_level"] == "warning"] == [info.state_detail]


async def test_an_index_without_a_working_shard_is_told(
    connect: Connect, server: ElasticServer, settings: ElasticSettings
) -> None:
    images = connect()
    await images.write([write("a")])
    ((name, made),) = server.request("GET", f"/{settings.alias}-*?filter_path=*.aliases,*.mappings").items()
    server.request("DELETE", f"/{name}")
    nowhere = {"index.routing.allocation.require._name": "nobody"}
    server.request("PUT", f"/{name}?wait_for_active_shards=0", {**made, "settings": nowhere})

    info = await images.describe()

    assert info.state is IndexState.UNAVAILABLE
    assert "red" in info.state_detail
    with pytest.raises(Unreachable):
        await images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=5)


async def test_photos_answered_ok_survive_a_server_that_is_killed(server: ElasticServer, connect: Connect) -> None:
    node = needs_own_node(server)
    images = connect()
    answered: list[str] = []
    killed = asyncio.Event()

    async def write_on() -> None:
        for number in range(10_000):
            (answer,) = await images.write([write(f"i{number:05}")])
            if answer is None:
                answered.append(f"i{number:05}")
            if killed.is_set():
                return
            if number == 50:
                killed.set()

    writing = asyncio.create_task(write_on())
    await killed.wait()
    await asyncio.to_thread(node.kill)
    assert (await images.describe()).state is IndexState.UNAVAILABLE
    await asyncio.to_thread(node.start)
    await writing

    await images.finish_writing()
    assert len(answered) > 50
    assert set(await images.get(answered)) == set(answered)
    assert (await images.describe()).image_count >= len(answered)


def test_secrets_of_a_file_are_read_when_it_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("first\n")
    settings = ElasticSettings(hosts="http://localhost", username="elastic", password_file=file)
    file.write_text("second\n")

    assert settings.secret("password") == "second"
