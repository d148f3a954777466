import asyncio

import numpy as np
import pytest

from search_service.elastic import ElasticImages
from search_service.elastic_config import ElasticSettings
from search_service.elastic_schema import FORMAT
from search_service.errors import IndexFormat, IndexMissing, ModelMismatch, RebuildConflict, RebuildNotFound
from search_service.images import (
    Filter,
    FingerprintFilter,
    Folder,
    IndexState,
    ListOrder,
    Model,
    Shard,
    Window,
    sample_key,
)
from tests.search_service.elastic.conftest import Connect
from tests.search_service.elastic_server import ElasticServer
from tests.search_service.photos import DIMENSIONS, MODEL, photo, random_unit, unit, write

NEXT = Model("next@1", 4)
WINDOW = Window(100, 100)


async def listed(images: ElasticImages) -> set[str]:
    return {image.id for image in await images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=100)}


def index_names(server: ElasticServer, settings: ElasticSettings) -> list[str]:
    return list(server.request("GET", f"/{settings.alias}-*?filter_path=*.aliases"))


async def test_what_was_written_can_be_read_at_once_and_found_when_the_stream_has_ended(images: ElasticImages) -> None:
    assert await images.write([write("a", unit(1))]) == [None]

    assert set(await images.get(["a"])) == {"a"}
    np.testing.assert_allclose((await images.vectors(["a"]))["a"], unit(1), atol=1e-6)
    assert await images.write([write("a", unit(0, 1))]) == [None]
    np.testing.assert_allclose((await images.vectors(["a"]))["a"], unit(0, 1), atol=1e-6)
    await images.finish_writing()
    assert await listed(images) == {"a"}


async def test_the_index_is_called_after_its_model(
    images: ElasticImages, server: ElasticServer, settings: ElasticSettings
) -> None:
    await images.write([write("a", random_unit(1), model="CLIP ViT/B-32@0a")])

    assert index_names(server, settings) == [f"{settings.alias}-clip-vit-b-32-0a-1"]


async def test_services_that_write_first_at_once_make_one_index(
    connect: Connect, server: ElasticServer, settings: ElasticSettings
) -> None:
    services = [connect() for _ in range(4)]

    answers = await asyncio.gather(*(service.write([write(f"{number}")]) for number, service in enumerate(services)))

    assert answers == [[None]] * 4
    await asyncio.gather(*(service.finish_writing() for service in services))
    assert await listed(services[0]) == {"0", "1", "2", "3"}
    assert len(index_names(server, settings)) == 1


async def test_services_that_write_first_with_different_models_make_one_index(
    connect: Connect, server: ElasticServer, settings: ElasticSettings
) -> None:
    services = [connect() for _ in range(3)]

    answers = await asyncio.gather(
        *(service.write([write("a", model=f"model-{number}")]) for number, service in enumerate(services))
    )

    assert [answer for (answer,) in answers].count(None) == 1
    assert all(answer is None or isinstance(answer, ModelMismatch) for (answer,) in answers)
    assert len(index_names(server, settings)) == 1


async def test_services_that_begin_a_rebuild_at_once_share_it(connect: Connect) -> None:
    services = [connect() for _ in range(3)]

    rebuilds = await asyncio.gather(*(service.begin_rebuild(NEXT) for service in services))

    assert len({rebuild.id for rebuild in rebuilds}) == 1


async def test_services_that_commit_a_rebuild_at_once_do_it_once(connect: Connect) -> None:
    first, second = connect(), connect()
    await first.write([write("old")])
    rebuild = await first.begin_rebuild(NEXT)
    await first.write([write("new", random_unit(1, 4), model=NEXT.name)], rebuild.id)

    outcomes = await asyncio.gather(
        *(service.commit_rebuild(rebuild.id, drop_missing_sources=True) for service in (first, second)),
        return_exceptions=True,
    )

    assert all(not isinstance(one, BaseException) or isinstance(one, RebuildNotFound) for one in outcomes)
    info = await second.describe()
    assert (info.state, info.model, info.image_count) == (IndexState.READY, NEXT, 1)


async def test_a_rebuilds_id_is_never_given_again(images: ElasticImages) -> None:
    await images.write([write("a")])
    first = await images.begin_rebuild(NEXT)
    await images.cancel_rebuild(first.id)

    second = await images.begin_rebuild(NEXT)

    assert second.id != first.id
    (answer,) = await images.write([write("late", random_unit(1, 4), model=NEXT.name)], first.id)
    assert isinstance(answer, RebuildNotFound)


async def test_a_service_notices_that_another_one_swapped_the_index(connect: Connect) -> None:
    writer, reader = connect(), connect()
    await writer.write([write("old")])
    await writer.finish_writing()
    assert await listed(reader) == {"old"}
    await reader.write([write("old too")])
    rebuild = await writer.begin_rebuild(NEXT)
    await writer.write([write("new", random_unit(1, 4), model=NEXT.name)], rebuild.id)
    await writer.commit_rebuild(rebuild.id, drop_missing_sources=False)

    (answer,) = await reader.write([write("late")])
    assert isinstance(answer, ModelMismatch)
    assert set(await reader.get(["new", "old"])) == {"new"}
    assert await listed(reader) == {"new"}


async def test_a_search_with_a_vector_of_the_model_before_the_swap_is_refused(connect: Connect) -> None:
    writer, reader = connect(), connect()
    await writer.write([write("old")])
    assert await reader.model() == Model(MODEL, DIMENSIONS)
    rebuild = await writer.begin_rebuild(Model("other@1", DIMENSIONS))
    await writer.commit_rebuild(rebuild.id, drop_missing_sources=True)

    with pytest.raises(ModelMismatch):
        await reader.search(unit(1), keep=Filter(), excluded_ids=[], window=WINDOW, offset=0, limit=5)


async def test_an_index_that_was_removed_by_hand_is_missing_and_never_made_without_its_mapping(
    images: ElasticImages, server: ElasticServer, settings: ElasticSettings
) -> None:
    await images.write([write("a")])
    (name,) = index_names(server, settings)
    server.request("DELETE", f"/{name}")

    with pytest.raises(IndexMissing):
        await images.list_page(ListOrder.SAMPLE, keep=Filter(), after=None, limit=1)
    assert (await images.describe()).state is IndexState.MISSING
    assert await images.write([write("b")]) == [None]
    await images.finish_writing()
    assert await listed(images) == {"b"}


async def test_an_index_of_another_format_is_refused_with_what_to_do(
    images: ElasticImages, server: ElasticServer, settings: ElasticSettings
) -> None:
    body = {"aliases": {settings.alias: {}}, "mappings": {"_meta": {"format": 99}}}
    server.request("PUT", f"/{settings.alias}-made-by-a-later-version-1", body)

    with pytest.raises(IndexFormat) as caught:
        await images.model()

    assert caught.value.metadata == {"expected": str(FORMAT), "actual": "99"}
    assert "SEARCH_ELASTICSEARCH_ALIAS" in caught.value.message
    info = await images.describe()
    assert (info.state, info.state_detail) == (IndexState.UNAVAILABLE, caught.value.message)
    (answer,) = await images.write([write("a")])
    assert isinstance(answer, IndexFormat)


async def test_a_rebuild_that_another_model_holds_is_told_to_the_second_service(connect: Connect) -> None:
    await connect().begin_rebuild(NEXT)

    with pytest.raises(RebuildConflict):
        await connect().begin_rebuild(Model("third@1", 4))


async def test_a_fast_load_has_no_copies_and_refreshes_until_it_ends(
    connect: Connect, server: ElasticServer, settings: ElasticSettings
) -> None:
    images = connect(fast_load=True, replicas="1")
    await images.write([write("a")])
    (name,) = index_names(server, settings)

    def made() -> tuple[str, str]:
        index = server.request("GET", f"/{name}/_settings")[name]["settings"]["index"]
        return index["number_of_replicas"], index["refresh_interval"]

    assert made() == ("0", "-1")
    info = await images.describe()
    assert info.state is IndexState.DEGRADED
    assert "SEARCH_ELASTICSEARCH_FAST_LOAD" in info.state_detail
    await images.finish_writing()
    assert made() == ("1", "10s")
    assert await listed(images) == {"a"}


async def test_a_photo_that_elasticsearch_rejects_fails_alone(images: ElasticImages) -> None:
    too_long = photo("bad", name="x" * 40_000)

    answers = await images.write([write("a"), write(too_long), write("b")])

    assert [answer is None for answer in answers] == [True, False, True]
    await images.finish_writing()
    assert await listed(images) == {"a", "b"}


@pytest.mark.parametrize("count", [1, 12, 64, 67, 1000])
async def test_shards_of_any_count_are_found(images: ElasticImages, count: int) -> None:
    names = [f"n{number}" for number in range(100)]
    await images.write([write(name) for name in names])
    await images.finish_writing()
    index = sample_key(names[0]) % count

    keep = FingerprintFilter(source="photos", shard=Shard(index, count))
    found = {one.id async for batch in images.fingerprints(keep) for one in batch}

    assert found == {name for name in names if sample_key(name) % count == index}


@pytest.mark.parametrize("folder", ["/".join("d" * 40), "é" * 400, "a"])
async def test_folders_that_lie_deep_or_have_long_names_are_found(images: ElasticImages, folder: str) -> None:
    inside = [photo("in", relative_path=f"{folder}/x.jpg"), photo("deeper", relative_path=f"{folder}/y/x.jpg")]
    await images.write([write(image) for image in [*inside, photo("out", relative_path=f"{folder}x/x.jpg")]])
    await images.finish_writing()

    keep = Filter(folders=(Folder("photos", folder),))
    page = await images.search(unit(1), keep=keep, excluded_ids=[], window=WINDOW, offset=0, limit=5)

    assert {hit.image.id for hit in page.hits} == {"in", "deeper"}
