"""What people search for, in plain values."""

from dataclasses import dataclass, field
from typing import Literal

Order = Literal["newest", "sample"]

MAX_TERMS = 32
MAX_PAGE_SIZE = 500
MAX_IMAGE_ID_BYTES = 512


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
class CivilTime:
    """A year, a month or a day; what is not said is 0."""

    year: int
    month: int = 0
    day: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a source; an empty path is the whole source."""

    source: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Photos taken from (inclusive) and before (exclusive) these times, in any of the folders."""

    taken_from: CivilTime | None = None
    taken_before: CivilTime | None = None
    folders: tuple[Folder, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page. Size 0 leaves the size to the search service."""

    size: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search. Without terms only where an uploaded picture takes their place."""

    terms: tuple[Term, ...]
    filter: Filter = field(default_factory=Filter)
    page: PageRequest = field(default_factory=PageRequest)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Photos without a search."""

    order: Order = "newest"
    filter: Filter = field(default_factory=Filter)
    page: PageRequest = field(default_factory=PageRequest)
