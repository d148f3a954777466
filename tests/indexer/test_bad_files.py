"""Whatever is in a folder of photos, each file becomes a photo with its facts or a failure with a reason."""

import hashlib
from pathlib import Path

import pytest

from indexer.errors import FileTrouble
from indexer.extract import Extracted, Extractor
from indexer.folder_root import FolderRoot
from indexer.photo import FoundFile
from pictures.decode import read_picture
from tests.pictures.bad_files import BadFile, Fate, bad_files
from tests.pictures.good_files import good_files

# Those that are too large only by the narrower limits that the files are made for.
FILES = [file for file in bad_files() if file.name != "more bytes than allowed"]


def extracted(root: Path, file: BadFile) -> Extracted | FileTrouble:
    """What becomes of the file under a name that says JPEG, whatever it is."""
    path = root / "photo.jpg"
    path.write_bytes(file.data)
    found = FoundFile(b"photo.jpg", "photo.jpg", len(file.data), path.stat().st_mtime_ns)
    try:
        return Extractor(FolderRoot(root), "photos").extract(found, "", 64)
    except FileTrouble as trouble:
        return trouble


@pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
@pytest.mark.parametrize("kind", [*good_files(), ""])
def test_each_file_becomes_a_photo_or_a_failure_with_a_reason(tmp_path: Path, kind: str) -> None:
    files = [file for file in FILES if file.good == kind]
    assert len(files) > 5
    for file in files:
        outcome = extracted(tmp_path, file)
        if isinstance(outcome, FileTrouble):
            assert file.fate is not Fate.SHOWN, file.name
            assert outcome.reason in ("IMAGE_UNDECODABLE", "IMAGE_TOO_LARGE"), file.name
            assert str(outcome).startswith(("The ", "This ")), file.name
            continue
        assert file.fate is not Fate.REFUSED, file.name
        assert outcome.photo.content_sha256 == hashlib.sha256(file.data).hexdigest()
        assert outcome.picture, file.name
        assert read_picture(outcome.picture).image.mode == "RGB"
        if file.fate is Fate.SHOWN:
            good = read_picture(good_files()[kind])
            assert (outcome.photo.width, outcome.photo.height) == (good.width, good.height), file.name
            assert outcome.photo.media_type == good.format.media_type
