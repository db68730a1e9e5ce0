"""Wall-clock spans of a store as Spans on the UTC line (see tenants.stores.domain.wall)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from tenants.stores.domain.wall import local_day

from .spans import Span


@lru_cache(maxsize=8192)
def local_span(day: date, start: int, end: int, zone: ZoneInfo) -> Span | None:
    """Opening hours or a shift of one day, in wall minutes after its midnight, as a UTC span.

    `end` may pass 24 h for what ends after midnight. None where nothing is left: `end` not after
    `start`, or all of it inside a gap.
    """
    place = local_day(day, zone)
    first, last = place.at(start), place.at(end)
    return Span(first, last) if first < last else None
