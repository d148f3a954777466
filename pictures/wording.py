"""Texts of files, made fit to show: decoded, without control characters, of a bounded length."""

import unicodedata
from typing import Final

from pictures.tiff import Value

MAX_TEXT_BYTES: Final = 4096

# The first eight bytes of EXIF's UserComment name its encoding (EXIF 2.32, 4.6.6).
_ASCII, _UNICODE, _UNKNOWN = b"ASCII\x00\x00\x00", b"UNICODE\x00", bytes(8)


def decoded(value: Value | None) -> str:
    """A text up to its first NUL, in UTF-8 or else Latin-1, cleaned."""
    if not isinstance(value, bytes):
        return ""
    value = value.split(b"\x00", 1)[0]
    try:
        return cleaned(value.decode("utf-8"))
    except UnicodeDecodeError:
        return cleaned(value.decode("latin-1"))


def decoded_comment(value: Value | None, *, little_endian: bool | None = None) -> str:
    """The text of EXIF's UserComment; "" if its encoding is not named or is JIS."""
    if not isinstance(value, bytes):
        return ""
    encoding, text = value[:8], value[8:]
    if encoding == _UNICODE:
        # The byte order is the block's for some programs and always big for others: Latin letters tell.
        little = text[1::2].count(0) >= text[::2].count(0) if little_endian is None else little_endian
        return cleaned(text.decode("utf-16-le" if little else "utf-16-be", "replace").split("\x00", 1)[0])
    return decoded(text) if encoding in (_ASCII, _UNKNOWN) else ""


def cleaned(text: str) -> str:
    """The text without control characters (a blank for breaks and tabs) and outer blanks, cut to MAX_TEXT_BYTES."""
    text = text[: 4 * MAX_TEXT_BYTES]
    text = "".join(
        " " if character in "\t\n\r\v\f\x85" else character
        for character in text.replace("\r\n", "\n")
        if character in "\t\n\r\v\f\x85" or unicodedata.category(character) not in ("Cc", "Cs")
    ).strip()
    encoded = text.encode("utf-8")
    return text if len(encoded) <= MAX_TEXT_BYTES else encoded[:MAX_TEXT_BYTES].decode("utf-8", "ignore").rstrip()
