"""Pictures made for tests, each with colours of its own."""

import hashlib
import io
import os
from pathlib import Path

from PIL import Image


def make_picture(number: int) -> bytes:
    """A JPEG that differs from that of every other number."""
    colours = hashlib.sha256(str(number).encode()).digest()[:27]
    encoded = io.BytesIO()
    Image.frombytes("RGB", (3, 3), colours).resize((60, 60), Image.Resampling.NEAREST).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


def make_photos(folder: Path, count: int) -> dict[bytes, bytes]:
    """`count` pictures in folders of ten; their contents by their paths under `folder`."""
    made = {f"{number // 10:03}/{number:05}.jpg".encode(): make_picture(number) for number in range(count)}
    write_files(folder, made)
    return made


def write_files(folder: Path, files: dict[bytes, bytes]) -> None:
    """Files with these contents at these paths under `folder`."""
    for path, data in files.items():
        file = folder / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
