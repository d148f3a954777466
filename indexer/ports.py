"""What the indexer needs of the two services, in plain Python. clients.py fulfils it over gRPC.

Every method raises TemporaryTrouble if the service does not answer now (a stream may do so at any moment: send what is
unanswered again), and an IndexerError if a person must act.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from indexer.errors import FileTrouble, IndexerError, TemporaryTrouble
from indexer.failure import Failure
from indexer.photo import Fingerprint, Photo
from indexer.scope import Shard

# Why one item of a stream was not done: the file's fault, worth another try, or a reason to end the run.
ItemError = FileTrouble | TemporaryTrouble | IndexerError


class ModelState(Enum):
    """How far the embedder's model is."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Model:
    """The embedder's model. `id` and `dimensions` are only known once it is ready."""

    id: str
    name: str
    dimensions: int
    state: ModelState
    detail: str = ""
    progress: float = 0.0
    notice: str = ""
    max_unanswered: int = 0
    """How many pictures of one stream may be unanswered; 0: not told."""
    useful_edge: int = 0
    """The shortest edge, in pixels, that a picture needs for the best embedding; 0: not told."""
    embeds_images: bool = True


@dataclass(frozen=True)
class Rebuild:
    """The next index."""

    id: str
    model: str
    image_count: int


@dataclass(frozen=True)
class Index:
    """The present index; `model` is empty while there is none."""

    model: str
    counts: Mapping[str, int]
    """How many photos it holds, by source."""
    rebuild: Rebuild | None = None


@dataclass(frozen=True)
class Embedding:
    """A unit vector in the space of `model`."""

    model: str
    values: Sequence[float]


@dataclass(frozen=True)
class Picture:
    """An encoded picture to embed. `key` comes back with the answer."""

    key: str
    data: bytes


@dataclass(frozen=True)
class EmbeddedPicture:
    """The answer to a Picture."""

    key: str
    result: Embedding | ItemError


@dataclass(frozen=True)
class Write:
    """A photo to write, with its vector or the id of the photo whose stored vector it shares.

    Answered with IMAGE_NOT_FOUND if the index does not hold that photo with the content of this one.
    """

    photo: Photo
    vector: Embedding | str
    rebuild_id: str = ""

    @property
    def key(self) -> str:
        """The photo's id."""
        return self.photo.image_id


@dataclass(frozen=True)
class Written:
    """The answer to a Write; without an error the photo is durable."""

    key: str
    error: ItemError | None = None


class Embedder(Protocol):
    """The embedder service."""

    async def get_model(self) -> Model:
        """The model, in whatever state it is."""
        ...

    def embed_pictures(self, pictures: AsyncIterator[Picture]) -> AsyncGenerator[EmbeddedPicture, None]:
        """One answer a picture, in any order; ends after the last."""
        ...


class Search(Protocol):
    """The search service. A `rebuild_id` that is not empty means the next index instead of the present one."""

    async def get_index(self) -> Index:
        """The index, as it is at this moment."""
        ...

    def list_fingerprints(
        self, source: str, path_prefix: str, shard: Shard | None, rebuild_id: str
    ) -> AsyncIterator[Sequence[Fingerprint]]:
        """What the index holds of the source, ordered by relative_path, in batches."""
        ...

    def list_failures(self, source: str, path_prefix: str, shard: Shard | None) -> AsyncIterator[Sequence[Failure]]:
        """The files of the source that could not be indexed, ordered by relative_path, in batches.

        A search service of a version that keeps no failures lists none.
        """
        ...

    async def report_failures(self, source: str, failures: Sequence[Failure], resolved: Sequence[str]) -> None:
        """Records failures (at most 1,000), and forgets those of the relative paths `resolved` (at most 1,000).

        Nothing comes of it at a search service of a version that keeps no failures.
        """
        ...

    async def find_contents(self, hashes: Sequence[str], rebuild_id: str) -> Mapping[str, str]:
        """For each SHA-256 (at most 1,000) that the index holds, in any source, the id of a photo with that content."""
        ...

    def write_photos(self, writes: AsyncIterator[Write]) -> AsyncGenerator[Written, None]:
        """One answer a write, in any order; ends after the last, when all of it is visible to searches."""
        ...

    async def delete_photos(self, image_ids: Sequence[str]) -> int:
        """Removes at most 1,000 photos from the present index; tells how many of them it held."""
        ...

    async def begin_rebuild(self, model: Model) -> Rebuild:
        """Starts the next index, or continues the one that is under way."""
        ...

    async def commit_rebuild(self, rebuild_id: str, *, drop_missing_sources: bool) -> None:
        """Puts the next index in the present one's place. Raises RebuildNotFinished if a source is missing in it."""
        ...

    async def cancel_rebuild(self, rebuild_id: str) -> None:
        """Drops the next index."""
        ...
