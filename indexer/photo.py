"""What the indexer knows of a file: that it was found, what the index holds of it, and what the file says of itself."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from pictures.descriptions import Description

# A higher number makes the next run read every file again, because what is read from a file has changed.
EXTRACTOR_VERSION = 2


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be a photo."""

    path: bytes
    """Under the root, parts separated by "/"."""
    relative_path: str
    """The same, encoded as Image.relative_path is."""
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the index holds of a file."""

    image_id: str
    relative_path: str
    size: int
    modified_ns: int
    content_sha256: str
    extractor_version: int

    def matches(self, file: FoundFile) -> bool:
        """Whether the file is, by size and time, the one that was indexed, and by this version."""
        return (
            self.size == file.size
            and self.modified_ns == file.modified_ns
            and self.extractor_version >= EXTRACTOR_VERSION
        )


class TakenAtSource(Enum):
    """Where the time comes from that a photo was taken at."""

    EXIF = "exif"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class TakenAt:
    """Civil time; the offset from UTC only where it is known."""

    civil: datetime
    utc_offset: timedelta | None
    source: TakenAtSource


@dataclass(frozen=True, slots=True)
class Location:
    """WGS 84, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo's facts, as they are written to the index."""

    image_id: str
    source: str
    path: bytes
    content_sha256: str
    size: int
    modified_ns: int
    media_type: str
    width: int
    height: int
    taken_at: TakenAt | None
    location: Location | None
    camera_make: str
    camera_model: str
    lens: str = ""
    altitude_meters: float | None = None
    description: Description = field(default_factory=Description)
    perceptual_hash: int | None = None
    """64 bits; None if the picture has too little structure."""
    extractor_version: int = EXTRACTOR_VERSION
