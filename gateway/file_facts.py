"""What is known of a file without its content."""

import os
from dataclasses import dataclass
from io import BufferedReader


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file's size in bytes, and when it was last changed, in nanoseconds since 1970."""

    size: int
    modified_ns: int

    @property
    def modified(self) -> float:
        """In seconds since 1970."""
        return self.modified_ns / 1e9

    @property
    def tag(self) -> str:
        """The entity tag of this version of the file, without quotes."""
        return f"{self.modified_ns:x}-{self.size:x}"


def facts_of(file: BufferedReader) -> FileFacts:
    """Those of an open file."""
    stat = os.fstat(file.fileno())
    return FileFacts(stat.st_size, stat.st_mtime_ns)
