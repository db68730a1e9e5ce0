"""Availability of what is scheduled: the sessions or pickup windows of a service as slots with places left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from tenants.booking.models import PickupWindow, Session, SessionState
from tenants.catalogue.models import BookedAs
from tenants.stores.domain.wall import local_date, local_day

from .offering import Offering
from .search import DaySlots, Slot
from .why import Code


class Standing(NamedTuple):
    """A session that takes place or a window that takes orders; `practitioner` is None for goods."""

    starts_at: datetime
    ends_at: datetime
    practitioner: UUID | None
    left: int


def is_scheduled(offering: Offering) -> bool:
    """Whether the service is booked by session or pickup window."""
    return offering.booked_as != BookedAs.TIME


def find_scheduled(
    offering: Offering,
    days: Sequence[date],
    *,
    now: datetime,
    practitioner_id: UUID | None = None,
    party_size: int = 1,
) -> list[DaySlots[UUID]]:
    """What begins on `days` (local dates) and can still be booked by members, one entry a date; one query."""
    found: dict[date, list[Slot[UUID]]] = {day: [] for day in days}
    if not days:
        return []
    seats = party_size if offering.booked_as == BookedAs.SESSION else 1
    for one in _read(offering, min(days), max(days), practitioner_id=practitioner_id):
        day = local_date(one.starts_at, offering.zone)
        if day in found and one.left >= seats and _closed(one, offering, now=now) is None:
            staff = (one.practitioner,) if one.practitioner else ()
            found[day].append(Slot(one.starts_at, one.ends_at, staff, one.left))
    return [DaySlots(day, found[day]) for day in days]


def why_scheduled(
    offering: Offering, starts_at: datetime, *, now: datetime, practitioner_id: UUID | None = None
) -> Code | None:
    """The first rule against booking what begins at `starts_at`; None where it can be booked."""
    day = local_date(starts_at, offering.zone)
    standing = _read(offering, day, day, practitioner_id=practitioner_id)
    at = [one for one in standing if one.starts_at == starts_at]
    if not at:
        return "past" if starts_at < now else "off_step"
    if all(one.left < 1 for one in at):
        return "taken"
    return _closed(max(at, key=lambda one: one.left), offering, now=now)


def _closed(one: Standing, offering: Offering, *, now: datetime) -> Code | None:
    """The rule of time that closes it: what counts is the start of a session and the end of a window."""
    last = one.starts_at if offering.booked_as == BookedAs.SESSION else one.ends_at
    if last <= now:
        return "past"
    if last <= now + offering.lead:
        return "too_soon"
    return "too_far" if one.starts_at > now + offering.horizon else None


def _read(offering: Offering, first: date, last: date, *, practitioner_id: UUID | None) -> list[Standing]:
    rows = Session.objects if offering.booked_as == BookedAs.SESSION else PickupWindow.objects
    found = rows.filter(
        store_id=offering.store_id,
        service_id=offering.service_id,
        starts_at__gte=local_day(first, offering.zone).start,
        starts_at__lt=local_day(last + timedelta(days=1), offering.zone).start,
    ).order_by("starts_at", "id")
    columns = ["starts_at", "ends_at", "pool__capacity", "pool__taken"]
    if offering.booked_as == BookedAs.SESSION:
        found = found.filter(state=SessionState.SCHEDULED)
        if practitioner_id is not None:
            found = found.filter(practitioner_id=practitioner_id)
        columns.append("practitioner_id")
    else:
        found = found.filter(open=True)
    return [
        Standing(row["starts_at"], row["ends_at"], row.get("practitioner_id"), _left(row))
        for row in found.values(*columns)
    ]


def _left(row: dict[str, int]) -> int:
    return max(0, row["pool__capacity"] - row["pool__taken"])
