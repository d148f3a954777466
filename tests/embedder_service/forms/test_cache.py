import os
import threading
import time
from pathlib import Path

import pytest

from embedder_service.forms.cache import FormCache, key, slug


def keep(cache: FormCache, name: str, content: str) -> None:
    with cache.locked(), cache.workspace() as folder:
        (folder / "made").mkdir()
        (folder / "made" / "file").write_text(content)
        cache.keep(folder / "made", name)


def test_what_is_kept_is_found_and_nothing_else(tmp_path: Path) -> None:
    cache = FormCache(tmp_path / "forms")
    keep(cache, "a", "content")
    found = FormCache(tmp_path / "forms").folder("a")

    assert found is not None
    assert (found / "file").read_text() == "content"
    assert cache.folder("b") is None
    assert cache.text("b") is None


def test_what_was_not_finished_is_not_found_and_goes(tmp_path: Path) -> None:
    cache = FormCache(tmp_path)

    def break_off() -> None:
        with cache.locked(), cache.workspace() as folder:
            (folder / "a").mkdir()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    (tmp_path / ".unfinished-crashed").mkdir()
    with cache.locked():
        pass

    assert cache.folder("a") is None
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_one_works_while_others_wait(tmp_path: Path) -> None:
    cache, other = FormCache(tmp_path), FormCache(tmp_path)
    order: list[str] = []

    def wait_for_it() -> None:
        with other.locked():
            order.append(other.text("verdict") or "nothing")

    with cache.locked():
        waiting = threading.Thread(target=wait_for_it)
        waiting.start()
        order.append("first")
        cache.keep_text("made by the first", "verdict")
    waiting.join(10)

    assert order == ["first", "made by the first"]


def test_what_was_not_used_for_a_month_is_forgotten(tmp_path: Path) -> None:
    cache = FormCache(tmp_path)
    keep(cache, "clip-old", "")
    keep(cache, "clip-new", "")
    keep(cache, "other-old", "")
    long_ago = time.time() - 40 * 24 * 3600
    for name in ("clip-old", "other-old"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    keep(cache, "clip-old-but-used", "")
    os.utime(tmp_path / "clip-old-but-used", (long_ago, long_ago))
    cache.forget("clip-", ["clip-old-but"])

    assert {path.name for path in tmp_path.iterdir()} == {".lock", "clip-new", "clip-old-but-used", "other-old"}


def test_use_keeps_from_being_forgotten(tmp_path: Path) -> None:
    cache = FormCache(tmp_path)
    keep(cache, "clip-old", "")
    cache.keep_text("it is good", "clip-old-verdict")
    for name in ("clip-old", "clip-old-verdict"):
        os.utime(tmp_path / name, (0, 0))
    cache.folder("clip-old")
    cache.text("clip-old-verdict")
    cache.forget("clip-", [])

    assert cache.folder("clip-old") is not None
    assert cache.text("clip-old-verdict") == "it is good"


def test_names_and_keys_follow_what_they_are_made_of() -> None:
    assert slug("google/SigLIP2 base") == "google-siglip2-base"
    assert slug("??") == "model"
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1}) != key({"a": 1, "b": 3})
