"""A file or folder that could not be indexed, and whether it is worth another try."""

from dataclasses import dataclass

from indexer.photo import EXTRACTOR_VERSION, FoundFile

# What may be over by the next run though the file is the same; any other reason lies in the file's content.
_PASSING_REASONS = frozenset({"UNREADABLE", "FOLDER_UNREADABLE", "CHANGED_WHILE_READ"})


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
            and self.reason not in _PASSING_REASONS
        )
