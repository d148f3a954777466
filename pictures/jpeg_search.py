"""Finds whole JPEGs inside of other files by how they begin."""

# How many places that begin like a JPEG are looked at, and how many parts before its pixels one may have.
_MAX_PLACES = 4096
_MAX_SEGMENTS = 200
# Baseline, extended and progressive: what decoders of photos read. Raw pixels are often packed by the lossless one.
_FRAMES = (0xC0, 0xC1, 0xC2)
_OTHER_FRAMES = (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)


def find_jpegs(data: bytes) -> list[tuple[int, tuple[int, int], int]]:
    """Start, size in pixels and end at the latest of the JPEGs in a file, those inside of another's metadata too."""
    found = []
    place = data.find(b"\xff\xd8\xff")
    for _ in range(_MAX_PLACES):
        if place < 0:
            break
        size = jpeg_size(data, place)
        if size is not None:
            found.append((place, size, len(data)))
        place = data.find(b"\xff\xd8\xff", place + 2)
    return found


def jpeg_size(data: bytes, start: int) -> tuple[int, int] | None:
    """Width and height of the JPEG that begins there; None if none does that a decoder of photos reads."""
    if data[start : start + 2] != b"\xff\xd8":
        return None
    position, size = start + 2, None
    for _ in range(_MAX_SEGMENTS):
        if data[position : position + 2] == b"\xff\xff":
            position += 1  # a byte of padding; no camera writes more
        if data[position : position + 1] != b"\xff" or len(data) < position + 10:
            return None
        marker = data[position + 1]
        if marker == 0xDA:
            return size
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker < 0xC0 or 0xD0 <= marker <= 0xD9 or marker in _OTHER_FRAMES or length < 2:
            return None
        if marker in _FRAMES:
            depth, height, width, colours = data[position + 4], *_two(data, position + 5), data[position + 9]
            if depth != 8 or colours not in (1, 3) or not width or not height:
                return None
            size = (width, height)
        position += 2 + length
    return None


def _two(data: bytes, position: int) -> tuple[int, int]:
    return int.from_bytes(data[position : position + 2], "big"), int.from_bytes(
        data[position + 2 : position + 4], "big"
    )
