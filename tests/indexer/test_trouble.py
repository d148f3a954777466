"""Services that break, refuse or are of another model: nothing is lost and nothing is there twice."""

from dataclasses import replace

import pytest

from indexer.errors import FileTrouble, ModelMismatch, ServiceRefused, ServiceUnreachable, TemporaryTrouble
from indexer.ports import ModelState
from pictures.paths import image_id
from tests.indexer.conftest import SlowFolder, World
from tests.indexer.fake_services import MODEL


async def test_broken_embedder_streams_lose_nothing(world: World) -> None:
    paths = world.add_photos(40)
    world.embedder.break_after = [0, 1, 7, 3, 20]

    outcome = await world.index()

    assert outcome.code == 0
    assert world.search.paths() == set(paths)
    assert len(world.embedder.embedded) == len(set(world.embedder.embedded)) == 40


async def test_broken_search_streams_lose_nothing_and_embed_nothing_twice(world: World) -> None:
    paths = world.add_photos(40)
    world.search.break_after = [0, 1, 7, 3]

    outcome = await world.index()

    assert outcome.code == 0
    assert world.search.paths() == set(paths)
    assert outcome.tally.written == 40
    assert len(world.embedder.embedded) == 40


async def test_an_overloaded_embedder_gets_what_it_refused_again(world: World) -> None:
    paths = world.add_photos(20)
    world.embedder.overloads_left = 25

    outcome = await world.index()

    assert outcome.code == 0
    assert world.search.paths() == set(paths)


async def test_a_run_ends_when_the_time_to_wait_is_up_and_the_next_one_goes_on(world: World) -> None:
    paths = world.add_photos(20)
    world.wait = 0.3
    world.embedder.break_after = [5] + [0] * 100

    with pytest.raises(ServiceUnreachable, match="the embedder"):
        await world.index()
    written_before = len(world.search.present)
    world.embedder.break_after = []
    outcome = await world.index()

    assert outcome.tally.unchanged == written_before
    assert world.search.paths() == set(paths)


async def test_a_model_that_loads_is_waited_for_longer_than_a_service_that_is_away(world: World) -> None:
    paths = world.add_photos(2)
    world.wait = 0.0
    loading = replace(MODEL, state=ModelState.LOADING, id="", progress=0.5)
    world.embedder.models = [loading, loading, MODEL]

    outcome = await world.index()

    assert outcome.code == 0
    assert world.search.paths() == set(paths)


async def test_a_disk_that_does_not_answer_does_not_hold_the_event_loop_up(world: World) -> None:
    paths = world.add_photos(1)
    folder = SlowFolder(world.root)
    folder.answer_soon()

    await world.index(folder=folder)

    assert world.search.paths() == set(paths)


async def test_a_model_that_failed_ends_the_run(world: World) -> None:
    world.add_photos(1)
    world.embedder.models = [replace(MODEL, state=ModelState.FAILED, detail="The weights are missing.")]

    with pytest.raises(ServiceRefused, match="The weights are missing"):
        await world.index()


async def test_a_model_for_texts_alone_ends_the_run_before_a_file_is_read(world: World) -> None:
    world.add_photos(1)
    world.embedder.models = [replace(MODEL, embeds_images=False, useful_edge=0)]

    with pytest.raises(ServiceRefused, match="embeds texts only"):
        await world.index()

    assert world.search.paths() == set()


async def test_an_index_of_another_model_ends_the_run_before_anything_is_embedded(world: World) -> None:
    world.add_photos(1)
    world.search.model = "clip@2"

    with pytest.raises(ModelMismatch, match=r"EMBEDDER_MODEL=clip\).*--rebuild"):
        await world.index()

    assert world.embedder.embedded == []


async def test_vectors_of_a_model_that_changed_meanwhile_are_not_written(world: World) -> None:
    world.add_photos(3)
    world.embedder.model_of_vectors = "other@9"

    with pytest.raises(ModelMismatch, match="other@9"):
        await world.index()

    assert world.search.present == {}


async def test_a_picture_that_the_embedder_refuses_fails_alone(world: World) -> None:
    world.add_photos(6)
    refused = image_id("photos", b"even/002.jpg")
    world.embedder.refuses = lambda picture: (
        FileTrouble("IMAGE_UNDECODABLE", "It can't be read.") if picture.key == refused else None
    )

    outcome = await world.index()

    assert outcome.code == 3
    assert outcome.reasons == {"even/002.jpg": "EMBEDDER_REFUSED"}
    assert "(IMAGE_UNDECODABLE): It can't be read." in outcome.failures.first[0].message
    assert len(world.search.present) == 5
    world.embedder.refuses = lambda _: None
    assert (await world.index()).tally.written == 1


async def test_an_item_that_is_refused_for_ever_ends_the_run_in_time(world: World) -> None:
    world.add_photos(3)
    world.wait = 0.3
    world.embedder.refuses = lambda _: TemporaryTrouble("Too many pictures wait.", retry_after=0.05)

    with pytest.raises(ServiceUnreachable, match="Too many pictures wait"):
        await world.index()
