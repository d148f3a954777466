"""Where photos lie, as the indexer sees it: folders in folders, with files to read. A folder on disk or a bucket.

Everything here blocks and may be called from several threads. A root whose store does not answer waits for it, and
raises ServiceUnreachable once that took too long.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from indexer.errors import FileTrouble
from indexer.photo import FoundFile
from pictures.formats import SNIFF_BYTES, sniff

# The most that read_small reads of a file.
SMALL_FILE_BYTES = 1024 * 1024


class Unreadable(Exception):
    """A folder can't be listed, or a file not be looked at. Its text is a sentence for a person."""


class NotAPhoto(Exception):
    """A file whose name does not say what it is, and whose content is no picture."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file's size in bytes, and when it was last changed, in nanoseconds since 1970."""

    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, and the time at which they were written: the one that the next listing will tell."""

    data: bytes
    sha256: str
    modified_ns: int


class Listed(Protocol):
    """Something in a folder."""

    @property
    def name(self) -> bytes:
        """The last part of its path."""
        ...

    @property
    def is_folder(self) -> bool:
        """Whether it can be listed itself."""
        ...

    def look(self) -> FileFacts | str:
        """The facts of a file, or of which kind it is if it is none that may be read.

        Raises Unreadable, and FileNotFoundError if it is gone since it was listed.
        """
        ...


class PhotoRoot(Protocol):
    """A folder on disk or in a bucket. Paths are bytes below it, parts separated by "/", none at the ends."""

    @property
    def shown(self) -> str:
        """What a person calls it."""
        ...

    @property
    def advice(self) -> str:
        """What a person should check if photos are missing in it, without a full stop."""
        ...

    def list_folder(self, path: bytes) -> Iterable[Listed]:
        """What lies in a folder (b"": the root itself), in any order.

        Raises Unreadable, and FileNotFoundError if it is not the root and is gone.
        """
        ...

    def read(self, file: FoundFile, *, must_sniff: bool) -> Content:
        """The file's content; with `must_sniff` only if it begins like a picture.

        Raises NotAPhoto, FileNotFoundError if it is gone, FileTrouble, and TooLarge if it has too many bytes.
        """
        ...

    def read_small(self, path: bytes) -> bytes:
        """The content of a file that is no photo but says something about them.

        Raises Unreadable, as of one that is no regular file or has more than SMALL_FILE_BYTES, and FileNotFoundError.
        """
        ...

    def is_absent(self, path: bytes) -> bool:
        """Whether there is surely nothing at this path. Raises no error but ServiceUnreachable."""
        ...

    def check_still_there(self) -> None:
        """Raises SetupTrouble if this is not what it was at first: another disk may lie there now, or none."""
        ...

    def close(self) -> None:
        """Ends all waiting."""
        ...


def check_begins_like_a_picture(head: bytes) -> None:
    """Raises NotAPhoto if a file with these first SNIFF_BYTES is none."""
    if sniff(head[:SNIFF_BYTES]) is None:
        raise NotAPhoto


def content_of(data: bytes, modified_ns: int) -> Content:
    """The content, with its hash."""
    return Content(data, hashlib.sha256(data).hexdigest(), modified_ns)


def changed_while_read() -> FileTrouble:
    """The error for a file that was written to meanwhile."""
    return FileTrouble("CHANGED_WHILE_READ", "The file changed while it was read. Run the indexer again.")
