"""What people search for, in plain values."""

from dataclasses import dataclass, field
from typing import Literal

from gateway.filter import Filter, Folder

SearchOrder = Literal["score", "newest"]
ListOrder = Literal["newest", "sample"]

MAX_TERMS = 32
MAX_PAGE_SIZE = 500
MAX_FAILURES = 1_000
MAX_IMAGE_ID_BYTES = 512
MAX_TILE_ZOOM = 20
MAX_FACET_VALUES = 1_000


@dataclass(frozen=True, slots=True)
class Embedding:
    """A unit vector of `model`."""

    model: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TextTerm:
    """Photos that a text describes. A weight of None is 1."""

    text: str
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class ImageTerm:
    """Photos like one of the index, which is itself left out."""

    image_id: str
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class VectorTerm:
    """Photos near to a vector."""

    embedding: Embedding
    weight: float | None = None


Term = TextTerm | ImageTerm | VectorTerm


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page. Size 0 leaves the size to the search service."""

    size: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search. Without terms only where an uploaded picture takes their place.

    `hide_similar` shows one photo of those that look alike.
    """

    terms: tuple[Term, ...]
    filter: Filter = field(default_factory=Filter)
    page: PageRequest = field(default_factory=PageRequest)
    order: SearchOrder = "score"
    hide_similar: bool = False


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Photos without a search."""

    order: ListOrder = "newest"
    filter: Filter = field(default_factory=Filter)
    page: PageRequest = field(default_factory=PageRequest)


@dataclass(frozen=True, slots=True)
class FacetQuery:
    """Counts of photos: the zoom of the map's tiles and the most values of a facet. None leaves it to the service."""

    filter: Filter = field(default_factory=Filter)
    tile_zoom: int | None = None
    max_values: int | None = None


@dataclass(frozen=True, slots=True)
class FailureQuery:
    """Files that could not be indexed: all, those of a source, or those in a folder of it."""

    folder: Folder | None = None
    page: PageRequest = field(default_factory=PageRequest)
