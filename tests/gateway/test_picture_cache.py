"""Pictures on disk, bounded in bytes."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from gateway.picture_cache import CacheUnavailable, PictureCache


def _key(name: str, version: int = 1) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{version}/400/{digest[:2]}/{digest}"


def _kept(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 100)
    cache.write(_key("a"), b"picture")

    assert cache.read(_key("a")) == b"picture"
    assert cache.read(_key("b")) is None


def test_what_was_not_asked_for_the_longest_goes_first(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 30)
    for key in ("a", "b", "c"):
        cache.write(_key(key), bytes(10))
    cache.read(_key("a"))
    cache.write(_key("d"), bytes(10))

    assert _kept(tmp_path) == {_key("a"), _key("c"), _key("d")}


def test_the_bound_holds_whatever_is_written(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 1000)
    for number in range(200):
        cache.write(_key(str(number), number % 7), bytes(1 + number % 90))

    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 1000


def test_the_same_key_counts_once(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 30)
    cache.write(_key("other"), bytes(10))
    for _ in range(10):
        cache.write(_key("same"), bytes(20))

    assert _kept(tmp_path) == {_key("other"), _key("same")}


def test_what_is_larger_than_the_bound_is_not_kept(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 30)
    cache.write(_key("a"), bytes(10))
    cache.write(_key("b"), bytes(31))

    assert _kept(tmp_path) == {_key("a")}


def test_nothing_is_kept_without_room(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 0)
    cache.write(_key("a"), b"picture")

    assert cache.read(_key("a")) is None


def test_a_restart_knows_what_is_there_and_how_long_it_was_not_used(tmp_path: Path) -> None:
    before = PictureCache(tmp_path, 30)
    for number, key in enumerate(("a", "b", "c")):
        before.write(_key(key), bytes(10))
        os.utime(tmp_path / _key(key), (1000 + number, 1000 + number))
    before.read(_key("a"))

    after = PictureCache(tmp_path, 20)

    assert _kept(tmp_path) == {_key("a"), _key("c")}
    assert after.read(_key("c")) == bytes(10)


def test_a_picture_that_vanished_is_missed(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 30)
    cache.write(_key("a"), b"picture")
    (tmp_path / _key("a")).unlink()

    assert cache.read(_key("a")) is None


def test_an_empty_file_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / _key("a")
    path.parent.mkdir(parents=True)
    path.touch()

    assert PictureCache(tmp_path, 30).read(_key("a")) is None


def test_what_a_killed_process_left_unfinished_is_removed_in_time(tmp_path: Path) -> None:
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    (unfinished / "old.draft").write_bytes(b"half a pic")
    os.utime(unfinished / "old.draft", (1, 1))
    (unfinished / "of another gateway.draft").write_bytes(b"half a pic")

    PictureCache(tmp_path, 100)

    assert _kept(tmp_path) == {"unfinished/of another gateway.draft"}


def test_readers_never_see_half_a_picture(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 10_000_000)
    contents = {bytes([number]) * 100_000 for number in range(4)}
    seen: set[bytes | None] = set()

    def write(content: bytes) -> None:
        for _ in range(20):
            cache.write(_key("a"), content)
            seen.add(cache.read(_key("a")))

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen <= contents


def test_a_folder_that_can_not_be_written_to_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CacheUnavailable, match="GATEWAY_CACHE_DIR"):
        PictureCache(tmp_path / "file" / "cache", 100)


def test_a_picture_that_can_not_be_kept_stops_nothing(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 100)
    (tmp_path / "2").write_bytes(b"")

    cache.write(_key("a", version=2), b"picture")

    assert cache.read(_key("a", version=2)) is None
    cache.write(_key("c"), b"picture")
    assert cache.read(_key("c")) == b"picture"


@pytest.mark.parametrize("max_bytes", [0, 1000])
def test_a_folder_that_holds_files_of_others_keeps_them(tmp_path: Path, max_bytes: int) -> None:
    digest = "ab" * 32
    theirs = {
        "photo.jpg",
        digest,
        "holiday/photo.jpg",
        "holiday/unfinished/painting.jpg",
        "unfinished/painting.jpg",
        "2024/07/ab/photo.jpg",
        f"2024/07/ab/{digest}.jpg",
        f"2024/july/ab/{digest}",
    }
    for name in theirs:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(5000))
        os.utime(tmp_path / name, (1, 1))

    before = PictureCache(tmp_path, 1000)
    before.write(_key("a"), bytes(600))
    before.write(_key("b"), bytes(600))
    PictureCache(tmp_path, max_bytes)

    assert _kept(tmp_path) == theirs | ({_key("b")} if max_bytes else set())


def test_a_key_that_would_not_be_known_again_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="version/size"):
        PictureCache(tmp_path, 1000).write("photo.jpg", b"picture")
