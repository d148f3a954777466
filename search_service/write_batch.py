"""From the writes of a batch, in order, to the rows that the index stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from search_service.errors import ContentReplaced, ImageNotFound, InvalidField, ServiceError
from search_service.images import CopyOf, Embedding, Image, Model, Vector, Write
from search_service.query_vector import check_embedding, check_vector


@dataclass(frozen=True, slots=True)
class CopySource:
    """What the index holds of a photo that a vector is copied from: the vector, and the content that it is of."""

    content_sha256: str
    vector: Vector


@dataclass
class WriteBatch:
    """`rows` has each id once, with what was written last; `errors` has an entry for each write."""

    rows: dict[str, tuple[Image, Vector]] = field(default_factory=dict)
    errors: list[ServiceError | None] = field(default_factory=list)

    def fail(self, error: ServiceError) -> list[ServiceError | None]:
        """The answers if the rows could not be stored: those that would be OK get this error."""
        return [own or error for own in self.errors]


def copied_ids(writes: Sequence[Write]) -> list[str]:
    """The ids of the photos whose stored vectors the writes ask for."""
    return list({write.vector.image_id for write in writes if isinstance(write.vector, CopyOf)})


def first_model(writes: Sequence[Write]) -> Model | None:
    """The model of the first valid vector: a new index is made for it."""
    for write in writes:
        if isinstance(write.vector, Embedding) and write.vector.model:
            try:
                vector = check_vector(write.vector.values)
            except ServiceError:
                continue
            return Model(write.vector.model, len(vector))
    return None


def without_index(write: Write) -> ServiceError:
    """Why a photo could not be written where there is no index and no write brought a valid vector to make one for."""
    if isinstance(write.vector, CopyOf):
        return ImageNotFound(write.vector.image_id)
    try:
        check_vector(write.vector.values)
    except ServiceError as error:
        return error
    return InvalidField("embedding.model", "It names the model of the vector and can't be empty.")


def resolve_writes(writes: Sequence[Write], model: Model, stored: Mapping[str, CopySource]) -> WriteBatch:
    """Checks each vector and copies those of known photos, be they stored or earlier in the batch.

    A photo may hold another content by now than its reader saw, as after two files exchanged their names. So a vector
    is copied only for the content that it is of.
    """
    batch = WriteBatch()
    for write in writes:
        try:
            vector = _resolve(write, model, stored, batch)
        except ServiceError as error:
            batch.errors.append(error)
        else:
            batch.rows[write.image.id] = (write.image, vector)
            batch.errors.append(None)
    return batch


def _resolve(write: Write, model: Model, stored: Mapping[str, CopySource], batch: WriteBatch) -> Vector:
    if isinstance(write.vector, Embedding):
        return check_embedding(write.vector, model)
    source = _source(write.vector.image_id, stored, batch)
    if not source.content_sha256 or source.content_sha256 != write.image.content_sha256:
        raise ContentReplaced(write.vector.image_id)
    return source.vector


def _source(image_id: str, stored: Mapping[str, CopySource], batch: WriteBatch) -> CopySource:
    if image_id in batch.rows:
        image, vector = batch.rows[image_id]
        return CopySource(image.content_sha256, vector)
    if image_id not in stored:
        raise ImageNotFound(image_id)
    return stored[image_id]
