"""Names of files as texts and as ids, and back to the very bytes."""

import hashlib
import os
import re
import unicodedata
from pathlib import Path

_ESCAPE = re.compile(rb"%([0-9A-F]{2})")
# Marks that change the direction or the line of the text around them, so that a name could look like another.
_MISLEADING = frozenset("\u2028\u2029\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class PathOutsideRoot(ValueError):
    """A path does not stay under its root."""


def encode_path(path: bytes) -> str:
    """The path as a text: bytes that are not UTF-8, control characters and "%" as %XX, all else as it is."""
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable() and "%" not in text:
        return text
    return "".join(map(_encode_character, text))


def decode_path(text: str) -> bytes:
    """The bytes that `encode_path` made the text of. Raises ValueError if it did not."""
    path = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode("utf-8"))
    if encode_path(path) != text:
        raise ValueError(f"Not an encoded path: {text!a}")
    return path


def display_name(path: bytes) -> str:
    """The last part of the path for display; what is not UTF-8 or would not show is replaced by U+FFFD."""
    name = path.rstrip(b"/").rsplit(b"/", 1)[-1].decode("utf-8", "replace")
    return "".join("\ufffd" if _is_control(c) or c in _MISLEADING else c for c in name)


def image_id(source: str, path: bytes) -> str:
    """The photo's id: the first 128 bits of SHA-256 over the source, NUL and the path, as 32 hexadecimal digits."""
    return hashlib.sha256(source.encode("utf-8") + b"\x00" + path).hexdigest()[:32]


def resolve_under(root: Path, relative_path: str) -> Path:
    """The file that an encoded path names under `root`, with symbolic links resolved; it need not exist.

    Raises PathOutsideRoot if the path is absolute, empty, climbs with ".." or leaves the root by a symbolic link, and
    ValueError if it is not an encoded path.
    """
    path = decode_path(relative_path)
    if not path or path.startswith(b"/") or b"\x00" in path or b".." in path.split(b"/"):
        raise PathOutsideRoot(f"The path does not stay under its root: {relative_path!a}")
    real_root = Path(os.path.realpath(root))
    real_path = Path(os.path.realpath(real_root / os.fsdecode(path)))
    if real_path == real_root or not real_path.is_relative_to(real_root):
        raise PathOutsideRoot(f"The path leaves its root: {relative_path!a}")
    return real_path


def _encode_character(character: str) -> str:
    if character != "%" and not _is_control(character) and not "\udc80" <= character <= "\udcff":
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"
