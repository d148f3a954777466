"""Where the photos of each source are: from the settings, and from a file that may change at any time."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path

import structlog

from gateway.errors import SourceUnknown
from pictures.object_store import is_store_url

_log = structlog.stdlib.get_logger("sources")

# What tells one version of the file from another: its time, size and inode.
_Version = tuple[int, int, int]


class Sources:
    """The folders of all sources, or their URLs in object stores. Safe to ask from any thread."""

    def __init__(self, fixed: Mapping[str, str], file: Path | None) -> None:
        """`file` holds a JSON object {source: folder or URL}; it wins over `fixed` and need not exist yet."""
        self._fixed = dict(fixed)
        self._file = file
        self._lock = threading.Lock()
        self._version: _Version | None = None
        self._read: dict[str, str] = {}

    def root(self, source: str) -> Path | str:
        """The folder of a source, or its URL. Reads the file again if it changed. Raises SourceUnknown."""
        with self._lock:
            self._refresh()
            folder = self._read.get(source) or self._fixed.get(source)
        if folder is None:
            raise SourceUnknown(
                f"The gateway was not told where the photos of the source {source!r} are. "
                "Name their folder or URL in GATEWAY_SOURCES.",
                source=source,
            )
        return folder if is_store_url(folder) else Path(folder).expanduser()

    def _refresh(self) -> None:
        if self._file is None:
            return
        try:
            stat = self._file.stat()
            version = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if version == self._version:
                return
            self._read = _parse(self._file.read_text(encoding="utf-8"))
            self._version = version
        except FileNotFoundError:
            self._read, self._version = {}, None
        except (OSError, ValueError) as error:  # half written, perhaps: what was read before still holds
            _log.warning("the file of sources can't be read", file=str(self._file), error=str(error))


def _parse(text: str) -> dict[str, str]:
    content = json.loads(text)
    if not isinstance(content, dict) or not all(isinstance(folder, str) for folder in content.values()):
        raise ValueError("it is not a JSON object of names and folders")
    return content
