"""The merge of what is in the folder with what the index holds."""

from collections.abc import AsyncIterator, Sequence

import pytest

from indexer.errors import ServiceRefused
from indexer.fingerprint import Gone, compare
from indexer.photo import Fingerprint, FoundFile
from indexer.walk import Entry, PassedOver, UnreadableFolder


def file(path: str) -> FoundFile:
    return FoundFile(path.encode(), path, 1, 1)


def known(path: str) -> Fingerprint:
    return Fingerprint(f"id of {path}", path, 1, 1, "", 1)


async def listed(*batches: Sequence[str]) -> AsyncIterator[list[Fingerprint]]:
    for batch in batches:
        yield [known(path) for path in batch]


async def merged(entries: list[Entry], *batches: Sequence[str]) -> list[str]:
    lines = []
    async for item in compare(iter(entries), listed(*batches)):
        if isinstance(item, Gone):
            lines.append(f"gone {item.known.relative_path}")
        else:
            lines.append(f"{'known' if item.known else 'new'} {item.entry.relative_path}")
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
