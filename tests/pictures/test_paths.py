import os
import random
from pathlib import Path

import pytest

from pictures.paths import PathOutsideRoot, decode_path, display_name, encode_path, image_id, resolve_under


def test_every_path_survives_the_round_trip() -> None:
    chance = random.Random(3)
    alphabet = [bytes([byte]) for byte in range(256)] + ["ü".encode(), "日".encode(), "😀".encode(), b"%", b"%41", b"/"]
    for _ in range(3000):
        path = b"".join(chance.choices(alphabet, k=chance.randrange(12)))
        text = encode_path(path)
        assert decode_path(text) == path
        text.encode("utf-8")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (b"2024/07/IMG 1.jpg", "2024/07/IMG 1.jpg"),
        ("Käse & Wein/日本.jpg".encode(), "Käse & Wein/日本.jpg"),
        (b"100%.jpg", "100%25.jpg"),
        (b"a\nb\x7f\"'.jpg", "a%0Ab%7F\"'.jpg"),
        (b"caf\xe9.jpg", "caf%E9.jpg"),
        (b"\xed\xa0\x80", "%ED%A0%80"),
        (b"\xc2\x85", "%C2%85"),
        (b"", ""),
    ],
)
def test_only_what_can_not_be_shown_is_encoded(path: bytes, text: str) -> None:
    assert encode_path(path) == text
    assert decode_path(text) == path


@pytest.mark.parametrize("text", ["100%", "a%4", "a%zz", "a%e9", "a%41", "a\nb", "\ud800", "%C3%A9"])
def test_a_text_that_no_path_encodes_to_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"encoded path|surrogates"):
        decode_path(text)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"2024/IMG 1.jpg", "IMG 1.jpg"),
        (b"caf\xe9.jpg", "caf\ufffd.jpg"),
        (b"a\nb\x00.jpg", "a\ufffdb\ufffd.jpg"),
        ("photo\u202egpj.exe".encode(), "photo\ufffdgpj.exe"),
        ("family 👨\u200d👩\u200d👧.jpg".encode(), "family 👨\u200d👩\u200d👧.jpg"),
    ],
)
def test_the_display_name_shows_what_it_is(path: bytes, name: str) -> None:
    assert display_name(path) == name


def test_an_id_depends_on_source_and_path_and_nothing_else() -> None:
    assert image_id("home", b"a.jpg") == image_id("home", b"a.jpg") == "1e4645af6514831f92859493e3d38056"
    ids = {image_id(source, path) for source in ("home", "work", "") for path in (b"a.jpg", b"A.jpg", b"\xff.jpg")}
    assert len(ids) == 9
    assert all(len(id_) == 32 and set(id_) <= set("0123456789abcdef") for id_ in ids)


def test_a_file_with_any_name_is_found_under_its_root(tmp_path: Path) -> None:
    for name in (b"plain.jpg", b"with space.jpg", b"quote'\".jpg", b"line\nbreak.jpg", b"caf\xe9.jpg", b"100%.jpg"):
        path = b"sub/" + name
        Path(os.fsdecode(bytes(tmp_path) + b"/" + path)).parent.mkdir(exist_ok=True)
        Path(os.fsdecode(bytes(tmp_path) + b"/" + path)).write_bytes(name)
        found = resolve_under(tmp_path, encode_path(path))
        assert found.read_bytes() == name
        assert os.fsencode(found) == os.fsencode(tmp_path.resolve()) + b"/" + path


@pytest.mark.parametrize("path", ["", "/etc/passwd", "..", "../x.jpg", "a/../../x.jpg", "a/..", "a%00b", "."])
def test_a_path_that_climbs_out_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(PathOutsideRoot):
        resolve_under(tmp_path / "root", path)


def test_a_name_that_only_begins_with_two_dots_is_fine(tmp_path: Path) -> None:
    assert resolve_under(tmp_path, "..jpg") == tmp_path.resolve() / "..jpg"


def test_symbolic_links_may_not_leave_the_root(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "root-outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"secret")
    (root / "inside.jpg").write_bytes(b"inside")
    (root / "file.jpg").symlink_to(outside / "secret.jpg")
    (root / "folder").symlink_to(outside)
    (root / "relative.jpg").symlink_to("../root-outside/secret.jpg")
    (root / "alias.jpg").symlink_to("inside.jpg")
    for path in ("file.jpg", "folder/secret.jpg", "relative.jpg"):
        with pytest.raises(PathOutsideRoot):
            resolve_under(root, path)
    assert resolve_under(root, "alias.jpg").read_bytes() == b"inside"


def test_the_root_itself_may_be_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.jpg").write_bytes(b"a")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert resolve_under(tmp_path / "link", "a.jpg").read_bytes() == b"a"


def test_a_missing_file_still_has_its_place(tmp_path: Path) -> None:
    assert resolve_under(tmp_path, "gone/a.jpg") == tmp_path.resolve() / "gone/a.jpg"
