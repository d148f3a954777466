"""What exiftool writes into a file is read, and as exiftool reads it."""

import json
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pictures.decode import Picture, read_picture
from tests.pictures.files import TURNS, UPRIGHT_CORNERS, corners, encoded, four_colours

FORMATS = {"JPEG": "jpg", "TIFF": "tif", "PNG": "png", "WEBP": "webp"}
PLACES = {"N E 0": (50.941, 6.958, 112.5), "S W 1": (-33.5, -70.25, 12.25)}


def exiftool(*arguments: str) -> str:
    path = shutil.which("exiftool")
    if path is None:
        problem = "exiftool was not found. Install it (Debian, Ubuntu: apt install libimage-exiftool-perl)."
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    return subprocess.run(
        [path, "-charset", "iptc=UTF8", *arguments], capture_output=True, text=True, check=True
    ).stdout


def written(folder: Path, format_: str, name: str, *tags: str) -> tuple[Picture, dict[str, Any]]:
    """The picture with the tags, as it is read here and as exiftool reads it."""
    file = folder / f"{name}.{FORMATS[format_]}"
    file.write_bytes(encoded(four_colours(), format_))
    exiftool("-q", "-overwrite_original", *tags, str(file))
    return read_picture(file.read_bytes()), json.loads(exiftool("-json", "-n", "-G0", "-a", str(file)))[0]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_time_place_and_camera(tmp_path: Path, format_: str, place: str) -> None:
    north, east, ref = place.split()
    latitude, longitude, altitude = PLACES[place]
    picture, told = written(
        tmp_path,
        format_,
        "exif",
        *(
            "-EXIF:DateTimeOriginal=2024:07:01 12:30:45",
            "-EXIF:SubSecTimeOriginal=125",
            "-EXIF:OffsetTimeOriginal=+05:45",
        ),
        *(
            f"-EXIF:GPSLatitude={abs(latitude)}",
            f"-EXIF:GPSLongitude={abs(longitude)}",
            f"-EXIF:GPSAltitude={altitude}",
        ),
        *(f"-EXIF:GPSLatitudeRef={north}", f"-EXIF:GPSLongitudeRef={east}", f"-EXIF:GPSAltitudeRef#={ref}"),
        *("-EXIF:Make=FUJIFILM", "-EXIF:Model=X-T5", "-EXIF:LensModel=XF23mmF2 R WR"),
    )
    metadata = picture.metadata
    taken_at = datetime.strptime(told["Composite:SubSecDateTimeOriginal"], "%Y:%m:%d %H:%M:%S.%f%z")
    assert metadata.taken_at == taken_at.replace(tzinfo=None)
    assert metadata.utc_offset == taken_at.utcoffset()
    assert metadata.latitude == pytest.approx(told["Composite:GPSLatitude"], abs=1e-6) == latitude
    assert metadata.longitude == pytest.approx(told["Composite:GPSLongitude"], abs=1e-6) == longitude
    assert metadata.altitude_meters == pytest.approx(told["Composite:GPSAltitude"])
    assert (metadata.camera_make, metadata.camera_model) == (told["EXIF:Make"], told["EXIF:Model"])
    assert metadata.lens == told["EXIF:LensModel"] == "XF23mmF2 R WR"


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("group", ["XMP", "IPTC"])
def test_what_people_wrote(tmp_path: Path, format_: str, group: str) -> None:
    if (format_, group) == ("WEBP", "IPTC"):
        pytest.skip("A WebP carries no IPTC record.")
    names = (
        ("XMP:Title", "XMP:Description", "XMP:Subject")
        if group == "XMP"
        else (
            "IPTC:ObjectName",
            "IPTC:Caption-Abstract",
            "IPTC:Keywords",
        )
    )
    rating = ("-XMP:Rating=-1",) if group == "XMP" else ()
    picture, told = written(
        tmp_path,
        format_,
        group,
        *(f"-{names[0]}=Grüße", f"-{names[1]}=Am Rhein, 夏", f"-{names[2]}=Köln", f"-{names[2]}=Dom", *rating),
        *("-IPTC:CodedCharacterSet=UTF8",) * (group == "IPTC"),
    )
    description = picture.metadata.description
    assert description.title == told[names[0]] == "Grüße"
    assert description.caption == told[names[1]] == "Am Rhein, 夏"
    assert list(description.keywords) == told[names[2]] == ["Köln", "Dom"]
    assert description.rating == told.get("XMP:Rating") == (-1 if group == "XMP" else None)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_orientation_that_exiftool_writes_is_followed(tmp_path: Path, format_: str) -> None:
    for orientation in (3, 6, 8):
        file = tmp_path / f"{orientation}.{FORMATS[format_]}"
        file.write_bytes(encoded(four_colours().transpose(TURNS[orientation]), format_))
        exiftool("-q", "-overwrite_original", f"-EXIF:Orientation#={orientation}", str(file))
        assert corners(read_picture(file.read_bytes()).image) == UPRIGHT_CORNERS
