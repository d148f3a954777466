"""What a file says of its photo."""

from dataclasses import dataclass
from enum import Enum


class TakenAtSource(Enum):
    """Where Image.taken_at comes from. The values are stored: never renumber them."""

    NONE = 0
    EXIF = 1
    FILE = 2


@dataclass(frozen=True, slots=True)
class Location:
    """WGS 84, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Camera:
    """In the words of the file. Filters and counts leave the lens aside: theirs is empty."""

    make: str
    model: str
    lens: str = ""
