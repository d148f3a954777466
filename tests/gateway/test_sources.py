"""Where the photos of each source are."""

import json
from pathlib import Path

import pytest

from gateway.errors import SourceUnknown
from gateway.sources import Sources


def _write(file: Path, content: str) -> None:
    """As one does who lets no one see half of it."""
    new = file.with_suffix(".new")
    new.write_text(content, encoding="utf-8")
    new.replace(file)


def test_settings_and_file_are_both_known(tmp_path: Path) -> None:
    file = tmp_path / "sources.json"
    _write(file, json.dumps({"file": "/photos/b"}))
    sources = Sources({"settings": "/photos/a"}, file)

    assert sources.root("settings") == Path("/photos/a")
    assert sources.root("file") == Path("/photos/b")


def test_the_file_wins(tmp_path: Path) -> None:
    file = tmp_path / "sources.json"
    _write(file, json.dumps({"both": "/photos/b"}))

    assert Sources({"both": "/photos/a"}, file).root("both") == Path("/photos/b")


def test_an_unknown_source_is_named() -> None:
    with pytest.raises(SourceUnknown, match="'holiday'") as raised:
        Sources({}, None).root("holiday")

    assert raised.value.metadata == {"source": "holiday"}


def test_a_file_that_comes_later_is_read(tmp_path: Path) -> None:
    file = tmp_path / "sources.json"
    sources = Sources({}, file)
    with pytest.raises(SourceUnknown):
        sources.root("a")
    _write(file, json.dumps({"a": "/photos/a"}))

    assert sources.root("a") == Path("/photos/a")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "sources.json"
    _write(file, json.dumps({"a": "/photos/a"}))
    sources = Sources({}, file)
    sources.root("a")
    _write(file, json.dumps({"b": "/photos/b"}))

    assert sources.root("b") == Path("/photos/b")
    with pytest.raises(SourceUnknown):
        sources.root("a")


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', '"a"', ""])
def test_a_broken_file_leaves_what_was_known(tmp_path: Path, content: str) -> None:
    file = tmp_path / "sources.json"
    _write(file, json.dumps({"a": "/photos/a"}))
    sources = Sources({}, file)
    sources.root("a")
    _write(file, content)

    assert sources.root("a") == Path("/photos/a")


def test_a_removed_file_takes_its_sources_along(tmp_path: Path) -> None:
    file = tmp_path / "sources.json"
    _write(file, json.dumps({"a": "/photos/a"}))
    sources = Sources({}, file)
    sources.root("a")
    file.unlink()

    with pytest.raises(SourceUnknown):
        sources.root("a")


def test_a_home_folder_may_be_written_with_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")

    assert Sources({"a": "~/Pictures"}, None).root("a") == Path("/home/someone/Pictures")
