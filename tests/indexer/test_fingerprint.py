"""The merge of what is in the folder with what the index holds."""

from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import FolderAway, ServiceRefused
from indexer.failure import Failure
from indexer.fingerprint import compare
from indexer.folder_root import FolderRoot
from indexer.photo import Fingerprint, FoundFile
from indexer.photo_root import Unreadable
from indexer.scope import Scope
from indexer.selection import Selection
from indexer.walk import Entry, PassedOver, UnreadableFolder, walk_scope


def file(path: str) -> FoundFile:
    return FoundFile(path.encode(), path, 1, 1)


def known(path: str) -> Fingerprint:
    return Fingerprint(f"id of {path}", path, 1, 1, "", 1)


async def listed(*batches: Sequence[str]) -> AsyncIterator[list[Fingerprint]]:
    for batch in batches:
        yield [known(path) for path in batch]


async def failed(*paths: str) -> AsyncIterator[list[Failure]]:
    for path in paths:
        yield [Failure(path, "INTERNAL", "It broke.")]


async def merged(entries: Iterable[Entry], *batches: Sequence[str], failures: Sequence[str] = ()) -> list[str]:
    lines = []
    async for batch in compare(iter(entries), listed(*batches), failed(*failures)):
        for item in batch:
            state = ("known" if item.known else "new") if item.entry else "gone"
            lines.append(f"{state} {item.path}{' failed' if item.failed else ''}")
    return lines


async def test_new_known_and_gone_files_are_told_apart() -> None:
    entries: list[Entry] = [file("b"), file("c"), file("d/a")]

    assert await merged(entries, ["a", "b"], [], ["d/a", "e", "f"]) == [
        "gone a",
        "known b",
        "new c",
        "known d/a",
        "gone e",
        "gone f",
    ]


async def test_what_lies_below_an_unreadable_folder_is_not_gone() -> None:
    entries: list[Entry] = [
        file("a"),
        UnreadableFolder("b/", "Permission denied."),
        file("b0"),
        PassedOver("c", "videos"),
    ]

    assert await merged(entries, ["a", "b/1", "b/sub/2", "b0", "c"]) == ["known a", "new b/", "known b0", "known c"]


async def test_an_unreadable_root_makes_nothing_gone() -> None:
    assert await merged([UnreadableFolder("", "Input/output error.")], ["a", "b/1"]) == ["new "]


async def test_an_empty_folder_and_an_empty_index() -> None:
    assert await merged([]) == []
    assert await merged([], ["a"]) == ["gone a"]
    assert await merged([file("a")]) == ["new a"]


async def test_a_listing_out_of_order_is_refused() -> None:
    with pytest.raises(ServiceRefused, match="out of order"):
        await merged([file("a"), file("z")], ["b", "a"])


class ReadableOnce(FolderRoot):
    """A folder in which `M/s` can be listed only once."""

    was_listed = False

    def list_folder(self, path: bytes) -> Any:
        if path == b"M/s":
            if self.was_listed:
                raise Unreadable("Permission denied.")
            self.was_listed = True
        return super().list_folder(path)


@pytest.mark.parametrize("count", [1, 1000])  # the second fills what is walked at once
async def test_a_folder_that_becomes_unreadable_between_two_places_in_it_is_away(tmp_path: Path, count: int) -> None:
    (tmp_path / "M" / "s").mkdir(parents=True)
    for number in range(count):
        (tmp_path / "M" / "s" / f"x {number}.jpg").touch()
    scope = Scope("photos", prefixes=("M/s/x", "M/s/y.jpg"))

    with pytest.raises(FolderAway, match="M/s/ changed while it was looked through"):
        await merged(walk_scope(ReadableOnce(tmp_path), scope, Selection()), ["M/s/y.jpg"])


async def test_failures_are_merged_with_both() -> None:
    entries: list[Entry] = [file("a"), UnreadableFolder("b/", "Permission denied."), file("c")]

    assert await merged(entries, ["a", "b/1"], failures=["a", "b/", "b/2", "bb", "c"]) == [
        "known a failed",
        "new b/ failed",
        "gone bb failed",
        "new c failed",
    ]


async def test_what_lies_in_a_folder_that_is_passed_over_has_the_folder_as_its_entry() -> None:
    folder = PassedOver("b/", "excluded files and folders")

    assert await merged([file("a"), folder, file("b0")], ["b/1", "b0"], failures=["b/2"]) == [
        "new a",
        "new b/",
        "known b/1",
        "new b/2 failed",
        "known b0",
    ]
