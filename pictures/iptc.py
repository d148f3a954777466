"""Reads a few data sets of an IPTC record (Information Interchange Model 4.2), and finds it in Photoshop's blocks."""

from collections.abc import Mapping
from typing import Final

MAX_IPTC_BYTES: Final = 1024 * 1024
TITLE: Final = (2, 5)
KEYWORDS: Final = (2, 25)
CAPTION: Final = (2, 120)
_WANTED = frozenset({TITLE, KEYWORDS, CAPTION})
_MAX_VALUES = 1024

Iptc = Mapping[tuple[int, int], tuple[bytes, ...]]


def read_iptc(record: bytes) -> Iptc:
    """The values of the data sets above, in the record's order. What follows a broken part is left out.

    Their texts are UTF-8 if data set 1:90 says so, but many programs write UTF-8 without a word: the bytes are given.
    """
    found: dict[tuple[int, int], list[bytes]] = {}
    position = 0
    while record[position : position + 1] == b"\x1c" and position + 5 <= len(record):
        name = (record[position + 1], record[position + 2])
        length = int.from_bytes(record[position + 3 : position + 5], "big")
        position += 5
        if length & 0x8000:  # the length of the length; no text that is wanted is as long
            return {key: tuple(values) for key, values in found.items()}
        if position + length > len(record):
            break
        values = found.setdefault(name, []) if name in _WANTED else []
        if len(values) < _MAX_VALUES:
            values.append(record[position : position + length])
        position += length
    return {key: tuple(values) for key, values in found.items()}


def find_in_photoshop(blocks: bytes) -> bytes:
    """The IPTC record among Photoshop's image resources (block 0x0404); b"" if there is none."""
    position = 0
    while blocks[position : position + 4] == b"8BIM" and position + 12 <= len(blocks):
        kind = blocks[position + 4 : position + 6]
        position += 6
        name = 1 + blocks[position]
        position += name + name % 2
        length = int.from_bytes(blocks[position : position + 4], "big")
        position += 4
        if kind == b"\x04\x04":
            return blocks[position : position + length]
        position += length + length % 2
    return b""
