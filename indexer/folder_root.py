"""Photos in a folder on disk.

Everything is bytes: a name that is not UTF-8 is a name like any other. Links to folders are not followed, so there are
no loops; a link to a file counts as that file if it stays under the folder.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import FileTrouble, FolderAway
from indexer.mounts import Mounts, device
from indexer.photo import FoundFile
from indexer.photo_root import (
    SMALL_FILE_BYTES,
    Content,
    FileFacts,
    NotAPhoto,
    Unreadable,
    changed_while_read,
    check_begins_like_a_picture,
    content_of,
)
from pictures.formats import SNIFF_BYTES
from pictures.limits import DEFAULT_LIMITS

_NO_FILES = "devices, pipes and sockets"
_DISK_WENT_AWAY = "Its disk is not mounted any more."


class FolderRoot:
    """The port PhotoRoot for a folder."""

    advice = "Check that its disk is mounted"

    def __init__(
        self,
        folder: Path,
        read_bytes: Callable[[int, int], bytes] = os.read,
        device_of: Callable[[bytes], int] = device,
    ) -> None:
        """Raises FolderAway if the folder can't be listed."""
        self.path = _check(folder)
        self.shown = os.fsencode(folder).decode("utf-8", "replace")
        self._prefix = self.path if self.path.endswith(b"/") else self.path + b"/"
        self._read_bytes = read_bytes
        self._identity = _identity(self.path)
        self._mounts = Mounts(self._prefix, device_of)

    def list_folder(self, path: bytes) -> "list[_Listed]":
        """See the port."""
        try:
            self._mounts.note(path)
            with os.scandir(self._prefix + path) as entries:
                return [_Listed(entry, self._prefix, self._mounts) for entry in entries]
        except OSError as error:
            raise self._gone_or_unreadable(path, error) from error

    def read(self, file: FoundFile, *, must_sniff: bool) -> Content:
        """See the port."""
        try:
            return self._read(self._prefix + file.path, must_sniff=must_sniff)
        except (FileNotFoundError, NotADirectoryError) as error:
            if not self._mounts.hold(file.path):
                raise FileTrouble("UNREADABLE", f"The file can't be read: {_DISK_WENT_AWAY}") from error
            raise FileNotFoundError from error
        except OSError as error:
            raise FileTrouble("UNREADABLE", f"The file can't be read: {error.strerror or error}.") from error

    def read_small(self, path: bytes) -> bytes:
        """See the port."""
        try:
            with _opened(self._prefix + path) as descriptor:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Unreadable("It is no regular file.")
                data = self._read_up_to(descriptor, SMALL_FILE_BYTES + 1)
        except OSError as error:
            raise self._gone_or_unreadable(path, error) from error
        if len(data) > SMALL_FILE_BYTES:
            raise Unreadable("It has more than 1 MiB.")
        return data

    def is_absent(self, path: bytes) -> bool:
        """See the port."""
        return not os.path.lexists(self._prefix + path) and self._mounts.hold(path)

    def check_still_there(self) -> None:
        """See the port."""
        try:
            same = _identity(self.path) == self._identity
        except OSError:
            same = False
        if not same:
            raise FolderAway(
                f"{os.fsdecode(self.path)} went away during the run. Nothing was removed from the index. Check that "
                "its disk is mounted and run the indexer again."
            )

    def close(self) -> None:
        """See the port."""

    def _gone_or_unreadable(self, path: bytes, error: OSError) -> FileNotFoundError | Unreadable:
        if isinstance(error, FileNotFoundError | NotADirectoryError) and path:
            if not self._mounts.hold(path):
                return Unreadable(_DISK_WENT_AWAY)
            # A folder that is mounted on demand and can't be is there, but opening it tells that it is not.
            if self.is_absent(path):
                return FileNotFoundError(os.fsdecode(path))
        return Unreadable(_sentence(error))

    def _read(self, path: bytes, *, must_sniff: bool) -> Content:
        with _opened(path) as descriptor:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise NotAPhoto
            head = self._read_up_to(descriptor, SNIFF_BYTES)
            if must_sniff:
                check_begins_like_a_picture(head)
            DEFAULT_LIMITS.check_bytes(before.st_size)
            data = head + self._read_up_to(descriptor, before.st_size - len(head) + 1)
            after = os.fstat(descriptor)
        if (after.st_mtime_ns, after.st_size) != (before.st_mtime_ns, before.st_size) or len(data) != before.st_size:
            raise changed_while_read()
        return content_of(data, before.st_mtime_ns)

    def _read_up_to(self, descriptor: int, count: int) -> bytes:
        """At most `count` bytes; fewer only at the file's end."""
        parts = []
        while count > 0 and (part := self._read_bytes(descriptor, count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


@contextmanager
def _opened(path: bytes) -> Iterator[int]:
    # A pipe that took the file's place would block without O_NONBLOCK.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Listed:
    """The port Listed for an entry of a folder."""

    __slots__ = ("_entry", "_mounts", "_prefix", "is_folder", "name")

    def __init__(self, entry: os.DirEntry[bytes], prefix: bytes, mounts: Mounts) -> None:
        self.name = entry.name
        self.is_folder = entry.is_dir(follow_symlinks=False)
        self._entry = entry
        self._prefix = prefix
        self._mounts = mounts

    def look(self) -> FileFacts | str:
        """See the port."""
        entry = self._entry
        try:
            if entry.is_symlink():
                if kind := _kind_of_link(self._prefix, entry):
                    return kind
            elif not entry.is_file(follow_symlinks=False):
                entry.stat(follow_symlinks=False)  # is_file answers no for what is gone
                return _NO_FILES
            found = entry.stat()
        except FileNotFoundError as error:
            is_broken = _is_broken_link(entry.path)
            if not self._disks_hold():
                raise Unreadable(_DISK_WENT_AWAY) from error
            if is_broken:
                return "broken links"
            raise
        except OSError as error:
            raise Unreadable(_sentence(error)) from error
        return FileFacts(found.st_size, found.st_mtime_ns)

    def _disks_hold(self) -> bool:
        """Whether the disks are there that the entry lies on and, if it is a link, what it leads to."""
        path = self._entry.path
        ways = (path, os.path.realpath(path))
        return all(self._mounts.hold(way.removeprefix(self._prefix)) for way in ways if way.startswith(self._prefix))


def _is_broken_link(path: bytes) -> bool:
    return os.path.islink(path) and not os.path.exists(path)  # noqa: PTH110, PTH114 a path of bytes


def _kind_of_link(prefix: bytes, link: os.DirEntry[bytes]) -> str | None:
    """What it is if it leads to no file that counts. Raises FileNotFoundError if it is broken or gone, and OSError."""
    target = os.path.realpath(link.path)
    if not (target + b"/").startswith(prefix):
        return "links that lead out of the folder"
    mode = os.stat(target).st_mode  # noqa: PTH116 a path of bytes
    if stat.S_ISDIR(mode):
        return "links to folders"
    return None if stat.S_ISREG(mode) else _NO_FILES


def _check(folder: Path) -> bytes:
    """The folder's real path. Raises FolderAway."""
    try:
        found = folder.stat()
    except FileNotFoundError as error:
        raise FolderAway(f"There is no folder {folder}. Check the name, and that its disk is mounted.") from error
    except OSError as error:
        raise FolderAway(f"{folder} can't be looked at: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise FolderAway(f"{folder} is a file. Name the folder that holds it.")
    root = os.path.realpath(os.fsencode(folder))
    try:
        with os.scandir(root):
            return root
    except OSError as error:
        raise FolderAway(f"{folder} can't be read: {error.strerror}. Allow it or choose another folder.") from error


def _identity(path: bytes) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 a path of bytes
    return found.st_dev, found.st_ino


def _sentence(error: OSError) -> str:
    return f"{error.strerror or error}."
