from pathlib import Path

import lancedb

from search_service.embedded import EmbeddedImages
from search_service.embedded_store import EmbeddedOptions
from search_service.failures import Failure, FailureFilter
from tests.search_service.photos import write


def failure(failure_id: str) -> Failure:
    return Failure(failure_id, "photos", f"{failure_id}.jpg", 5, None, "IMAGE_UNDECODABLE", "Cut off.", 1)


async def listed(images: EmbeddedImages) -> list[str]:
    return [one.id for one in (await images.failures.page(FailureFilter(), after=None, limit=100)).failures]


async def test_a_process_that_died_while_it_made_the_table_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "failures.lance" / "_versions").mkdir(parents=True)
    (tmp_path / "failures.lance" / "_versions" / "1.manifest").write_bytes(b"cut o")
    images = await EmbeddedImages.open(tmp_path)
    assert await listed(images) == []

    await images.failures.report([failure("a")], [])

    assert await listed(images) == ["a"]
    await images.close()


async def test_a_commit_that_was_cut_off_is_left_behind(tmp_path: Path) -> None:
    images = await EmbeddedImages.open(tmp_path)
    await images.failures.report([failure("a")], [])
    await images.close()
    connection = await lancedb.connect_async(str(tmp_path))
    table = await connection.open_table("failures")
    await table.delete("true")
    newest = max((tmp_path / "failures.lance" / "_versions").glob("*.manifest"), key=lambda file: file.stat().st_mtime)
    newest.write_bytes(newest.read_bytes()[:10])

    images = await EmbeddedImages.open(tmp_path)

    assert await listed(images) == ["a"]
    await images.failures.report([failure("b")], ["a"])
    assert await listed(images) == ["b"]
    await images.close()


async def test_tidying_leaves_few_files(tmp_path: Path) -> None:
    images = await EmbeddedImages.open(tmp_path, EmbeddedOptions(tidy_after_commits=1_000))
    await images.write([write("a")])
    for number in range(20):
        await images.failures.report([failure(f"n{number:02}")], [])

    await images.tidy()
    await images.tidy()

    assert sum(1 for file in (tmp_path / "failures.lance").rglob("*") if file.is_file()) < 15
    assert len(await listed(images)) == 20
    await images.close()
