"""The indexer as a process, against a real search service: every photo is in the index once, whatever is killed."""

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from imagesearch.search.v1 import search_pb2, search_pb2_grpc
from imagesearch.type.v1 import image_pb2
from pictures.paths import decode_path
from tests.integration.made_photos import make_photos, make_picture, write_files
from tests.integration.plain_embedder import embed
from tests.integration.processes import Services

Stub = search_pb2_grpc.SearchServiceAsyncStub

ODD_NAMES = [
    b"with space.jpg",
    b'quote".jpg',
    b"new\nline.jpg",
    b"not-utf8-\xff.jpg",
    b"100%.jpg",
    "größe-日本.jpg".encode(),
]


async def list_images(stub: Stub) -> list[image_pb2.Image]:
    """All photos of the index, page by page."""
    images: list[image_pb2.Image] = []
    token = ""
    while True:
        page = await stub.ListImages(search_pb2.ListImagesRequest(page_size=7, page_token=token))
        images.extend(page.images)
        token = page.next_page_token
        if not token:
            return images


async def fingerprint_paths(stub: Stub) -> list[bytes]:
    """The paths of all photos of the source, as the next run of the indexer will see them."""
    request = search_pb2.ListFingerprintsRequest(source="photos")
    return [
        decode_path(known.relative_path)
        async for batch in stub.ListFingerprints(request)
        for known in batch.fingerprints
    ]


async def check_index(stub: Stub, expected: Mapping[bytes, bytes]) -> None:
    """Each file is in the index exactly once, with its content, and nothing else is."""
    images = await list_images(stub)
    assert sorted(decode_path(image.relative_path) for image in images) == sorted(expected)
    for image in images:
        data = expected[decode_path(image.relative_path)]
        assert image.content_sha256 == hashlib.sha256(data).hexdigest()
    assert sorted(await fingerprint_paths(stub)) == sorted(expected)
    index = (await stub.GetIndex(search_pb2.GetIndexRequest())).index
    assert index.image_count == len(expected)


async def check_vectors(stub: Stub, expected: Mapping[bytes, bytes]) -> None:
    """Each photo has the vector of its own picture."""
    for path, data in expected.items():
        terms = [search_pb2.SearchTerm(embedding=embed(data))]
        found = await stub.SearchImages(search_pb2.SearchImagesRequest(terms=terms, page_size=1))
        assert decode_path(found.hits[0].image.relative_path) == path
        assert found.hits[0].score > 0.999


async def wait_until_written(stub: Stub, least: int) -> None:
    """Returns once the index holds at least so many photos."""
    async with asyncio.timeout(30):
        while (await stub.GetIndex(search_pb2.GetIndexRequest())).index.image_count < least:
            await asyncio.sleep(0.02)


async def test_a_folder_is_indexed_and_a_second_run_finds_it_unchanged(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 12) | {name: make_picture(1000 + n) for n, name in enumerate(ODD_NAMES)}
    write_files(photos, made)

    first = await services.index(photos)
    await services.embedder.kill()
    await services.embedder.start()
    second = await services.index(photos)

    assert (first.code, second.code) == (0, 0), first.output + second.output
    assert "18 embedded and written" in first.output
    assert "0 embedded and written, 18 unchanged" in second.output
    await check_index(search_stub, made)
    await check_vectors(search_stub, made)


async def test_an_indexer_that_is_killed_loses_nothing(services: Services, search_stub: Stub, photos: Path) -> None:
    made = make_photos(photos, 60)
    for least in (1, 25):
        indexer = await services.start_indexer(photos)
        await wait_until_written(search_stub, least)
        indexer.process.kill()
        await indexer.ended()

    ended = await services.index(photos)

    assert ended.code == 0, ended.output
    await check_index(search_stub, made)
    await check_vectors(search_stub, made)


async def test_an_embedder_that_is_killed_loses_nothing(services: Services, search_stub: Stub, photos: Path) -> None:
    made = make_photos(photos, 60)
    indexer = await services.start_indexer(photos)
    for least in (1, 25):
        await wait_until_written(search_stub, least)
        await services.embedder.kill()
        await services.embedder.start()

    ended = await indexer.ended()

    assert ended.code == 0, ended.output
    assert "60 embedded and written" in ended.output
    await check_index(search_stub, made)
    await check_vectors(search_stub, made)


async def test_a_search_service_that_is_killed_loses_nothing(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 60)
    indexer = await services.start_indexer(photos)
    for least in (1, 25):
        await wait_until_written(search_stub, least)
        await services.search.kill()
        await services.search.start()

    ended = await indexer.ended()

    assert ended.code == 0, ended.output
    await check_index(search_stub, made)
    await check_vectors(search_stub, made)


async def test_ctrl_c_keeps_what_was_written_and_the_next_run_goes_on(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 60)
    indexer = await services.start_indexer(photos)
    await wait_until_written(search_stub, 5)
    indexer.process.send_signal(signal.SIGINT)

    interrupted = await indexer.ended()
    kept = await fingerprint_paths(search_stub)
    ended = await services.index(photos)

    assert interrupted.code == 130
    assert "Traceback" not in interrupted.output
    assert 5 <= len(kept) < 60
    assert f"{len(kept)} unchanged" in ended.output
    await check_index(search_stub, made)


async def test_touched_moved_and_deleted_files(services: Services, search_stub: Stub, photos: Path) -> None:
    made = make_photos(photos, 20)
    await services.index(photos)
    moved, deleted, *_ = list(made)
    os.utime(photos / "001" / "00010.jpg", ns=(0, 1_700_000_000_987_654_321))
    (photos / os.fsdecode(moved)).rename(photos / "moved.jpg")
    (photos / os.fsdecode(deleted)).unlink()
    await services.embedder.kill()  # nothing of this needs the model but its name
    await services.embedder.start()

    ended = await services.index(photos, "--prune")
    again = await services.index(photos)

    made[b"moved.jpg"] = made.pop(moved)
    del made[deleted]
    assert "0 embedded and written, 2 written with a vector that the index had" in ended.output
    assert "2 removed" in ended.output
    assert "19 unchanged" in again.output
    await check_index(search_stub, made)
    await check_vectors(search_stub, made)


async def test_bad_files_are_listed_and_the_rest_is_indexed(
    services: Services, search_stub: Stub, photos: Path, tmp_path: Path
) -> None:
    made = make_photos(photos, 5)
    write_files(photos, {b"empty.jpg": b"", b"cut.jpg": make_picture(7)[:300], b"notes.txt": b"words"})
    listed = tmp_path / "failures.jsonl"

    ended = await services.index(photos, "--failures", os.fspath(listed))

    assert ended.code == 3
    failures = [json.loads(line) for line in listed.read_text().splitlines()]
    assert {failure["relative_path"]: failure["reason"] for failure in failures} == {
        "cut.jpg": "IMAGE_UNDECODABLE",
        "empty.jpg": "IMAGE_UNDECODABLE",
    }
    assert "2 failed" in ended.output
    await check_index(search_stub, made)


async def test_another_model_needs_a_rebuild_which_survives_being_killed(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 40)
    await services.index(photos)
    await services.embedder.kill()
    services.embedder.arguments = (*services.embedder.arguments, "other@000000000002")
    await services.embedder.start()

    refused = await services.index(photos)
    assert refused.code == 5
    assert "EMBEDDER_MODEL=plain" in refused.output
    assert "--rebuild" in refused.output

    indexer = await services.start_indexer(photos, "--rebuild")
    async with asyncio.timeout(30):
        while (await search_stub.GetIndex(search_pb2.GetIndexRequest())).index.rebuild.image_count < 5:
            await asyncio.sleep(0.02)
    indexer.process.kill()
    await indexer.ended()
    await services.search.kill()
    await services.search.start()
    await check_index(search_stub, made)  # the present index serves

    ended = await services.index(photos, "--rebuild")

    assert ended.code == 0, ended.output
    assert "The rebuild goes on" in ended.output
    index = (await search_stub.GetIndex(search_pb2.GetIndexRequest())).index
    assert (index.model, index.HasField("rebuild")) == ("other@000000000002", False)
    await check_index(search_stub, made)


async def test_services_that_are_away_end_a_run_with_their_address(services: Services, photos: Path) -> None:
    make_photos(photos, 1)
    await services.embedder.kill()

    ended = await services.index(photos, "--wait", "0.5")

    assert ended.code == 4
    assert f"Nothing answers at {services.embedder.address}" in ended.output


async def test_a_folder_that_can_not_be_indexed_is_told_in_a_sentence(services: Services, photos: Path) -> None:
    write_files(photos, {b"film.mp4": b"-", b"notes.txt": b"words"})

    empty = await services.index(photos)
    missing = await services.index(photos / "missing")

    assert (empty.code, missing.code) == (0, 1)
    assert "There are no photos in" in empty.output
    assert "1 videos" in empty.output
    assert "There is no folder" in missing.output
