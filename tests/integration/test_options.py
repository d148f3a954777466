"""The indexer's options, as a person or a job gives them, against a real search service."""

import asyncio
import json
import os
import signal
from pathlib import Path

from imagesearch.search.v1 import search_pb2
from tests.integration.index_contents import Stub, check_index, list_known_paths
from tests.integration.made_photos import make_photos, make_picture, write_files
from tests.integration.processes import Services


async def failed_paths(stub: Stub, source: str) -> list[str]:
    answer = await stub.ListFailures(search_pb2.ListFailuresRequest(source=source))
    return [failure.relative_path for failure in answer.failures]


async def until_known(stub: Stub, source: str, paths: set[bytes]) -> None:
    async with asyncio.timeout(60):
        while set(await list_known_paths(stub, source)) != paths:
            await asyncio.sleep(0.05)


async def test_two_shards_side_by_side_give_the_same_index_as_one_run(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 40)
    write_files(photos, {b"bad 1.jpg": b"\xff\xd8\xff broken", b"bad 2.jpg": b"\xff\xd8\xff"})

    shards = await asyncio.gather(*(services.index(photos, "--shard", f"{index}/2", "--json") for index in range(2)))
    whole = await services.index(photos, "--json")

    summaries = [json.loads(ended.told.splitlines()[-1]) for ended in (*shards, whole)]
    assert [summary["event"] for summary in summaries] == ["summary"] * 3
    assert all(0 < summary["embedded"] < 40 for summary in summaries[:2])
    assert sum(summary["embedded"] for summary in summaries[:2]) == 40
    assert sum(summary["failed"] for summary in summaries[:2]) == 2
    assert (whole.code, summaries[2]["unchanged"], summaries[2]["to_do"], summaries[2]["still_failed"]) == (0, 40, 0, 2)
    await check_index(search_stub, photos.name, made)


async def test_a_bad_file_is_tried_again_when_it_changed_or_on_demand(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    good = {b"good.jpg": make_picture(f"{photos} good")}
    write_files(photos, {**good, b"bad.jpg": b"\xff\xd8\xff broken"})

    first = await services.index(photos)
    second = await services.index(photos)
    on_demand = await services.index(photos, "--retry-failed")
    assert await failed_paths(search_stub, photos.name) == ["bad.jpg"]
    good[b"bad.jpg"] = make_picture(f"{photos} mended")
    write_files(photos, good)
    mended = await services.index(photos)

    assert [ended.code for ended in (first, second, on_demand, mended)] == [3, 0, 3, 0]
    assert "1 failed before and are the same (--retry-failed tries them again)" in second.output
    assert await failed_paths(search_stub, photos.name) == []
    await check_index(search_stub, photos.name, good)


async def test_a_dry_run_lists_what_a_run_would_do_without_what_is_excluded(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    write_files(photos, dict.fromkeys((b"a.jpg", b"b.png", b".hidden.jpg", b"drafts/c.jpg", b"drafts/keep.jpg"), b""))
    patterns = photos.parent / "patterns"
    patterns.write_text("*.png\ndrafts/*\n!keep.jpg\n")

    ended = await services.index(photos, "--dry-run", "--hidden", "--exclude-from", os.fspath(patterns))
    wrong = await services.index(photos, "--shard", "4/4")

    assert ended.code == 0, ended.output
    assert ended.told == "new\t.hidden.jpg\nnew\ta.jpg\nnew\tdrafts/keep.jpg\n"
    assert "Nothing was changed: 3 new or changed files would be read" in ended.output
    assert "2 excluded files and folders" in ended.output
    assert await list_known_paths(search_stub, photos.name) == []
    assert wrong.code == 1
    assert "INDEX/COUNT" in wrong.output


async def test_a_watched_folder_is_followed_until_it_is_interrupted(
    services: Services, search_stub: Stub, photos: Path
) -> None:
    made = make_photos(photos, 3)
    indexer = await services.start_indexer(photos, "--watch", "--prune", "--quiet")
    await until_known(search_stub, photos.name, set(made))

    made[b"later.jpg"] = make_picture(f"{photos} later")
    write_files(photos, {b"later.jpg": made[b"later.jpg"]})
    await until_known(search_stub, photos.name, set(made))
    gone = min(made)
    del made[gone]
    (photos / os.fsdecode(gone)).unlink()
    await until_known(search_stub, photos.name, set(made))
    indexer.process.send_signal(signal.SIGINT)
    ended = await indexer.ended()

    assert ended.code == 130, ended.output
    await check_index(search_stub, photos.name, made)
