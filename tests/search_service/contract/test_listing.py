from datetime import timedelta

import pytest

from search_service.images import (
    Filter,
    Fingerprint,
    FingerprintFilter,
    Folder,
    Images,
    ListOrder,
    ListPlace,
    Shard,
    sample_key,
)
from tests.search_service.photos import civil, photo, write

EVERYTHING = Filter()


async def list_all(images: Images, order: ListOrder, keep: Filter = EVERYTHING, limit: int = 3) -> list[str]:
    """All ids, page by page."""
    seen: list[str] = []
    after: ListPlace | None = None
    while page := await images.list_page(order, keep=keep, after=after, limit=limit):
        seen += [image.id for image in page]
        after = ListPlace(page[-1].id, page[-1].taken_at)
    return seen


async def fingerprints(images: Images, **keep: object) -> list[Fingerprint]:
    batches = [batch async for batch in images.fingerprints(FingerprintFilter(**keep))]  # type: ignore[arg-type]
    assert all(1 <= len(batch) <= 1_000 for batch in batches)
    return [one for batch in batches for one in batch]


async def test_newest_first_and_without_a_time_last(images: Images) -> None:
    day = civil("2024-01-01")
    times = {"old": day, "b": day + timedelta(days=1), "a": day + timedelta(days=1), "new": day + timedelta(days=2)}
    await images.write([write(photo(name, taken_at=time)) for name, time in times.items()])
    await images.write([write("undated b"), write("undated a")])

    assert await list_all(images, ListOrder.NEWEST_FIRST, limit=2) == ["new", "a", "b", "old", "undated a", "undated b"]


async def test_the_sample_order_is_that_of_the_sample_key(images: Images) -> None:
    names = [f"n{number}" for number in range(20)]
    await images.write([write(name) for name in names])

    assert await list_all(images, ListOrder.SAMPLE) == sorted(names, key=sample_key)


def test_the_sample_key_is_the_contracts() -> None:
    # SHA-256 of "abc" begins with ba7816bf8f01cf.
    assert sample_key("abc") == 0xBA7816BF8F01CF


@pytest.mark.parametrize("order", ListOrder)
async def test_writes_between_pages_neither_repeat_nor_hide_others(images: Images, order: ListOrder) -> None:
    day = civil("2024-01-01")
    names = [f"n{number:02}" for number in range(30)]
    await images.write(
        [write(photo(name, taken_at=day + timedelta(hours=n // 3) if n % 5 else None)) for n, name in enumerate(names)]
    )
    before = await list_all(images, order)
    first = await images.list_page(order, keep=Filter(), after=None, limit=10)
    last = first[-1]

    await images.delete([last.id, first[0].id])
    await images.write([write(photo("added", taken_at=civil("2030-01-01")))])
    rest = await images.list_page(order, keep=Filter(), after=ListPlace(last.id, last.taken_at), limit=50)

    assert [image.id for image in rest if image.id != "added"] == before[10:]


async def test_lists_are_filtered(images: Images) -> None:
    await images.write([write(photo("in", relative_path="a/x")), write(photo("out", relative_path="b/x"))])

    assert await list_all(images, ListOrder.SAMPLE, Filter(folders=(Folder("photos", "a"),))) == ["in"]


async def test_fingerprints_come_by_the_bytes_of_the_path_then_id(images: Images) -> None:
    paths = ["b", "B", "a/z", "a!", "a", "é", "z", "Z", "😀", "\uffff"]
    await images.write([write(photo(f"id{n}", relative_path=path)) for n, path in enumerate(paths)])
    await images.write([write(photo("same", relative_path="a")), write(photo("elsewhere", source="other"))])

    found = await fingerprints(images, source="photos")

    assert [one.relative_path for one in found] == sorted([*paths, "a"], key=str.encode)
    assert [one.id for one in found if one.relative_path == "a"] == ["id4", "same"]


async def test_a_fingerprint_tells_what_was_written(images: Images) -> None:
    image = photo("a", size_bytes=5, modified_at_ns=1_700_000_000_000_000_001, extractor_version=2)
    await images.write([write(image)])

    assert await fingerprints(images, source="photos") == [
        Fingerprint("a", "photos", "a.jpg", 5, 1_700_000_000_000_000_001, image.content_sha256, 2)
    ]


async def test_fingerprints_come_in_batches(images: Images) -> None:
    await images.write([write(f"n{number:04}") for number in range(2_345)])

    batches = [batch async for batch in images.fingerprints(FingerprintFilter(source="photos"))]

    assert max(map(len, batches)) <= 1_000
    assert [one.id for batch in batches for one in batch] == [f"n{number:04}" for number in range(2_345)]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("a", {"a", "a%/x", "a_/x", "ab"}), ("a%", {"a%/x"}), ("a_", {"a_/x"}), ("it's", {"it's"}), ("", None)],
)
async def test_fingerprints_are_filtered_by_the_paths_beginning(
    images: Images, prefix: str, expected: set[str] | None
) -> None:
    paths = {"a", "a%/x", "a_/x", "ab", "b", "it's", "x\ny"}
    await images.write([write(photo(path, relative_path=path)) for path in paths])

    found = await fingerprints(images, source="photos", path_prefix=prefix)

    assert {one.relative_path for one in found} == (paths if expected is None else expected)


async def test_shards_divide_all_photos_without_overlap(images: Images) -> None:
    names = [f"n{number}" for number in range(50)]
    await images.write([write(name) for name in names])

    for index in range(3):
        found = await fingerprints(images, source="photos", shard=Shard(index, 3))
        assert {one.id for one in found} == {name for name in names if sample_key(name) % 3 == index}


async def test_fingerprints_are_looked_up_by_content_in_any_source(images: Images) -> None:
    digest = "ab" * 32
    await images.write(
        [
            write(photo("a", content_sha256=digest)),
            write(photo("b", content_sha256=digest, source="other")),
            write("c"),
        ]
    )

    assert {one.id for one in await fingerprints(images, content_sha256=(digest, "cd" * 32))} == {"a", "b"}
    assert {one.id for one in await fingerprints(images, content_sha256=(digest,), source="other")} == {"b"}
    assert await fingerprints(images, source="unknown") == []
