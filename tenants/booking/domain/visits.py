"""Visits: what is known of a member when they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from tenants.booking.models import Booking, Status


@dataclass(frozen=True, slots=True)
class Greeting:
    """What to know when greeting a member: earlier visits, notes. Times are aware UTC."""

    member_name: str
    first_visit: bool
    visits: int
    last_visit_at: datetime | None
    note: str
    member_note: str


def greet(booking: Booking, *, now: datetime) -> Greeting:
    """The greeting for a booking that has just arrived (its member is loaded); one query."""
    assert booking.member is not None  # only a confirmed booking arrives
    seen = (
        Booking.objects.filter(
            member_id=booking.member_id,
            status__in=[Status.ARRIVED, Status.COMPLETED],
            starts_at__lte=now,
        )
        .exclude(id=booking.id)
        .aggregate(count=Count("id"), last=Max("starts_at"))
    )
    return Greeting(
        member_name=booking.member.name,
        first_visit=seen["count"] == 0,
        visits=seen["count"],
        last_visit_at=seen["last"],
        note=booking.note,
        member_note=booking.member.note,
    )
