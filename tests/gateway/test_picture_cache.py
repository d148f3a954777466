"""Pictures on disk, bounded in bytes."""

import os
import threading
from pathlib import Path

import pytest

from gateway.picture_cache import CacheUnavailable, PictureCache


def _kept(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 100)
    cache.write("a/b/c", b"picture")

    assert cache.read("a/b/c") == b"picture"
    assert cache.read("a/b/d") is None


def test_what_was_not_asked_for_the_longest_goes_first(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 30)
    for key in ("a", "b", "c"):
        cache.write(key, bytes(10))
    cache.read("a")
    cache.write("d", bytes(10))

    assert _kept(tmp_path) == {"a", "c", "d"}


def test_the_bound_holds_whatever_is_written(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 1000)
    for number in range(200):
        cache.write(f"{number % 7}/{number}", bytes(1 + number % 90))

    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 1000


def test_the_same_key_counts_once(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 30)
    cache.write("other", bytes(10))
    for _ in range(10):
        cache.write("same", bytes(20))

    assert _kept(tmp_path) == {"other", "same"}


def test_what_is_larger_than_the_bound_is_not_kept(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 30)
    cache.write("a", bytes(10))
    cache.write("b", bytes(31))

    assert _kept(tmp_path) == {"a"}


def test_nothing_is_kept_without_room(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 0)
    cache.write("a", b"picture")

    assert cache.read("a") is None


def test_a_restart_knows_what_is_there_and_how_long_it_was_not_used(tmp_path: Path) -> None:
    before = PictureCache(tmp_path, 30)
    for number, key in enumerate(("a", "b", "c")):
        before.write(key, bytes(10))
        os.utime(tmp_path / key, (1000 + number, 1000 + number))
    before.read("a")

    after = PictureCache(tmp_path, 20)

    assert _kept(tmp_path) == {"a", "c"}
    assert after.read("c") == bytes(10)


def test_a_picture_that_vanished_is_missed(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 30)
    cache.write("a", b"picture")
    (tmp_path / "a").unlink()

    assert cache.read("a") is None


def test_an_empty_file_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a").touch()

    assert PictureCache(tmp_path, 30).read("a") is None


def test_what_a_killed_process_left_unfinished_is_removed_in_time(tmp_path: Path) -> None:
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    (unfinished / "old").write_bytes(b"half a pic")
    os.utime(unfinished / "old", (1, 1))
    (unfinished / "of another gateway").write_bytes(b"half a pic")

    PictureCache(tmp_path, 100)

    assert _kept(tmp_path) == {"unfinished/of another gateway"}


def test_readers_never_see_half_a_picture(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, 10_000_000)
    contents = {bytes([number]) * 100_000 for number in range(4)}
    seen: set[bytes | None] = set()

    def write(content: bytes) -> None:
        for _ in range(20):
            cache.write("a", content)
            seen.add(cache.read("a"))

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
    (tmp_path / "a").write_bytes(b"")

    cache.write("a/b", b"picture")

    assert cache.read("a/b") is None
    cache.write("c", b"picture")
    assert cache.read("c") == b"picture"
