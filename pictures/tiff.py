"""Reads chosen fields of a TIFF structure (TIFF 6.0, and BigTIFF) in bounded time and memory.

EXIF blocks, TIFF pictures and most cameras' raw files are built so. Whatever a hostile file claims, only the fields
asked for are touched, and only within the bytes that are there; what is broken is left out.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# Bytes of a text, or numbers; a rational is two of them, the numerator first.
Value = bytes | tuple[int, ...]

MAX_VALUE_BYTES: Final = 4096
_MAX_ENTRIES = 4096
# The third and fourth bytes by which Olympus ("OR", "SR") and Panasonic ("U") tell their raw files from a TIFF.
_MAGICS = {b"II*\x00", b"MM\x00*", b"IIRO", b"IIRS", b"MMOR", b"IIU\x00"}
_BIG_MAGICS = {b"II+\x00\x08\x00\x00\x00", b"MM\x00+\x00\x08\x00\x00"}
# TIFF 6.0, section 2: bytes of one value and its struct format; None: kept as bytes.
_TYPES: Mapping[int, tuple[int, str | None]] = {
    1: (1, None),
    2: (1, None),
    3: (2, "H"),
    4: (4, "L"),
    5: (8, "LL"),
    7: (1, None),
    8: (2, "h"),
    9: (4, "l"),
    10: (8, "ll"),
    13: (4, "L"),
    16: (8, "Q"),
}
_TEXT_TYPES = (1, 2, 7)


@dataclass(frozen=True)
class Header:
    """How a structure is laid out, and where its first directory is."""

    order: str
    """The byte order as struct writes it, "<" or ">"."""
    big: bool
    first: int


@dataclass(frozen=True)
class Directory:
    """The fields found, by tag, and where the next directory is (0: this is the last one)."""

    fields: Mapping[int, Value] = field(default_factory=dict)
    next: int = 0

    def number(self, tag: int) -> int | None:
        """The field's first number; None if there is none."""
        value = self.fields.get(tag)
        return value[0] if isinstance(value, tuple) and value else None

    def numbers(self, tag: int) -> tuple[int, ...]:
        """All numbers of the field."""
        value = self.fields.get(tag)
        return value if isinstance(value, tuple) else ()


def read_header(block: bytes) -> Header | None:
    """None if the block is no TIFF structure."""
    order = "<" if block.startswith(b"II") else ">"
    if block[:8] in _BIG_MAGICS and len(block) >= 16:
        return Header(order, True, struct.unpack_from(order + "Q", block, 8)[0])
    # Cameras write other magic numbers into EXIF blocks of their own; the two letters are enough there.
    if block[:2] in (b"II", b"MM") and len(block) >= 8:
        return Header(order, False, struct.unpack_from(order + "L", block, 4)[0])
    return None


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins so is a TIFF structure."""
    return head[:4] in _MAGICS or head[:8] in _BIG_MAGICS


def read_directory(
    block: bytes, header: Header, start: int, wanted: frozenset[int], max_value_bytes: int = MAX_VALUE_BYTES
) -> Directory:
    """The wanted fields of the directory at `start`. A value of more than `max_value_bytes` is left out."""
    count_code, count_size, entry_size = ("Q", 8, 20) if header.big else ("H", 2, 12)
    if not 8 <= start <= len(block) - count_size:
        return Directory()
    claimed = struct.unpack_from(header.order + count_code, block, start)[0]
    first = start + count_size
    count = min(claimed, _MAX_ENTRIES, (len(block) - first) // entry_size)
    fields: dict[int, Value] = {}
    for position in range(first, first + count * entry_size, entry_size):
        tag, kind = struct.unpack_from(header.order + "HH", block, position)
        if tag in wanted and tag not in fields:
            value = _read_value(block, header, position + 4, kind, max_value_bytes)
            if value is not None:
                fields[tag] = value
    end = first + count * entry_size
    code, size = ("Q", 8) if header.big else ("L", 4)
    following = struct.unpack_from(header.order + code, block, end)[0] if end + size <= len(block) else 0
    return Directory(fields, following if count == claimed else 0)


def longest_list(block: bytes, header: Header, start: int) -> int:
    """How many numbers the fields of a directory claim at most, texts aside; or how many fields, if those are more."""
    count_code, count_size, entry_size, length_code = ("Q", 8, 20, "Q") if header.big else ("H", 2, 12, "L")
    if not 8 <= start <= len(block) - count_size:
        return 0
    longest: int = struct.unpack_from(header.order + count_code, block, start)[0]
    first = start + count_size
    for position in range(
        first, first + min(longest, 1 << 16, (len(block) - first) // entry_size) * entry_size, entry_size
    ):
        kind, length = struct.unpack_from(header.order + "H" + length_code, block, position + 2)
        if kind not in _TEXT_TYPES:
            longest = max(longest, length)
    return longest


def _read_value(block: bytes, header: Header, position: int, kind: int, max_value_bytes: int) -> Value | None:
    code, room = ("Q", 8) if header.big else ("L", 4)
    length = struct.unpack_from(header.order + code, block, position)[0]
    width, value_code = _TYPES.get(kind, (0, None))
    size = width * length
    if not 0 < size <= max_value_bytes:
        return None
    position += room
    if size > room:
        position = struct.unpack_from(header.order + code, block, position)[0]
    if position + size > len(block):
        return None
    if value_code is None:
        return block[position : position + size]
    return struct.unpack_from(header.order + value_code * length, block, position)
