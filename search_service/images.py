"""What the index is about, and the port that each kind of index implements."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from search_service.errors import ServiceError
from search_service.facets import FacetOptions, Facets
from search_service.photo_facts import Camera, Location, TakenAtSource
from search_service.places import BoundingBox, Nearby

# Unit length, float32, one dimension.
Vector = NDArray[np.float32]

MAX_WINDOW = 10_000
MAX_DIMENSIONS = 4_096
MAX_FINGERPRINT_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Image:
    """One photo, without its vector. The fields are those of imagesearch.type.v1.Image."""

    id: str
    source: str
    relative_path: str
    name: str
    content_sha256: str = ""
    size_bytes: int = 0
    modified_at_ns: int | None = None  # nanoseconds since 1970, UTC
    media_type: str = ""
    width: int = 0
    height: int = 0
    taken_at: datetime | None = None  # civil time, naive
    utc_offset: timedelta | None = None  # of taken_at, where the file tells it
    taken_at_source: TakenAtSource = TakenAtSource.NONE
    location: Location | None = None
    camera: Camera | None = None
    title: str = ""
    caption: str = ""
    keywords: tuple[str, ...] = ()
    rating: int | None = None  # 1 to 5 stars, 0 for none, -1 for rejected
    altitude_meters: float | None = None
    perceptual_hash: int | None = None  # 64 bits, unsigned
    extractor_version: int = 0
    indexed_at: datetime | None = None  # UTC, set by the index


def sample_key(image_id: str) -> int:
    """A hash of the id, 56 bits: mixes photos in a way that is the same everywhere, and divides them into shards."""
    return int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:7], "big")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells whether a file changed since it was indexed."""

    id: str
    source: str
    relative_path: str
    size_bytes: int
    modified_at_ns: int | None
    content_sha256: str
    extractor_version: int


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a source, at any depth; without a path the whole source."""

    source: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps the photos that meet every part that is set. The times are civil: taken_from <= taken_at < taken_before."""

    taken_from: datetime | None = None
    taken_before: datetime | None = None
    folders: tuple[Folder, ...] = ()
    bounding_box: BoundingBox | None = None
    nearby: Nearby | None = None
    cameras: tuple[Camera, ...] = ()
    media_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shard:
    """The photos whose sample_key, divided by `count`, leaves `index`."""

    index: int
    count: int


@dataclass(frozen=True, slots=True)
class FingerprintFilter:
    """Which fingerprints; an empty field keeps all."""

    source: str = ""
    path_prefix: str = ""
    shard: Shard | None = None
    content_sha256: tuple[str, ...] = ()
    rebuild_id: str = ""


class SearchOrder(Enum):
    """In which order the hits of a window come; each is total."""

    SCORE = 1  # best first, then id
    NEWEST_FIRST = 2  # taken_at descending, without a time last, then id


class ListOrder(Enum):
    """In which order photos are listed; each is total."""

    NEWEST_FIRST = 1  # taken_at descending, without a time last, then id
    SAMPLE = 2  # sample_key, then id


@dataclass(frozen=True, slots=True)
class ListPlace:
    """A place in a list: right after a photo with these values, be it still there or not."""

    id: str
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Embedding:
    """A vector and the model whose space it lies in."""

    model: str
    values: Vector


@dataclass(frozen=True, slots=True)
class CopyOf:
    """The stored vector of this photo."""

    image_id: str


@dataclass(frozen=True, slots=True)
class Write:
    """A photo to write, and where its vector comes from."""

    image: Image
    vector: Embedding | CopyOf


@dataclass(frozen=True, slots=True)
class Window:
    """What all pages of one search are cut from: the best `size` hits, found among about `candidates` vectors."""

    size: int
    candidates: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A photo that was found; the score is the cosine.

    Where photos that look alike are hidden: how many it stands for, and the ids of the best of them.
    """

    image: Image
    score: float
    similar_count: int = 0
    similar_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HitPage:
    """Some hits of a window; `more` tells whether the window goes on after them."""

    hits: list[Hit]
    more: bool


@dataclass(frozen=True, slots=True)
class WindowHits:
    """All hits of a window, best first, by what photos that look alike are told: columns of one length.

    `contents` are content_sha256, "" where it is not known; `looks` are perceptual hashes, 0 where `has_look` is false.
    """

    ids: list[str]
    scores: list[float]
    contents: list[str]
    looks: NDArray[np.uint64]
    has_look: NDArray[np.bool_]
    taken_at_us: list[int | None]


@dataclass(frozen=True, slots=True)
class Model:
    """What an index's vectors are of."""

    name: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The next index, not yet in use."""

    id: str
    model: Model
    image_count: int


class IndexState(Enum):
    """How an index is."""

    MISSING = 1
    READY = 2
    DEGRADED = 3
    UNAVAILABLE = 4


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """The index at this moment. `sources` maps names to counts; `state_detail` is a sentence for a person."""

    state: IndexState
    state_detail: str
    model: Model | None
    image_count: int
    sources: dict[str, int]
    rebuild: Rebuild | None
    backend: str


class Images(Protocol):
    """An index of photos.

    All methods may raise StorageUnavailable. Before the first write, reads raise IndexMissing where not said otherwise.
    """

    async def describe(self) -> IndexInfo:
        """The index at this moment. Never raises for a storage that is not well: the state tells it."""
        ...

    async def model(self) -> Model:
        """What the index's vectors are of. Raises IndexMissing."""
        ...

    async def write(self, writes: Sequence[Write], rebuild_id: str = "") -> list[ServiceError | None]:
        """Adds or replaces photos, in order; one answer for each, None once it is durable.

        The first vector ever written decides the index's model. With `rebuild_id` the next index is written.
        """
        ...

    async def finish_writing(self) -> None:
        """Makes all that was written visible to searches. Called when a stream of writes has ended."""
        ...

    async def delete(self, ids: Sequence[str]) -> int:
        """Removes photos; returns how many there were. The index may be missing."""
        ...

    async def get(self, ids: Sequence[str]) -> dict[str, Image]:
        """The photos that there are of these ids. The index may be missing."""
        ...

    async def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """The stored vectors that there are of these ids. Raises IndexMissing."""
        ...

    async def search(
        self,
        vector: Vector,
        *,
        keep: Filter,
        excluded_ids: Sequence[str],
        window: Window,
        offset: int,
        limit: int,
        order: SearchOrder = SearchOrder.SCORE,
        model: Model | None = None,
    ) -> HitPage:
        """Some of the window (the nearest photos by cosine, equal ones by id): `limit` of them from `offset` on.

        With `model`, raises ModelMismatch unless the index that is searched is of it: another one may serve by now.
        """
        ...

    async def window(
        self,
        vector: Vector,
        *,
        keep: Filter,
        excluded_ids: Sequence[str],
        window: Window,
        model: Model | None = None,
    ) -> WindowHits:
        """The whole window of `search`, without the photos themselves."""
        ...

    async def list_page(self, order: ListOrder, *, keep: Filter, after: ListPlace | None, limit: int) -> list[Image]:
        """The next photos of a list, at most `limit`."""
        ...

    async def facets(self, keep: Filter, options: FacetOptions) -> Facets:
        """Counts of the photos that the filter keeps."""
        ...

    def fingerprints(self, keep: FingerprintFilter) -> AsyncIterator[list[Fingerprint]]:
        """By relative_path (its bytes), then id, in lists of at most MAX_FINGERPRINT_BATCH. A missing index has none.

        Raises RebuildNotFound.
        """
        ...

    async def begin_rebuild(self, model: Model) -> Rebuild:
        """Starts the next index or continues the one of this model. Raises RebuildConflict."""
        ...

    async def commit_rebuild(self, rebuild_id: str, *, drop_missing_sources: bool) -> IndexInfo:
        """Puts the next index in the present one's place. Raises RebuildNotFound, RebuildIncomplete."""
        ...

    async def cancel_rebuild(self, rebuild_id: str) -> None:
        """Drops the next index. Raises RebuildNotFound."""
        ...
