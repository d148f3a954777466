"""What ends a run early, each with its exit code, and what only costs one file.

IndexerError
 ├── SetupTrouble          1  the folder, or what is asked for, can't be used
 │    ├── FolderAway          the folder can't be opened or watched now
 │    └── PhotosMissing       so many photos are gone from the folder that it may be another one
 ├── ServiceUnreachable    4  a service did not answer for too long
 ├── ModelMismatch         5  the index is of another model than the embedder's
 ├── RebuildNotFinished    6  the next index can't take the present one's place yet
 └── ServiceRefused        7  a service answers, but needs a person to act
TemporaryTrouble              a service does not answer now; waited for, then ServiceUnreachable
FileTrouble                   one file can't be indexed; reported at the end
"""

from typing import ClassVar

EXIT_FILES_FAILED = 3
EXIT_INTERRUPTED = 130


class IndexerError(Exception):
    """Ends the run. Its text is a sentence for a person that names the thing and the way out."""

    exit_code: ClassVar[int] = 1


class SetupTrouble(IndexerError):
    """The folder, or what is asked for, can't be used."""


class FolderAway(SetupTrouble):
    """The folder can't be opened or watched now, or is not what it was. It may be there again later."""


class PhotosMissing(SetupTrouble):
    """Most photos that the index holds, or all, are not in the folder. A person must say whether that is right."""


class ServiceUnreachable(IndexerError):
    """A service did not answer for longer than the run was told to wait."""

    exit_code = 4


class ModelMismatch(IndexerError):
    """The index's vectors are of another model than the embedder's."""

    exit_code = 5


class RebuildNotFinished(IndexerError):
    """The next index can't take the present one's place yet."""

    exit_code = 6


class ServiceRefused(IndexerError):
    """A service answers, but can't do its work before a person acts."""

    exit_code = 7


class TemporaryTrouble(Exception):
    """A service does not answer now, or asks for patience."""

    def __init__(self, message: str, retry_after: float | None = None, *, counts: bool = True) -> None:
        """retry_after: the seconds after which the service wants to be asked again, if it said so.

        A service that gets on, such as a model that loads, does not count against the time that is waited at most.
        """
        super().__init__(message)
        self.retry_after = retry_after
        self.counts = counts


class FileTrouble(Exception):
    """One file can't be indexed. `reason` is a name of ErrorReason, or one of docs/indexer.md's own."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
