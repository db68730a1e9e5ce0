"""Visits: what a member has behind and before them, and what is known of them when they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from tenants.booking.models import LIVE, Booking, Status

PAST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Greeting:
    """What to know when greeting a member: earlier visits, notes. Times are aware UTC."""

    member_name: str
    first_visit: bool
    visits: int
    last_visit_at: datetime | None
    note: str
    member_note: str


def visits_of(member_id: UUID) -> QuerySet[Booking]:
    """The member's visits: bookings for which they arrived, at any store; lazy."""
    return Booking.objects.filter(member_id=member_id, status__in=[Status.ARRIVED, Status.COMPLETED])


def count_visits(member_id: UUID | None) -> int:
    """How often the member has come, one now in the shop counted; 0 for a visitor nobody knows. One query."""
    return visits_of(member_id).count() if member_id is not None else 0


def read_own_bookings(member_id: UUID, *, now: datetime) -> tuple[list[Booking], list[Booking]]:
    """A member's bookings and those they pay for: to come, soonest first; and past, latest first, at most PAST_SHOWN. Two queries.

    To come is what still stands and has not ended; a hold that ran out is neither.
    """
    mine = Booking.objects.select_related("service", "store", "practitioner", "member").filter(
        Q(member_id=member_id) | Q(payer_id=member_id)
    )
    coming = mine.filter(status__in=LIVE, ends_at__gt=now).order_by("starts_at")
    been = mine.exclude(status=Status.EXPIRED).exclude(status__in=LIVE, ends_at__gt=now)
    shown = coming.exclude(status=Status.HELD, expires_at__lte=now)
    return list(shown), list(been.order_by("-starts_at")[:PAST_SHOWN])


def greet(booking: Booking, *, now: datetime) -> Greeting:
    """The greeting for a booking that has just arrived (its member is loaded); one query."""
    assert booking.member is not None  # only a confirmed booking arrives
    earlier = visits_of(booking.member.id).filter(starts_at__lte=now).exclude(id=booking.id)
    seen = earlier.aggregate(count=Count("id"), last=Max("starts_at"))
    return Greeting(
        member_name=booking.member.name,
        first_visit=seen["count"] == 0,
        visits=seen["count"],
        last_visit_at=seen["last"],
        note=booking.note,
        member_note=booking.member.note,
    )
