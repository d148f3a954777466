"""What exiftool writes into a file is read, and as exiftool reads it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pictures.decode import Picture, read_picture
from pictures.formats import PictureFormat
from tests.pictures.files import TURNS, UPRIGHT_CORNERS, corners, encoded, four_colours
from tests.pictures.raw_files import RAW_FORMATS, raw_file

FORMATS = {"JPEG": "jpg", "TIFF": "tif", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
PLACES = {
    "N E 0": (50.941, 6.958, 112.5),
    "N W 0": (0.25, -0.5, 8_848.5),
    "S E 0": (-41.25, 179.75, 0),
    "S W 1": (-33.5, -70.25, -12.25),
}

Exiftool = Callable[..., str]


@pytest.fixture(scope="module")
def exiftool() -> Iterator[Exiftool]:
    """Runs exiftool with some arguments; one process does it all, as it takes long to start."""
    path = shutil.which("exiftool")
    if path is None:
        problem = "exiftool was not found. Install it (Debian, Ubuntu: apt install libimage-exiftool-perl)."
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    command = [path, "-stay_open", "True", "-@", "-", "-common_args", "-charset", "iptc=UTF8"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        asked, answered = process.stdin, process.stdout

        def run(*arguments: str) -> str:
            asked.write("\n".join([*arguments, "-execute", ""]))
            asked.flush()
            lines: list[str] = []
            while (line := answered.readline()) != "{ready}\n":
                assert line, f"exiftool ended: {lines}"
                lines.append(line)
            return "".join(lines)

        yield run
        asked.write("-stay_open\nFalse\n")
        asked.flush()


def written(exiftool: Exiftool, folder: Path, format_: str, *tags: str) -> tuple[Picture, dict[str, Any]]:
    """The picture with the tags, as it is read here and as exiftool reads it."""
    file = folder / f"photo.{FORMATS[format_]}"
    file.write_bytes(encoded(four_colours(), format_))
    assert "1 image files updated" in exiftool("-overwrite_original", *tags, str(file))
    return read_picture(file.read_bytes()), json.loads(exiftool("-json", "-n", "-G0", "-a", str(file)))[0]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_time_place_and_camera(exiftool: Exiftool, tmp_path: Path, format_: str, place: str) -> None:
    north, east, ref = place.split()
    latitude, longitude, altitude = PLACES[place]
    picture, told = written(
        exiftool,
        tmp_path,
        format_,
        *(
            "-EXIF:DateTimeOriginal=2024:07:01 12:30:45",
            "-EXIF:SubSecTimeOriginal=125",
            "-EXIF:OffsetTimeOriginal=+05:45",
        ),
        *(
            f"-EXIF:GPSLatitude={abs(latitude)}",
            f"-EXIF:GPSLongitude={abs(longitude)}",
            f"-EXIF:GPSAltitude={abs(altitude)}",
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


@pytest.mark.parametrize(
    ("format_", "group"),
    [*((format_, "XMP") for format_ in FORMATS), *((format_, "IPTC") for format_ in ("JPEG", "TIFF", "PNG"))],
)
def test_what_people_wrote(exiftool: Exiftool, tmp_path: Path, format_: str, group: str) -> None:
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
        exiftool,
        tmp_path,
        format_,
        *(f"-{names[0]}=Grüße", f"-{names[1]}=Am Rhein, 夏", f"-{names[2]}=Köln", f"-{names[2]}=Dom", *rating),
        *("-IPTC:CodedCharacterSet=UTF8",) * (group == "IPTC"),
    )
    description = picture.metadata.description
    assert description.title == told[names[0]] == "Grüße"
    assert description.caption == told[names[1]] == "Am Rhein, 夏"
    assert list(description.keywords) == told[names[2]] == ["Köln", "Dom"]
    assert description.rating == told.get("XMP:Rating") == (-1 if group == "XMP" else None)


# In an AVIF, as in a HEIC, EXIF's orientation has no say: the container tells how the picture is turned.
@pytest.mark.parametrize("format_", [format_ for format_ in FORMATS if format_ != "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_that_exiftool_writes_is_followed(
    exiftool: Exiftool, tmp_path: Path, format_: str, orientation: int
) -> None:
    stored = four_colours().transpose(TURNS[orientation]) if orientation > 1 else four_colours()
    file = tmp_path / f"photo.{FORMATS[format_]}"
    file.write_bytes(encoded(stored, format_))
    assert "1 image files updated" in exiftool("-overwrite_original", f"-EXIF:Orientation#={orientation}", str(file))
    assert corners(read_picture(file.read_bytes()).image) == UPRIGHT_CORNERS


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (("-EXIF:CreateDate=2023:02:03 04:05:06", "-EXIF:ModifyDate=2024:01:01 00:00:00"), "EXIF:CreateDate"),
        (("-EXIF:ModifyDate=1999:12:31 23:59:59",), "EXIF:ModifyDate"),
        (("-XMP:DateTimeOriginal=2023:02:03 04:05:06.25-03:30",), "XMP:DateTimeOriginal"),
        (("-XMP-photoshop:DateCreated=2023:02:03 04:05:06Z",), "XMP:DateCreated"),
        (("-XMP:CreateDate=2023:02:03 04:05:06+14:00", "-IPTC:Keywords=x"), "XMP:CreateDate"),
    ],
)
def test_times_of_other_kinds(exiftool: Exiftool, tmp_path: Path, tags: tuple[str, ...], name: str) -> None:
    picture, told = written(exiftool, tmp_path, "JPEG", *tags)
    taken_at = datetime.fromisoformat(told[name].replace(":", "-", 2))
    assert picture.metadata.taken_at == taken_at.replace(tzinfo=None)
    assert picture.metadata.utc_offset == taken_at.utcoffset()


@pytest.mark.parametrize("format_", [format_ for format_ in RAW_FORMATS if format_ is not PictureFormat.RAF])
def test_a_raw_file_tells_what_exiftool_reads_from_it(
    exiftool: Exiftool, tmp_path: Path, format_: PictureFormat
) -> None:
    file = tmp_path / f"photo{format_.endings[0]}"
    file.write_bytes(raw_file(format_, orientation=6))
    told = json.loads(exiftool("-json", "-n", "-G0", str(file)))[0]
    metadata = read_picture(file.read_bytes()).metadata
    assert told["EXIF:Orientation"] == 6
    assert metadata.camera_model == told["EXIF:Model"]
    assert metadata.taken_at == datetime.strptime(  # noqa: DTZ007 civil time
        f"{told['EXIF:DateTimeOriginal']}.{told['EXIF:SubSecTimeOriginal']}", "%Y:%m:%d %H:%M:%S.%f"
    )
