import os
from pathlib import Path

import pytest

from local_run.errors import CannotRun
from local_run.photos import Sources, check_folder, copy_samples


def folder(parent: Path, name: str) -> Path:
    path = parent / name
    path.mkdir(parents=True)
    return path


def test_a_folder_keeps_its_source_name(tmp_path: Path) -> None:
    sources = Sources(tmp_path / "sources.json")
    pictures = folder(tmp_path, "Pictures")

    assert sources.register(pictures) == "Pictures"
    assert sources.register(pictures / ".." / "Pictures") == "Pictures"
    assert sources.read() == {"Pictures": pictures}


def test_two_folders_of_one_name_become_two_sources(tmp_path: Path) -> None:
    sources = Sources(tmp_path / "sources.json")

    names = [sources.register(folder(tmp_path / parent, "Pictures")) for parent in ("ann", "bob", "cem")]

    assert names == ["Pictures", "Pictures-2", "Pictures-3"]
    assert sources.read()["Pictures-2"] == tmp_path / "bob" / "Pictures"


def test_a_name_that_is_not_utf8_becomes_one_that_can_be_shown(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    sources = Sources(tmp_path / "sources.json")

    name = sources.register(odd)

    assert name == "caf\ufffd"
    assert sources.read()[name] == odd


def test_a_missing_folder_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"There is no folder .*nowhere"):
        check_folder(tmp_path / "nowhere")


def test_a_file_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"")

    with pytest.raises(CannotRun, match=f"is a file.*PHOTOS={tmp_path}"):
        check_folder(photo)


def test_samples_are_copied_once(tmp_path: Path) -> None:
    samples = copy_samples(tmp_path / "samples")
    names = {path.name for path in samples.iterdir()}
    (samples / "coffee.png").write_bytes(b"changed by its owner")

    copy_samples(samples)

    assert {"astronaut.png", "chelsea.png", "rocket.jpg", "china.jpg", "flower.jpg"} <= names
    assert len(names) == 18
    assert (samples / "coffee.png").read_bytes() == b"changed by its owner"


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"a": 1}'])
def test_a_broken_list_of_sources_is_named_with_the_way_out(tmp_path: Path, content: str) -> None:
    sources = Sources(tmp_path / "sources.json")
    sources.file.write_text(content)

    with pytest.raises(CannotRun, match=r"sources.json should be a JSON object.* remove it"):
        sources.register(tmp_path)
