"""The indexer as a process, against a real search service: every photo is in the index once, whatever is killed."""

import json
import os
import signal
from pathlib import Path

from tests.integration.index_contents import Stub, check_index, list_known_paths, wait_until_written
from tests.integration.made_photos import make_photos, make_picture, write_files
from tests.integration.processes import Services
from tests.ports import free_port

ODD_NAMES = [
    b"with space.jpg",
    b'quote".jpg',
    b"new\nline.jpg",
    b"not-utf8-\xff.jpg",
    b"100%.jpg",
    "größe-日本.jpg".encode(),
]


async def test_a_folder_is_indexed_and_a_second_run_finds_it_unchanged(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 12) | {name: make_picture(f"{photos} {n} odd") for n, name in enumerate(ODD_NAMES)}
    write_files(photos, made)

    first = await services.index(photos)
    second = await services.index(photos)

    assert (first.code, second.code) == (0, 0), first.output + second.output
    assert "18 embedded and written" in first.output
    assert "0 embedded and written, 18 unchanged" in second.output
    await check_index(search_stub, photos.name, made)


async def test_an_indexer_that_is_killed_loses_nothing(services: Services, search_stub: Stub, photos: Path) -> None:
    made = make_photos(photos, 60)
    for least in (1, 25):
        indexer = await services.start_indexer(photos)
        await wait_until_written(search_stub, photos.name, least)
        indexer.kill()
        await indexer.ended()

    ended = await services.index(photos)

    assert ended.code == 0, ended.output
    await check_index(search_stub, photos.name, made)


async def test_an_embedder_that_is_killed_loses_nothing(services: Services, search_stub: Stub, photos: Path) -> None:
    made = make_photos(photos, 60)
    indexer = await services.start_indexer(photos)
    for least in (1, 25):
        await wait_until_written(search_stub, photos.name, least)
        services.embedder.kill()
        await services.embedder.start()

    ended = await indexer.ended()

    assert ended.code == 0, ended.output
    assert "60 embedded and written" in ended.output
    await check_index(search_stub, photos.name, made)


async def test_a_search_service_that_is_killed_loses_nothing(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 60)
    indexer = await services.start_indexer(photos)
    for least in (1, 25):
        await wait_until_written(search_stub, photos.name, least)
        services.search.kill()
        await services.search.start()

    ended = await indexer.ended()

    assert ended.code == 0, ended.output
    await check_index(search_stub, photos.name, made)


async def test_ctrl_c_keeps_what_was_written_and_the_next_run_goes_on(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 60)
    indexer = await services.start_indexer(photos)
    await wait_until_written(search_stub, photos.name, 5)
    indexer.process.send_signal(signal.SIGINT)

    interrupted = await indexer.ended()
    kept = await list_known_paths(search_stub, photos.name)
    ended = await services.index(photos)

    assert interrupted.code == 130
    assert "Traceback" not in interrupted.output
    assert 5 <= len(kept) < 60
    assert f"{len(kept)} unchanged" in ended.output
    await check_index(search_stub, photos.name, made)


async def test_touched_moved_and_deleted_files(services: Services, search_stub: Stub, photos: Path) -> None:
    made = make_photos(photos, 20)
    await services.index(photos)
    moved, deleted, *_ = list(made)
    os.utime(photos / "001" / "00010.jpg", ns=(0, 1_700_000_000_987_654_321))
    (photos / os.fsdecode(moved)).rename(photos / "moved.jpg")
    (photos / os.fsdecode(deleted)).unlink()

    ended = await services.index(photos, "--prune")
    again = await services.index(photos)

    made[b"moved.jpg"] = made.pop(moved)
    del made[deleted]
    assert "0 embedded and written, 2 written with a vector that the index had" in ended.output
    assert "2 removed" in ended.output
    assert "19 unchanged" in again.output
    await check_index(search_stub, photos.name, made)


async def test_photos_that_swap_names_or_take_the_next_one_s_keep_their_vectors(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 8)
    for number, path in enumerate(made):  # no two files may look alike by their time
        os.utime(photos / os.fsdecode(path), ns=(0, (1_600_000_000 + number) * 1_000_000_000))
    await services.index(photos)
    one, other, *shifted = list(made)
    renamed = {one: other, other: one} | dict(zip(shifted, [*shifted[1:], b"last.jpg"], strict=True))
    for path in made:
        (photos / os.fsdecode(path)).rename(photos / (os.fsdecode(path) + ".aside"))
    for path, name in renamed.items():
        (photos / (os.fsdecode(path) + ".aside")).rename(photos / os.fsdecode(name))

    ended = await services.index(photos, "--prune")
    again = await services.index(photos)

    assert ended.code == 0, ended.output
    assert "1 removed" in ended.output
    assert "0 embedded and written, 8 unchanged" in again.output
    await check_index(search_stub, photos.name, {renamed[path]: data for path, data in made.items()})


async def test_bad_files_are_listed_and_the_rest_is_indexed(
    services: Services, search_stub: Stub, photos: Path, tmp_path: Path
) -> None:
    made = make_photos(photos, 5)
    write_files(photos, {b"empty.jpg": b"", b"cut.jpg": make_picture(photos.name)[:300], b"notes.txt": b"words"})
    listed = tmp_path / "failures.jsonl"

    ended = await services.index(photos, "--failures", os.fspath(listed))

    assert ended.code == 3
    failures = [json.loads(line) for line in listed.read_text().splitlines()]
    assert {failure["relative_path"]: failure["reason"] for failure in failures} == {
        "cut.jpg": "IMAGE_UNDECODABLE",
        "empty.jpg": "IMAGE_UNDECODABLE",
    }
    assert "2 failed" in ended.output
    await check_index(search_stub, photos.name, made)


async def test_services_that_are_away_end_a_run_with_their_address(services: Services, photos: Path) -> None:
    make_photos(photos, 1)
    nobody = f"127.0.0.1:{free_port()}"

    ended = await services.index(photos, "--wait", "0.5", "--embedder", nobody)

    assert ended.code == 4
    assert f"Nothing answers at {nobody}" in ended.output


async def test_a_folder_without_photos_is_told_in_a_sentence(services: Services, photos: Path) -> None:
    write_files(photos, {b"film.mp4": b"-", b"notes.txt": b"words"})

    ended = await services.index(photos)

    assert ended.code == 0
    assert "There are no photos in" in ended.output
    assert "1 videos" in ended.output
