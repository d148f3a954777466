"""Pictures on disk, bounded in bytes: what was not asked for the longest goes first."""

import contextlib
import os
import re
import stat
import tempfile
import threading
import time
from collections import OrderedDict
from pathlib import Path

import structlog

from gateway import metrics

_log = structlog.stdlib.get_logger("cache")

# The folder may hold other files, a person's own photos even: only what has such a name is the cache's to remove.
_KEY = re.compile(r"[0-9]+/[0-9]+/[0-9a-f]{2}/[0-9a-f]{64}", re.ASCII)
_KEYS = "[0-9]*/[0-9]*/[0-9a-f][0-9a-f]/*"

_UNFINISHED = "unfinished"
_DRAFT_ENDING = ".draft"
_ABANDONED_AFTER_SECONDS = 3_600


class CacheUnavailable(Exception):
    """The folder can't be used; the text says which and what to do."""


class PictureCache:
    """Files under a folder, by key: version/size/xx/hash, with 64 hex digits that begin with xx.

    Outlives a restart. Leaves alone what else the folder holds. Safe to use from any thread.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Reads what the folder holds. Raises CacheUnavailable if it can't be written to."""
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] = OrderedDict()  # the longest unused first
        self._total = 0
        try:
            (folder / _UNFINISHED).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder / _UNFINISHED):
                pass
            self._scan()
        except OSError as error:
            raise CacheUnavailable(
                f"Can't write to {folder} ({error.strerror}). Give the right to, or set GATEWAY_CACHE_DIR to a folder "
                "that can be written to."
            ) from error

    def read(self, key: str) -> bytes | None:
        """What is kept under this key."""
        path = self._folder / key
        try:
            data = path.read_bytes()
            os.utime(path)  # the order of use survives a restart
        except OSError:
            return None
        with self._lock:
            if key in self._sizes:
                self._sizes.move_to_end(key)
        return data or None

    def write(self, key: str, data: bytes) -> None:
        """Keeps data under this key and lets go of others if there are too many. A full disk costs only the keeping.

        Raises ValueError for a key of another form: after a restart it would not be known as the cache's.
        """
        if not _KEY.fullmatch(key):
            raise ValueError(f"not version/size/xx/hash: {key!r}")
        if len(data) > self._max_bytes:
            return
        path = self._folder / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, data, self._folder / _UNFINISHED)
        except OSError as error:
            _log.warning("a picture can't be kept", folder=str(self._folder), error=str(error))
            return
        with self._lock:
            self._note(key, len(data))
            self._shrink()

    def _scan(self) -> None:
        for path in (self._folder / _UNFINISHED).glob(f"*{_DRAFT_ENDING}"):
            with contextlib.suppress(FileNotFoundError):  # another gateway on this folder finished it
                if time.time() - path.lstat().st_mtime > _ABANDONED_AFTER_SECONDS:
                    path.unlink()
        found = []
        for path in self._folder.glob(_KEYS):
            key = path.relative_to(self._folder).as_posix()
            with contextlib.suppress(FileNotFoundError):  # another gateway on this folder took it
                status = path.lstat()
                if _KEY.fullmatch(key) and stat.S_ISREG(status.st_mode):
                    found.append((status.st_mtime_ns, key, status.st_size))
        for _, key, size in sorted(found):
            self._note(key, size)
        self._shrink()

    def _note(self, key: str, size: int) -> None:
        self._total += size - self._sizes.pop(key, 0)
        self._sizes[key] = size
        metrics.CACHE_BYTES.set(self._total)

    def _shrink(self) -> None:
        while self._total > self._max_bytes:
            key, size = self._sizes.popitem(last=False)
            self._total -= size
            with contextlib.suppress(OSError):
                (self._folder / key).unlink()
        metrics.CACHE_BYTES.set(self._total)


def _write_whole(path: Path, data: bytes, unfinished: Path) -> None:
    """Writes a file so that no one ever sees a part of it."""
    descriptor, name = tempfile.mkstemp(dir=unfinished, suffix=_DRAFT_ENDING)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
