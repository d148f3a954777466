"""What is read from one file."""

import io
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from indexer.errors import FileTrouble
from indexer.extract import Extractor
from indexer.folder_root import FolderRoot
from indexer.photo import FoundFile, Location, TakenAt, TakenAtSource
from indexer.photo_root import NotAPhoto
from tests.indexer.fake_services import jpeg

GPS = {1: "S", 2: (33.0, 30.0, 0.0), 3: "W", 4: (70.0, 15.0, 0.0)}


def photo_with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "FUJIFILM", "X-T5"
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8769)[0x9003] = "2024:07:01 12:30:05"
    exif.get_ifd(0x8769)[0x9011] = "+02:00"
    exif.get_ifd(0x8825).update(GPS)
    return jpeg(size=(60, 40), exif=exif.tobytes())


def found(root: Path, name: str) -> FoundFile:
    facts = (root / name).stat()
    return FoundFile(os.fsencode(name), name, facts.st_size, facts.st_mtime_ns)


def extractor(root: Path) -> Extractor:
    return Extractor(FolderRoot(root), "photos")


def test_the_facts_of_a_photo(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo_with_exif())
    file = found(tmp_path, "a.jpg")

    photo = extractor(tmp_path).extract(file, "", 8).photo

    assert photo.taken_at == TakenAt(
        datetime(2024, 7, 1, 12, 30, 5),  # noqa: DTZ001 civil time
        timedelta(hours=2),
        TakenAtSource.EXIF,
    )
    assert photo.location == Location(-33.5, -70.25)
    assert (photo.camera_make, photo.camera_model, photo.media_type) == ("FUJIFILM", "X-T5", "image/jpeg")
    assert (photo.width, photo.height) == (40, 60)
    assert (photo.size, photo.modified_ns) == (file.size, file.modified_ns)


def test_the_location_is_left_out_on_request(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo_with_exif())
    discreet = Extractor(FolderRoot(tmp_path), "photos", with_location=False)
    file = found(tmp_path, "a.jpg")

    extracted = discreet.extract(file, "", 8)

    assert extracted.photo.location is None
    assert extracted.picture
    with Image.open(io.BytesIO(extracted.picture)) as sent:
        assert len(sent.getexif()) == 0


def test_content_that_is_known_gives_facts_without_a_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo_with_exif())
    file = found(tmp_path, "a.jpg")
    sha256 = extractor(tmp_path).read(file).sha256

    extracted = extractor(tmp_path).extract(file, sha256, 8)

    assert extracted.picture is None
    assert (extracted.photo.width, extracted.photo.height) == (40, 60)


def test_an_embedder_that_tells_no_useful_size_gets_the_whole_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(size=(90, 60)))

    picture = extractor(tmp_path).extract(found(tmp_path, "a.jpg"), "", 0).picture

    assert picture
    with Image.open(io.BytesIO(picture)) as sent:
        assert sent.size == (90, 60)


def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())

    def read_and_append(descriptor: int, count: int) -> bytes:
        data = os.read(descriptor, count)
        with path.open("ab") as file:
            file.write(b"more")
        return data

    changing = Extractor(FolderRoot(tmp_path, read_and_append), "photos")
    with pytest.raises(FileTrouble) as raised:
        changing.read(found(tmp_path, "a.jpg"))

    assert raised.value.reason == "CHANGED_WHILE_READ"


def test_a_pipe_that_took_a_files_place_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    file = found(tmp_path, "a.jpg")
    path.unlink()
    os.mkfifo(path)

    with pytest.raises(NotAPhoto):
        extractor(tmp_path).read(file)


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_is_gone_with_its_folder_is_gone(tmp_path: Path, replaced: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.jpg").write_bytes(jpeg())
    file = found(tmp_path, "folder/a.jpg")
    (tmp_path / "folder").rename(tmp_path / "away")
    if replaced:
        (tmp_path / "folder").write_bytes(b"a file took its place")

    with pytest.raises(FileNotFoundError):
        extractor(tmp_path).extract(file, "", 8)


def test_a_file_that_can_not_be_opened_is_a_files_trouble(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    file = found(tmp_path, "a.jpg")
    (tmp_path / "a.jpg").unlink()
    (tmp_path / "a.jpg").symlink_to("a.jpg")  # a loop: nobody can open it

    with pytest.raises(FileTrouble) as raised:
        extractor(tmp_path).read(file)

    assert raised.value.reason == "UNREADABLE"


def test_too_little_memory_is_no_fault_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())

    def no_memory(descriptor: int, count: int) -> bytes:
        raise MemoryError

    with pytest.raises(FileTrouble, match="not enough memory") as raised:
        Extractor(FolderRoot(tmp_path, no_memory), "photos").extract(found(tmp_path, "a.jpg"), "", 8)

    assert raised.value.reason == "OUT_OF_MEMORY"


def test_a_file_with_a_strange_time_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(jpeg())
    os.utime(tmp_path / "a.png", ns=(0, -1_000_000_000_000))
    file = found(tmp_path, "a.png")

    photo = extractor(tmp_path).extract(file, "", 8).photo

    assert photo.modified_ns == -1_000_000_000_000
    assert photo.taken_at
    assert photo.taken_at.civil.year == 1969
