from dataclasses import replace

import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.failures import Failure, FailureFilter
from tests.search_service.elastic.conftest import Connect
from tests.search_service.elastic_server import ElasticServer
from tests.search_service.photos import random_unit, write

FAILURE = Failure("a", "photos", "a.jpg", 5, None, "IMAGE_UNDECODABLE", "Cut off.", 1)


def index_names(server: ElasticServer, settings: ElasticSettings) -> list[str]:
    return sorted(server.request("GET", f"/{settings.alias}-failures?filter_path=*.aliases"))


async def test_they_lie_in_an_index_of_their_own_that_is_made_at_the_first_report(
    images: ElasticImages, server: ElasticServer, settings: ElasticSettings
) -> None:
    await images.failures.report([], ["a"])
    with pytest.raises(OSError, match="404"):
        index_names(server, settings)

    await images.failures.report([FAILURE], [])

    assert index_names(server, settings) == [f"{settings.alias}-failures-1"]


async def test_a_model_of_the_same_name_is_not_in_the_way(
    images: ElasticImages, server: ElasticServer, settings: ElasticSettings
) -> None:
    await images.write([write("a", random_unit(1), model="failures")])

    await images.failures.report([FAILURE], [])

    assert index_names(server, settings) == [f"{settings.alias}-failures-2"]
    assert await images.failures.counts() == {"photos": 1}
    assert set(await images.get(["a"])) == {"a"}


async def test_several_services_share_them(connect: Connect) -> None:
    one, other = connect(), connect()
    await one.failures.report([FAILURE], [])
    await other.failures.report([replace(FAILURE, id="b", relative_path="b.jpg")], [])

    page = await one.failures.page(FailureFilter(), after=None, limit=5)

    assert [failure.id for failure in page.failures] == ["a", "b"]
    assert await one.failures.report([], ["b"]) == 1
