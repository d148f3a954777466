"""Parts of the Earth that photos may be taken in."""

from dataclasses import dataclass
from math import pi

from search_service.photo_facts import Location

# The mean radius of WGS 84, as Elasticsearch has it.
EARTH_RADIUS_METERS = 6_371_008.7714
# Nothing is farther away than the point on the other side.
FARTHEST_METERS = pi * EARTH_RADIUS_METERS


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """Between two parallels and two meridians, in degrees, edges included. With west > east it crosses the 180th."""

    south: float
    west: float
    north: float
    east: float

    @property
    def longitudes(self) -> tuple[tuple[float, float], ...]:
        """The ranges of longitudes that it covers, each from west to east. 180 and -180 are the same meridian."""
        if self.west > self.east:
            return (self.west, 180.0), (-180.0, self.east)
        if self.west == -180 and self.east < 180:
            return (self.west, self.east), (180.0, 180.0)
        if self.east == 180 and self.west > -180:
            return (self.west, self.east), (-180.0, -180.0)
        return ((self.west, self.east),)


@dataclass(frozen=True, slots=True)
class Nearby:
    """At most `radius_meters` away from the center, along a sphere of EARTH_RADIUS_METERS."""

    center: Location
    radius_meters: float
