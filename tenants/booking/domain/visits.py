"""Visits: what a member has behind and before them, and what is known of them when they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from chains.postgresql.ask import Question
from tenants.booking.models import LIVE, Booking, Status

PAST_SHOWN = 30
# The member has come.
ARRIVED = (Status.ARRIVED, Status.COMPLETED)


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
    return Booking.objects.filter(member_id=member_id, status__in=ARRIVED)


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


Seen = tuple[int, datetime | None]


def seen_question(booking: Booking, *, now: datetime, into: list[Seen]) -> Question[None]:
    """How many visits the booking's member has before this one, and when the last began; appended to `into`."""
    return Question(
        "SELECT count(*), max(starts_at) FROM booking_booking"
        " WHERE member_id = %s AND status = ANY(%s) AND starts_at <= %s AND id <> %s",
        (booking.member_id, [status.value for status in ARRIVED], now, booking.id),
        lambda rows: into.append((rows[0][0], rows[0][1])),
    )


def greet(booking: Booking, seen: Seen) -> Greeting:
    """The greeting for a booking that has just arrived, whose member is loaded."""
    assert booking.member is not None  # only a confirmed booking arrives
    count, last = seen
    return Greeting(
        member_name=booking.member.name,
        first_visit=count == 0,
        visits=count,
        last_visit_at=last,
        note=booking.note,
        member_note=booking.member.note,
    )
