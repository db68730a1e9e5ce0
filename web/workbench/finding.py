"""The one search box: bookings of the store by code, by the end of a phone number, by name."""

from __future__ import annotations

from tenants.booking.domain.day import find_bookings
from web.workbench.access import Desk
from web.workbench.day import Row, row_of

MOST = 8
LONGEST = 64


def find_rows(desk: Desk, text: str) -> list[Row]:
    """Up to sixteen bookings of the desk's store: the coming ones, soonest first, then the past, latest first."""
    text = text.strip()[:LONGEST]
    if not text:
        return []
    found = find_bookings(by=desk.actor, zone=desk.zone, store_id=desk.store.id, text=text)
    coming = found.filter(ends_at__gte=desk.now).order_by("starts_at", "id")[:MOST]
    past = found.filter(ends_at__lt=desk.now).order_by("-starts_at", "-id")[:MOST]
    return [row_of(one, desk) for one in [*coming, *past]]
