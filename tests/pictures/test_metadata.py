from datetime import datetime, timedelta

import pytest
from PIL import Image

from pictures.decode import read_picture
from pictures.exif import read_exif
from pictures.metadata import Metadata, read_metadata
from tests.pictures.files import ExifValue, encoded, exif_block, four_colours, heic

MAKE, MODEL, DATE_TIME = 0x010F, 0x0110, 0x0132
ORIGINAL, DIGITIZED, OFFSET, OFFSET_ORIGINAL, OFFSET_DIGITIZED = 0x9003, 0x9004, 0x9010, 0x9011, 0x9012

MAIN: dict[int, ExifValue] = {MAKE: b"FUJIFILM\x00", MODEL: b"X-T5\x00", DATE_TIME: b"2024:08:02 10:00:00\x00"}
EXIF: dict[int, ExifValue] = {ORIGINAL: b"2024:07:01 12:30:45\x00", OFFSET_ORIGINAL: b"+02:00\x00"}
KOELN: dict[int, ExifValue] = {
    1: b"N\x00",
    2: [(50, 1), (56, 1), (2844, 100)],
    3: b"E\x00",
    4: [(6, 1), (57, 1), (30, 1)],
}
FACTS = Metadata(
    datetime.fromisoformat("2024-07-01T12:30:45"),
    timedelta(hours=2),
    50.9412333,
    6.9583333,
    "FUJIFILM",
    "X-T5",
)


def facts(
    main: dict[int, ExifValue] | None = None,
    exif: dict[int, ExifValue] | None = None,
    gps: dict[int, ExifValue] | None = None,
) -> Metadata:
    return read_metadata(read_exif(exif_block(main, exif, gps)))


def assert_facts(found: Metadata) -> None:
    assert found.latitude == pytest.approx(FACTS.latitude)
    assert found.longitude == pytest.approx(FACTS.longitude)
    assert (found.taken_at, found.utc_offset) == (FACTS.taken_at, FACTS.utc_offset)
    assert (found.camera_make, found.camera_model) == ("FUJIFILM", "X-T5")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_each_format_tells_its_facts(format_: str, order: str) -> None:
    block = exif_block(MAIN, EXIF, KOELN, order=order)
    assert_facts(read_picture(encoded(four_colours(), format_, exif=block)).metadata)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_heic_tells_its_facts(order: str) -> None:
    assert_facts(read_picture(heic(exif=exif_block(MAIN, EXIF, KOELN, order=order))).metadata)


def test_what_another_program_wrote_is_read() -> None:
    exif = Image.Exif()
    exif[MAKE], exif[MODEL] = "FUJIFILM", "X-T5"
    exif.get_ifd(0x8769).update({ORIGINAL: "2024:07:01 12:30:45", OFFSET_ORIGINAL: "+02:00"})
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 56.0, 28.44), 3: "E", 4: (6.0, 57.0, 30.0)})
    assert_facts(read_picture(encoded(four_colours(), "JPEG", exif=exif)).metadata)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP"])
def test_a_picture_without_facts_has_none(format_: str) -> None:
    assert read_picture(encoded(four_colours(), format_)).metadata == Metadata()


def test_the_time_of_exposure_goes_before_the_others_each_with_its_own_offset() -> None:
    times: dict[int, ExifValue] = {
        ORIGINAL: b"2001:01:01 01:01:01",
        DIGITIZED: b"2002:02:02 02:02:02",
        OFFSET: b"-03:30",
        OFFSET_ORIGINAL: b"+01:00",
        OFFSET_DIGITIZED: b"+02:00",
    }
    main: dict[int, ExifValue] = {DATE_TIME: b"2003:03:03 03:03:03"}
    assert facts(main, times) == Metadata(datetime.fromisoformat("2001-01-01T01:01:01"), timedelta(hours=1))
    del times[ORIGINAL]
    assert facts(main, times) == Metadata(datetime.fromisoformat("2002-02-02T02:02:02"), timedelta(hours=2))
    times[DIGITIZED] = b"    :  :     :  :  \x00"
    assert facts(main, times) == Metadata(
        datetime.fromisoformat("2003-03-03T03:03:03"), timedelta(hours=-3, minutes=-30)
    )


@pytest.mark.parametrize(
    "text",
    [
        b"0000:00:00 00:00:00\x00",
        b"2024:13:01 10:00:00\x00",
        b"2024:02:30 10:00:00\x00",
        b"2024:02:03 24:00:00\x00",
        b"2024:02:03 10:00:60\x00",
        b"0001:01:01 00:00:00\x00",
        b"                   \x00",
        b"\x00" * 20,
        b"2024:07:01\x00",
        b"yesterday\x00",
        b"\xff\xfe\xfd\xfc\xfb",
    ],
)
def test_a_date_that_is_none_is_left_out(text: bytes) -> None:
    assert facts(exif={ORIGINAL: text}).taken_at is None


@pytest.mark.parametrize("text", [b"2024-07-01T12:30:45", b" 2024:07:01 12:30:45 \x00\x00"])
def test_dates_in_near_forms_are_read(text: bytes) -> None:
    assert facts(exif={ORIGINAL: text}).taken_at == datetime.fromisoformat("2024-07-01T12:30:45")


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"Z", timedelta()),
        (b"+05:45\x00", timedelta(hours=5, minutes=45)),
        (b"-0930", timedelta(hours=-9, minutes=-30)),
        (b"+14:00", timedelta(hours=14)),
        (b"+15:00", None),
        (b"+02:75", None),
        (b"   :  ", None),
        (b"CEST", None),
        (b"", None),
    ],
)
def test_an_offset_is_read_or_left_out(text: bytes, offset: timedelta | None) -> None:
    found = facts(exif={ORIGINAL: b"2024:07:01 12:30:45", OFFSET_ORIGINAL: text})
    assert (found.taken_at, found.utc_offset) == (datetime.fromisoformat("2024-07-01T12:30:45"), offset)


@pytest.mark.parametrize(
    ("refs", "latitude", "longitude"),
    [
        ((b"N", b"E"), 10.5, 20.25),
        ((b"N\x00", b"W\x00"), 10.5, -20.25),
        ((b"S\x00", b"E\x00"), -10.5, 20.25),
        ((b"s", b"West"), -10.5, -20.25),
    ],
)
def test_the_position_is_read_in_every_hemisphere(refs: tuple[bytes, bytes], latitude: float, longitude: float) -> None:
    found = facts(gps={1: refs[0], 2: [(10, 1), (30, 1), (0, 1)], 3: refs[1], 4: [(20, 1), (0, 1), (90000, 100)]})
    assert found.latitude == pytest.approx(latitude)
    assert found.longitude == pytest.approx(longitude)


def test_degrees_may_come_alone_or_with_minutes() -> None:
    found = facts(gps={1: b"N", 2: [(105, 10)], 3: b"E", 4: [(20, 1), (1525, 100)]})
    assert found.latitude == 10.5
    assert found.longitude == pytest.approx(20.2541666)


def test_the_poles_and_the_antimeridian_are_places() -> None:
    found = facts(gps={1: b"S", 2: [(90, 1)], 3: b"E", 4: [(180, 1)]})
    assert (found.latitude, found.longitude) == (-90, 180)
    found = facts(gps={1: b"N", 2: [(0, 1)], 3: b"W", 4: [(10, 1)]})
    assert (found.latitude, found.longitude) == (0, -10)


@pytest.mark.parametrize(
    "change",
    [
        {2: [(10, 0), (30, 1), (0, 1)]},
        {2: [(10, 1), (30, 1), (0, 0)]},
        {2: [(0, 0), (0, 0), (0, 0)]},
        {2: [(91, 1)]},
        {2: [(89, 1), (120, 1)]},
        {2: [(10, 1), (30, 1), (0, 1), (0, 1)]},
        {2: b"10.5"},
        {2: 10},
        {4: [(181, 1)]},
        {4: [(4294967295, 1)]},
        {1: b"\x00"},
        {1: b"X"},
        {3: b" "},
        {2: [(0, 1)], 4: [(0, 1)]},
    ],
    ids=str,
)
def test_a_position_that_makes_no_sense_is_left_out_whole(change: dict[int, ExifValue]) -> None:
    gps: dict[int, ExifValue] = {1: b"N", 2: [(10, 1)], 3: b"E", 4: [(20, 1)]}
    found = facts(MAIN, EXIF, {**gps, **change})
    assert (found.latitude, found.longitude) == (None, None)
    assert (found.taken_at, found.camera_model) == (FACTS.taken_at, "X-T5")


@pytest.mark.parametrize("missing", [1, 2, 3, 4])
def test_half_a_position_is_none(missing: int) -> None:
    found = facts(gps={tag: value for tag, value in KOELN.items() if tag != missing})
    assert (found.latitude, found.longitude) == (None, None)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (b"  X-T5   \x00", "X-T5"),
        (b"X-T5\x00garbage behind it", "X-T5"),
        (b"\x00\x00\x00\x00\x00", ""),
        ("Käm\N{LATIN SMALL LETTER E WITH ACUTE}ra".encode(), "Käméra"),
        (b"Cam\xe9ra", "Caméra"),
        (b"X\nT\x1b[31m5", "X T[31m5"),
    ],
)
def test_the_camera_is_a_clean_text(text: bytes, model: str) -> None:
    assert facts({MODEL: text}).camera_model == model


def test_each_part_of_a_cut_off_block_that_is_whole_is_read() -> None:
    whole = exif_block(MAIN, EXIF, KOELN)
    found = [read_metadata(read_exif(whole[:length])) for length in range(len(whole) + 1)]
    assert found[0] == Metadata()
    assert {facts.camera_model for facts in found} == {"", "X-T5"}
    assert found[-1].latitude is not None
    without_position = [facts for facts in found if facts.taken_at == FACTS.taken_at and facts.latitude is None]
    assert without_position


def test_a_block_of_loops_and_lies_is_read_quickly() -> None:
    entry = b"\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00"  # a directory that names itself, 5,000 times
    block = b"II*\x00\x08\x00\x00\x00\xff\xff" + entry * 5000
    assert read_metadata(read_exif(block)) == Metadata()
    assert read_exif(b"MM\x00*\xff\xff\xff\xff").orientation == 1
    assert read_exif(b"Exif\x00\x00" * 1000).orientation == 1
