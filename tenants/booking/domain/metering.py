"""The bookings that a plan counts: each once, in the month in which it was confirmed first."""

from __future__ import annotations

from datetime import datetime

from tenants.events.domain.subscribers import Happened
from tenants.events.domain.usage import BOOKINGS, count_usage

# A hold that nobody confirms is not counted; moving or cancelling a booking changes nothing.
COUNTED_KINDS = frozenset({"booking.confirmed"})


def count_booking(event: Happened, *, now: datetime) -> None:
    """Subscriber `booking_count`: one more booking in the month of the event."""
    count_usage(BOOKINGS, at=event.at, now=now)
