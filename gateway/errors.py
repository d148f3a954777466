"""What can go wrong in the gateway.

ServiceError
 ├── InvalidField           a parameter or a part of the body is not allowed
 ├── TextEmpty              nothing to search for
 ├── ImageUndecodable       the uploaded file is no picture
 ├── ImageTooLarge          it has too many bytes, pixels or frames
 ├── OriginalMissing        the index knows the photo, its file is gone
 ├── SourceUnknown          nobody told where this source's photos are
 ├── StoreUnreachable       no answer from the object store with the photo
 ├── TemporaryFolderFailed  the gateway's own disk takes no more
 ├── Overloaded             too many pictures wait already
 ├── Timeout                an answer was not ready in time
 ├── EmbedderUnreachable    no connection to the embedder
 ├── SearchUnreachable      no connection to the search service
 └── CallFailed             one of them refused a call, with a reason of its own
"""

from grpc_runtime.errors import InvalidField, RemoteError, ServiceError

__all__ = [
    "CallFailed",
    "EmbedderUnreachable",
    "ImageTooLarge",
    "ImageUndecodable",
    "InvalidField",
    "OriginalMissing",
    "Overloaded",
    "SearchUnreachable",
    "SourceUnknown",
    "StoreUnreachable",
    "TemporaryFolderFailed",
    "TextEmpty",
    "Timeout",
]


class TextEmpty(ServiceError):
    """The text to search for is empty or only blanks."""

    reason = "TEXT_EMPTY"

    def __init__(self) -> None:
        super().__init__("The text is empty. Write what the photo should show.")


class ImageUndecodable(ServiceError):
    """The file is no picture that can be read."""

    reason = "IMAGE_UNDECODABLE"


class ImageTooLarge(ServiceError):
    """The picture is beyond a limit."""

    reason = "IMAGE_TOO_LARGE"


class OriginalMissing(ServiceError):
    """The index knows the photo, but its file is gone."""

    reason = "ORIGINAL_MISSING"


class SourceUnknown(ServiceError):
    """The gateway does not know where the source's photos are."""

    reason = "SOURCE_UNKNOWN"


class StoreUnreachable(ServiceError):
    """The object store with the photo can't be reached."""

    reason = "STORAGE_UNAVAILABLE"


class TemporaryFolderFailed(ServiceError):
    """The folder for temporary files is missing, full or not to be written to."""

    reason = "INTERNAL"


class Overloaded(ServiceError):
    """Too much waits already."""

    reason = "OVERLOADED"


class Timeout(ServiceError):
    """The answer was not ready in time."""

    reason = "TIMEOUT"


class EmbedderUnreachable(ServiceError):
    """The embedder can't be reached."""

    reason = "EMBEDDER_UNREACHABLE"


class SearchUnreachable(ServiceError):
    """The search service can't be reached."""

    reason = "SEARCH_UNREACHABLE"


class CallFailed(ServiceError):
    """Another service answered a call with an error; `remote` is what it said."""

    def __init__(self, remote: RemoteError) -> None:
        super().__init__(remote.message, retry_after=remote.retry_after, **remote.metadata)
        self.remote = remote
