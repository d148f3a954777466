"""Pictures made for tests, each with colours of its own."""

import hashlib
import io
import os
from pathlib import Path

from PIL import Image


def make_picture(name: str) -> bytes:
    """A JPEG that differs from that of every other name."""
    colours = hashlib.sha256(name.encode()).digest()[:27]
    encoded = io.BytesIO()
    Image.frombytes("RGB", (3, 3), colours).resize((60, 60), Image.Resampling.NEAREST).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


def make_photos(folder: Path, count: int) -> dict[bytes, bytes]:
    """`count` pictures in folders of ten; their contents by their paths under `folder`."""
    numbers = range(count)
    made = {f"{number // 10:03}/{number:05}.jpg".encode(): make_picture(f"{folder} {number}") for number in numbers}
    write_files(folder, made)
    return made


def write_files(folder: Path, files: dict[bytes, bytes]) -> None:
    """Files with these contents at these paths under `folder`."""
    for path, data in files.items():
        file = folder / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
