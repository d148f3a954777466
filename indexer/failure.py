"""A file or folder that could not be indexed, and whether it is worth another try."""

from dataclasses import dataclass

from indexer.photo import EXTRACTOR_VERSION, FoundFile

# The faults of a file's content; whatever else went wrong may be over by the next run though the file is the same.
_REASONS_IN_CONTENT = frozenset({"IMAGE_UNDECODABLE", "IMAGE_TOO_LARGE"})


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that could not be indexed; size and time as they were then, 0 where they are not known."""

    relative_path: str
    """Encoded; that of a folder ends with "/"."""
    reason: str
    message: str
    size: int = 0
    modified_ns: int = 0
    extractor_version: int = EXTRACTOR_VERSION

    def holds_for(self, file: FoundFile) -> bool:
        """Whether the file would fail again: its content is to blame and is, by size and time, the same."""
        return (
            self.size == file.size
            and self.modified_ns == file.modified_ns
            and self.extractor_version >= EXTRACTOR_VERSION
            and self.reason in _REASONS_IN_CONTENT
        )
