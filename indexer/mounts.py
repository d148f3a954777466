"""Which disks lie below a folder: one that went away during a run looks like a folder whose files were all deleted."""

import os
from collections.abc import Callable


def device(folder: bytes) -> int:
    """The number of the disk that a folder's content lies on, which is mounted now if that is done on demand."""
    return os.stat(folder + b"/").st_dev  # noqa: PTH116 a path of bytes


class Mounts:
    """The disks of one folder and of those in it, as they were first seen. Safe to use from any thread."""

    def __init__(self, prefix: bytes, device_of: Callable[[bytes], int] = device) -> None:
        """`prefix` is the folder's path with a "/" at its end; `device_of` raises OSError."""
        self._prefix = prefix
        self._device_of = device_of
        self._devices: dict[bytes, int] = {}
        """By path under the folder, of those that lie on another disk than the folder that holds them."""

    def note(self, path: bytes) -> None:
        """Remembers the disk of a folder that is about to be listed. Raises OSError."""
        found = self._device_of(self._prefix + path)
        above = self._above(path)
        if not above or self._devices[above[-1]] != found:
            self._devices.setdefault(path, found)

    def hold(self, path: bytes) -> bool:
        """Whether the disks on the way to a path are those that were seen: only then is what is not there gone."""
        return all(self._is_there(mount) for mount in self._above(path))

    def _above(self, path: bytes) -> list[bytes]:
        """The paths, the uppermost first, where another disk was seen on the way to this one or at it."""
        parts = path.split(b"/") if path else []
        ways = (b"/".join(parts[:count]) for count in range(len(parts) + 1))
        return [way for way in ways if way in self._devices]

    def _is_there(self, mount: bytes) -> bool:
        try:
            return self._device_of(self._prefix + mount) == self._devices[mount]
        except OSError:
            return False
