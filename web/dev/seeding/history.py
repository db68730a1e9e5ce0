"""What happened to seeded bookings: transitions and events, as the domain would have written them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from tenants.booking.models import Transition
from tenants.events.models import Event
from web.dev.seeding.plan import Outcome, Visit
from web.dev.seeding.rows import copy_rows

# (status before, status after, who did it) in order, by how the booking stands
_STEPS: dict[Outcome, tuple[tuple[str, str], ...]] = {
    Outcome.CONFIRMED: (("", "confirmed"),),
    Outcome.CANCELLED: (("", "confirmed"), ("confirmed", "cancelled")),
    Outcome.NO_SHOW: (("", "confirmed"), ("confirmed", "no_show")),
    Outcome.ARRIVED: (("", "confirmed"), ("confirmed", "arrived")),
    Outcome.COMPLETED: (("", "confirmed"), ("confirmed", "arrived"), ("arrived", "completed")),
}

Step = tuple[UUID, Visit, int, str, str, datetime]


def _steps(booked: Sequence[tuple[UUID, Visit]]) -> Iterator[Step]:
    for booking_id, visit in booked:
        for version, (before, after) in enumerate(_STEPS[visit.outcome], start=1):
            at = {"confirmed": visit.booked_at, "arrived": visit.starts_at}.get(after, visit.changed_at)
            yield booking_id, visit, version, before, after, at


def history_of(
    booked: Sequence[tuple[UUID, Visit]],
    *,
    members: Sequence[UUID],
    clerks: Sequence[UUID],
    stores: Sequence[UUID],
) -> None:
    """Write every step of every booking: the transition, and the event that told of it."""
    by_member = {"confirmed", "cancelled"}
    copy_rows(
        Transition,
        ("booking_id", "before", "after", "at", "by_employee_id", "by_member_id", "reason", "detail"),
        (
            (
                booking_id,
                before,
                after,
                at,
                None if after in by_member else clerks[visit.store],
                members[visit.member] if after in by_member else None,
                "",
                {},
            )
            for booking_id, visit, _version, before, after, at in _steps(booked)
        ),
    )
    copy_rows(
        Event,
        ("kind", "subject_id", "store_id", "version", "payload", "at"),
        (
            (f"booking.{after}", booking_id, stores[visit.store], version, {}, at)
            for booking_id, visit, version, _before, after, at in _steps(booked)
        ),
    )
