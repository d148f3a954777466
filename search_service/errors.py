"""What can go wrong with the index.

ServiceError
 ├── InvalidField          a field's value is not allowed
 ├── Internal              a fault of the service itself
 ├── InvalidEmbedding      not finite, not of unit length, or of the wrong length
 ├── ModelMismatch         a vector of another model than the index's
 ├── ZeroVector            the terms of a search cancel out
 ├── StalePageToken        broken, or made for another query
 ├── ImageNotFound         the index does not know this photo
 │    └── ContentReplaced  it knows the photo, with another content than the one asked for
 ├── IndexMissing          nothing has been indexed yet
 ├── IndexFormat           the stored index was written in another form
 ├── IndexReadOnly         the index was made by another tool and is only read
 ├── RebuildNotFound       no such rebuild is under way
 ├── RebuildConflict       a rebuild with another model is under way
 ├── RebuildIncomplete     the next index lacks a source
 └── StorageUnavailable    the storage does not answer, is full or can't be written
      └── StorageInUse     another process has the index open
"""

from collections.abc import Sequence

from grpc_runtime.errors import Internal, InvalidField, ServiceError

__all__ = ["Internal", "InvalidField", "ServiceError"]


class InvalidEmbedding(ServiceError):
    """The vector is not finite, not of unit length, or has the wrong number of values."""

    reason = "INVALID_EMBEDDING"


class ModelMismatch(ServiceError):
    """The vector is of another model than the index."""

    reason = "MODEL_MISMATCH"

    def __init__(self, *, expected: str, actual: str) -> None:
        super().__init__(
            f"The index is of the model {expected!r}, the vector of {actual!r}. "
            "Embed with the index's model, or rebuild the index with the other one.",
            expected=expected,
            actual=actual,
        )


class ZeroVector(ServiceError):
    """The weighted sum of the terms has no direction."""

    reason = "ZERO_VECTOR"

    def __init__(self) -> None:
        super().__init__("The terms cancel out: their weighted sum has no direction. Change a weight or a term.")


class StalePageToken(ServiceError):
    """The page token is broken, of another version, or was made for another query."""

    reason = "STALE_PAGE_TOKEN"

    def __init__(self) -> None:
        super().__init__("The page token is broken or belongs to another query. Start again from the first page.")


class ImageNotFound(ServiceError):
    """The index does not know this photo."""

    reason = "IMAGE_NOT_FOUND"

    def __init__(self, image_id: str) -> None:
        super().__init__(
            f"The index does not know the image {image_id!r}. It may have been deleted; search again.",
            image_id=image_id,
        )


class ContentReplaced(ImageNotFound):
    """The photo that a vector should be copied from has another content, or none that is known."""

    def __init__(self, image_id: str) -> None:
        ServiceError.__init__(
            self, f"The image {image_id!r} no longer holds this content; send the embedding.", image_id=image_id
        )


class IndexMissing(ServiceError):
    """Nothing has been indexed yet."""

    reason = "INDEX_MISSING"

    def __init__(self) -> None:
        super().__init__("Nothing has been indexed yet. Run the indexer first: python -m indexer FOLDER")


class IndexFormat(ServiceError):
    """The stored index was written in a form that this version can't read."""

    reason = "INDEX_FORMAT"

    def __init__(self, place: str, *, expected: int, actual: object) -> None:
        super().__init__(
            f"The index in {place} has the format {actual}, and this version reads {expected}. "
            "Run the version that wrote it, or set SEARCH_EMBEDDED_PATH to another folder and index again.",
            expected=str(expected),
            actual=str(actual),
        )


class IndexReadOnly(ServiceError):
    """The index was made by another tool and is only read."""

    reason = "INDEX_READ_ONLY"

    def __init__(self, index: str) -> None:
        super().__init__(
            f"The index {index!r} was made by another tool and is only read. To write, start the search service "
            "without SEARCH_ELASTICSEARCH_ORIGINAL_INDEX and index the photos into an index of its own: "
            "python -m indexer FOLDER",
            index=index,
        )


class RebuildNotFound(ServiceError):
    """No rebuild with this id is under way."""

    reason = "REBUILD_NOT_FOUND"

    def __init__(self, rebuild_id: str) -> None:
        super().__init__(f"No rebuild {rebuild_id!r} is under way. Start one with BeginRebuild.", rebuild_id=rebuild_id)


class RebuildConflict(ServiceError):
    """A rebuild with another model is under way."""

    reason = "REBUILD_CONFLICT"

    def __init__(self, *, rebuild_id: str, model: str, dimensions: int) -> None:
        super().__init__(
            f"A rebuild with the model {model!r} ({dimensions} dimensions) is under way. Commit or cancel it first.",
            rebuild_id=rebuild_id,
            model=model,
        )


class RebuildIncomplete(ServiceError):
    """The next index holds nothing of a source that the present one has photos of."""

    reason = "REBUILD_INCOMPLETE"

    def __init__(self, sources: Sequence[str]) -> None:
        super().__init__(
            f"The next index holds nothing of {', '.join(map(repr, sources))}. "
            "Index that into the rebuild too, or commit with drop_missing_sources.",
            sources=",".join(sources),
        )


class StorageUnavailable(ServiceError):
    """The storage does not answer, is full or can't be written."""

    reason = "STORAGE_UNAVAILABLE"


class StorageInUse(StorageUnavailable):
    """Another process has the index open."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"Another search service has {place} open. Stop it, or set SEARCH_EMBEDDED_PATH to another folder."
        )
