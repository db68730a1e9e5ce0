"""How far it is between two places, as the crow flies."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

# Mean radius of the earth (IUGG), metres.
_RADIUS = 6_371_009

Point = tuple[float, float]


def metres_between(here: Point, there: Point) -> int:
    """Metres between two points of (latitude, longitude) in degrees, by the haversine formula."""
    (lat, lng), (to_lat, to_lng) = ((radians(x), radians(y)) for x, y in (here, there))
    half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lng - lng) / 2) ** 2
    return round(2 * _RADIUS * asin(min(1.0, sqrt(half))))
