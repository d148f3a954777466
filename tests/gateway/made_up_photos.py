"""Photos that show one shape in one colour, and vectors that know both: enough to search among."""

import hashlib
import itertools
import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from google.type.datetime_pb2 import DateTime
from google.type.latlng_pb2 import LatLng
from PIL import Image as Pillow
from PIL import ImageDraw

from imagesearch.type.v1 import image_pb2
from pictures.paths import encode_path, image_id

SOURCE = "made-up"
COLOURS = {
    "red": (210, 40, 40),
    "green": (40, 160, 70),
    "blue": (40, 80, 210),
    "yellow": (235, 205, 50),
    "purple": (140, 60, 170),
    "orange": (235, 130, 30),
}
SHAPES = ("circle", "square", "triangle", "ring")
DIMENSIONS = len(COLOURS) + len(SHAPES) + 6

_SIZES = ((640, 480), (480, 640), (600, 600), (900, 400), (1800, 1200))
_BACKGROUND = (236, 234, 228)


def make_photos(folder: Path, count: int) -> list[image_pb2.Image]:
    """Draws `count` photos under the folder and tells their facts."""
    kinds = itertools.cycle(itertools.product(COLOURS, SHAPES))
    return [_make(folder, number, colour, shape) for number, (colour, shape) in zip(range(count), kinds, strict=False)]


def draw(colour: str, shape: str, size: tuple[int, int] = (640, 480)) -> Pillow.Image:
    """The shape in the middle, filled with the colour."""
    image = Pillow.new("RGB", size, _BACKGROUND)
    pen = ImageDraw.Draw(image)
    (x, y), r = (size[0] // 2, size[1] // 2), min(size) * 0.4
    box = (x - r, y - r, x + r, y + r)
    if shape == "circle":
        pen.ellipse(box, COLOURS[colour])
    elif shape == "square":
        pen.rectangle(box, COLOURS[colour])
    elif shape == "triangle":
        pen.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], COLOURS[colour])
    else:
        pen.ellipse(box, outline=COLOURS[colour], width=int(r * 0.6))
    return image


def encoded(image: Pillow.Image, kind: str = "JPEG") -> bytes:
    """The picture as a file."""
    file = BytesIO()
    image.save(file, kind, **({"quality": 95} if kind == "JPEG" else {}))
    return file.getvalue()


def text_vector(text: str) -> list[float]:
    """Where a text lies: at the colours and shapes that it names, with a trace of its own."""
    words = text.lower().replace("-", " ").replace(".", " ").split()
    return _vector([float(name in words) for name in (*COLOURS, *SHAPES)], text)


def picture_vector(data: bytes) -> list[float]:
    """Where a picture lies: at the colour that most of its coloured pixels have."""
    small = Pillow.open(BytesIO(data)).convert("RGB").resize((32, 32))
    seen = [
        pixel for pixel in (small.getpixel((x, y)) for x in range(32) for y in range(32)) if isinstance(pixel, tuple)
    ]
    near = [sum(math.dist(pixel, colour) < 60 for pixel in seen) for colour in COLOURS.values()]
    total = sum(near) or 1
    return _vector([count / total for count in near] + [0.0] * len(SHAPES), hashlib.sha256(data).hexdigest())


def _vector(known: Sequence[float], seed: str) -> list[float]:
    chance = random.Random(seed)
    values = [*known, *(chance.uniform(-0.1, 0.1) for _ in range(DIMENSIONS - len(known)))]
    length = math.hypot(*values)
    return [value / length for value in values]


def _make(folder: Path, number: int, colour: str, shape: str) -> image_pb2.Image:
    size = _SIZES[number % len(_SIZES)]
    odd = {3: "grün & “schön”.jpg", 7: "50% off #1?.jpg", 11: "a very long name " * 6 + ".jpg"}
    kind = "PNG" if number % 6 == 5 else "JPEG"
    name = odd.get(number, f"{colour}-{shape}-{number:04}.{'png' if kind == 'PNG' else 'jpg'}")
    taken = datetime(2025, 6, 30, 18, tzinfo=UTC) - timedelta(days=9 * number, minutes=37 * number)
    path = f"{taken.year}/{taken.month:02}/{name}".encode()
    data = encoded(draw(colour, shape, size), kind) + str(number).encode()  # none is a copy of another
    file = folder / path.decode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    image = image_pb2.Image(
        id=image_id(SOURCE, path),
        source=SOURCE,
        relative_path=encode_path(path),
        name=name,
        content_sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        media_type=f"image/{kind.lower()}",
        width=size[0],
        height=size[1],
        extractor_version=1,
    )
    image.modified_at.FromDatetime(taken)
    image.indexed_at.FromDatetime(datetime(2025, 7, 1, tzinfo=UTC))
    _add_facts(image, number, taken)
    return image


def _add_facts(image: image_pb2.Image, number: int, taken: datetime) -> None:
    """What cameras write: some photos have all of it, some only the file's time, some none."""
    if number % 10 == 9:
        return
    civil = DateTime(year=taken.year, month=taken.month, day=taken.day, hours=taken.hour, minutes=taken.minute)
    image.taken_at.CopyFrom(civil)
    image.taken_at_source = image_pb2.TAKEN_AT_SOURCE_FILE if number % 10 == 8 else image_pb2.TAKEN_AT_SOURCE_EXIF
    if number % 3 == 0:
        image.taken_at.utc_offset.CopyFrom(Duration(seconds=7200))
        image.location.CopyFrom(LatLng(latitude=48.137 + number / 100, longitude=11.575))
    if number % 2 == 0:
        image.camera.CopyFrom(image_pb2.Camera(make="Example", model=f"EX-{number % 4}"))
