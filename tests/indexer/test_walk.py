"""Which files are found under a folder, and in which order."""

import os
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import SetupTrouble
from indexer.folder_root import FolderRoot
from indexer.photo import FoundFile
from indexer.walk import PassedOver, UnreadableFolder, walk
from pictures.paths import encode_path
from tests.indexer.conftest import make_unreadable_folder


def make(root: Path, *paths: bytes) -> None:
    for path in paths:
        file = root / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")


def found(root: Path) -> list[bytes]:
    return [entry.path for entry in walk(FolderRoot(root)) if isinstance(entry, FoundFile)]


def kinds(root: Path) -> dict[str, str]:
    return {entry.relative_path: entry.kind for entry in walk(FolderRoot(root)) if isinstance(entry, PassedOver)}


def test_the_order_is_that_of_the_encoded_paths(tmp_path: Path) -> None:
    paths = [
        b"a/z.jpg",
        b"a.jpg",
        b"a-b/c.jpg",
        b"a b/c.jpg",
        b"\xff.jpg",
        "ä.jpg".encode(),
        b"%.jpg",
        b"a\n/x.jpg",
        b"B.jpg",
    ]
    make(tmp_path, *paths)

    assert found(tmp_path) == sorted(paths, key=lambda path: encode_path(path).encode())


def test_hidden_files_and_what_systems_leave_are_passed_over(tmp_path: Path) -> None:
    make(
        tmp_path,
        b".hidden.jpg",
        b".git/a.jpg",
        b"Thumbs.db",
        b"@eaDir/a.jpg",
        b"x/__MACOSX/b.jpg",
        b"._c.jpg",
        b"d.jpg",
    )

    assert found(tmp_path) == [b"d.jpg"]
    assert kinds(tmp_path) == {}


def test_a_hidden_root_is_walked_all_the_same(tmp_path: Path) -> None:
    make(tmp_path, b".photos/a.jpg")

    assert found(tmp_path / ".photos") == [b"a.jpg"]


def test_what_is_no_photo_by_its_ending_is_told_by_kind(tmp_path: Path) -> None:
    make(tmp_path, b"a.MOV", b"b.psd", b"c.CRW", b"d.mp3", b"e.pdf", b"f.JPG", b"g.unknown", b"h")
    os.mkfifo(tmp_path / "pipe.jpg")

    assert found(tmp_path) == [b"f.JPG", b"g.unknown", b"h"]
    assert kinds(tmp_path) == {
        "a.MOV": "videos",
        "b.psd": "pictures in formats that are not read yet",
        "c.CRW": "pictures in formats that are not read yet",
        "d.mp3": "sound",
        "e.pdf": "other files",
        "pipe.jpg": "devices, pipes and sockets",
    }


def test_links_are_followed_to_files_under_the_root_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make(tmp_path, b"root/real/a.jpg", b"outside/b.jpg", b"root-sibling/c.jpg")
    (root / "inside.jpg").symlink_to("real/a.jpg")
    (root / "out.jpg").symlink_to(tmp_path / "outside" / "b.jpg")
    (root / "sibling.jpg").symlink_to(tmp_path / "root-sibling" / "c.jpg")
    (root / "broken.jpg").symlink_to("nowhere.jpg")
    (root / "itself.jpg").symlink_to("itself.jpg")
    (root / "folder").symlink_to("real")
    (root / "loop").symlink_to(root)

    assert found(root) == [b"inside.jpg", b"real/a.jpg"]
    assert kinds(root)["out.jpg"] == kinds(root)["sibling.jpg"] == "links that lead out of the folder"
    assert kinds(root)["folder"] == kinds(root)["loop"] == "links to folders"
    assert kinds(root)["broken.jpg"] == "broken links"
    assert "itself.jpg" not in [os.fsdecode(path) for path in found(root)]


def test_a_folder_that_can_not_be_read_is_told_of_and_stops_nothing(tmp_path: Path) -> None:
    make(tmp_path, b"a.jpg", b"z.jpg")
    unreadable = make_unreadable_folder(tmp_path)

    entries = list(walk(FolderRoot(tmp_path)))

    told = [entry for entry in entries if isinstance(entry, UnreadableFolder)]
    assert [entry.relative_path for entry in told] == [os.fsdecode(unreadable) + "/"]
    assert "too long" in told[0].message
    assert found(tmp_path) == [b"a.jpg", b"z.jpg"]


def test_a_folder_whose_ignore_file_can_not_be_read_is_told_of_with_that_file(tmp_path: Path) -> None:
    make(tmp_path, b"pipe/a.jpg", b"folder/a.jpg", b"large/a.jpg", b"link/a.jpg", b"z.jpg")
    os.mkfifo(tmp_path / "pipe" / ".imagesearchignore")
    (tmp_path / "folder" / ".imagesearchignore").mkdir()
    (tmp_path / "large" / ".imagesearchignore").write_bytes(b"#\n" * 512 * 1024 + b"#")
    (tmp_path / "link" / ".imagesearchignore").symlink_to("nowhere")

    entries = list(walk(FolderRoot(tmp_path)))

    assert [entry.relative_path for entry in entries] == ["folder/", "large/", "link/", "pipe/", "z.jpg"]
    messages = {entry.relative_path: entry.message for entry in entries if isinstance(entry, UnreadableFolder)}
    assert all(message.startswith("Its .imagesearchignore, which may exclude") for message in messages.values())
    assert messages["folder/"].endswith("can't be read: It is no regular file.")
    assert messages["large/"].endswith("can't be read: It has more than 1 MiB.")
    assert messages["link/"].endswith("can't be read: No such file or directory.")
    assert messages["pipe/"].endswith("can't be read: It is no regular file.")


def test_what_is_gone_after_its_folder_was_listed_is_not_there(tmp_path: Path) -> None:
    make(tmp_path, b"a.jpg", b"b.jpg", b"c.jpg", b"folder/d.jpg", b"z/e.jpg")
    (tmp_path / "link.jpg").symlink_to("c.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    entries = walk(FolderRoot(tmp_path))
    first = next(entries)
    (tmp_path / "b.jpg").unlink()
    (tmp_path / "link.jpg").unlink()
    (tmp_path / "pipe.jpg").unlink()
    (tmp_path / "folder").rename(tmp_path.with_name("away"))

    paths = [entry.relative_path for entry in (first, *entries)]

    assert paths == ["a.jpg", "c.jpg", "z/e.jpg"]


def test_an_ignore_file_that_is_gone_excludes_nothing(tmp_path: Path) -> None:
    make(tmp_path, b"a.jpg")
    (tmp_path / ".imagesearchignore").write_bytes(b"*.jpg")

    class Gone(FolderRoot):
        def list_folder(self, path: bytes) -> Any:
            listed = super().list_folder(path)
            (tmp_path / ".imagesearchignore").unlink()
            return listed

    assert [entry.relative_path for entry in walk(Gone(tmp_path))] == ["a.jpg"]


def test_an_ignore_file_may_be_a_link_and_of_one_mebibyte(tmp_path: Path) -> None:
    make(tmp_path, b"root/a.jpg", b"root/b.jpg")
    (tmp_path / "patterns").write_bytes(b"a.*\n" + b"#" * (1024 * 1024 - 4))
    (tmp_path / "root" / ".imagesearchignore").symlink_to(tmp_path / "patterns")

    assert found(tmp_path / "root") == [b"b.jpg"]


def test_what_can_not_be_walked_is_said_in_a_sentence(tmp_path: Path) -> None:
    make(tmp_path, b"file")

    with pytest.raises(SetupTrouble, match="There is no folder"):
        FolderRoot(tmp_path / "missing")
    with pytest.raises(SetupTrouble, match="is a file"):
        FolderRoot(tmp_path / "file")


def test_a_root_that_is_a_link_to_a_folder_is_walked(tmp_path: Path) -> None:
    make(tmp_path, b"real/a.jpg")
    (tmp_path / "link").symlink_to("real")

    assert found(tmp_path / "link") == [b"a.jpg"]
