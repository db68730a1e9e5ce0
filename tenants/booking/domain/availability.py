"""Availability: when a service can begin at a store, why not at another time, and what is near instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import Text
from tenants.stores.domain.wall import local_date

from .calendar import Calendar, read_calendar
from .counted_slots import find_scheduled, is_scheduled, why_scheduled
from .offering import Offering, read_offering
from .search import DaySlots, Slot, search
from .why import Reason, Verdict, why

# How far around a wanted time the nearest free ones are looked for, and how many are told each side.
NEAR_DAYS = 7
EACH_SIDE = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a wish that would make it bookable."""

    starts_at: datetime
    practitioner_id: UUID | None
    detail: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a time is bookable, every rule against it, and the nearest changes that help."""

    bookable: bool
    reasons: tuple[Reason[UUID], ...]
    changes: tuple[Change, ...]


def find_slots(
    store_id: UUID,
    service_id: UUID,
    *,
    days: Sequence[date],
    now: datetime,
    practitioner_id: UUID | None = None,
    resource_id: UUID | None = None,
    party_size: int = 1,
    by_staff: bool = False,
) -> tuple[Offering, list[DaySlots[UUID]]]:
    """Every slot of the service at the store that begins on `days`, one entry a date, by employee id.

    Of a service booked by session or window its slots are those, with the places left. Two queries,
    however many people and days. Raises NotSeen and NotOffered.
    """
    offering = read_offering(store_id, service_id, by_staff=by_staff)
    if is_scheduled(offering):
        return offering, find_scheduled(
            offering, days, now=now, practitioner_id=practitioner_id, party_size=party_size
        )
    calendar = read_calendar(
        offering,
        days,
        now=now,
        practitioner_id=practitioner_id,
        resource_id=resource_id,
        party_size=party_size,
        by_staff=by_staff,
    )
    return offering, search(days, calendar.inputs)


def explain(
    store_id: UUID,
    service_id: UUID,
    *,
    starts_at: datetime,
    now: datetime,
    practitioner_id: UUID | None = None,
    by_staff: bool = False,
) -> Explanation:
    """Why the service cannot begin at `starts_at` (with that practitioner), and what could be changed.

    Agrees with find_slots. Changes, the smallest first: another person at the same time, then the
    nearest times before and after.
    """
    offering = read_offering(store_id, service_id, by_staff=by_staff)
    days = days_around(starts_at, offering, now=now)
    if is_scheduled(offering):
        code = why_scheduled(offering, starts_at, now=now, practitioner_id=practitioner_id)
        if code is None:
            return Explanation(True, (), ())
        near = nearest(find_scheduled(offering, days, now=now), starts_at)
        changes = tuple(_change(slot, starts_at, practitioner_id) for slot in near)
        return Explanation(False, (Reason(code),), changes)
    calendar = read_calendar(offering, days, now=now, by_staff=by_staff)
    verdict = judge(calendar, starts_at, now=now, practitioner_id=practitioner_id)
    if verdict.bookable:
        return Explanation(True, (), ())
    near = nearest(search(days, calendar.inputs), starts_at)
    return Explanation(
        False, verdict.reasons, tuple(_change(slot, starts_at, practitioner_id) for slot in near)
    )


def judge(
    calendar: Calendar, starts_at: datetime, *, now: datetime, practitioner_id: UUID | None = None
) -> Verdict[UUID]:
    """The verdict on one time, for all candidates or one of them."""
    inputs = calendar.inputs
    if practitioner_id is not None:
        only = {key: value for key, value in inputs.staff.items() if key == practitioner_id}
        inputs = replace(inputs, staff=only)
    return why(starts_at, inputs, now=now)


def find_alternatives(
    offering: Offering,
    starts_at: datetime,
    *,
    now: datetime,
    by_staff: bool = False,
    but: UUID | None = None,
    party_size: int = 1,
    resource_id: UUID | None = None,
) -> list[Slot[UUID]]:
    """The nearest free slots to `starts_at`, by anyone: up to three from it on and up to three before, in order."""
    days = days_around(starts_at, offering, now=now)
    calendar = read_calendar(
        offering,
        days,
        now=now,
        by_staff=by_staff,
        but=but,
        party_size=party_size,
        resource_id=resource_id,
    )
    return sorted(nearest(search(days, calendar.inputs), starts_at))


def days_around(starts_at: datetime, offering: Offering, *, now: datetime) -> list[date]:
    """The local dates from a day before to a week after a time, none of them past."""
    middle = local_date(starts_at, offering.zone)
    today = local_date(now, offering.zone)
    days = [middle + timedelta(days=n) for n in range(-1, NEAR_DAYS + 1)]
    return [day for day in days if day >= today] or [today]


def nearest(found: Sequence[DaySlots[UUID]], starts_at: datetime) -> list[Slot[UUID]]:
    """The free slots next to a time, nearest first: up to three at or after it, up to three before."""
    slots = [slot for day in found for slot in day.slots]
    after = [slot for slot in slots if slot.starts_at >= starts_at][:EACH_SIDE]
    before = [slot for slot in slots if slot.starts_at < starts_at][-EACH_SIDE:]
    return sorted([*after, *before], key=lambda slot: abs(slot.starts_at - starts_at))


def slot_documents(slots: Sequence[Slot[UUID]], offering: Offering) -> list[dict[str, Any]]:
    """Slots as the API writes them, in the store's offset; `left` is null where nothing is counted.

    A month has thousands of them and few different moments and sets of people: each is written once.
    """
    zone = offering.zone
    moments: dict[datetime, str] = {}
    people: dict[tuple[UUID, ...], list[str]] = {}

    def text(moment: datetime) -> str:
        written = moments.get(moment)
        if written is None:
            written = moments[moment] = moment.astimezone(zone).isoformat()
        return written

    documents = []
    staff: tuple[UUID, ...] | None = None
    for slot in slots:
        # neighbours mostly share the very tuple, which spares hashing its ids
        if slot.staff is not staff:
            staff = slot.staff
            names = people.get(staff)
            if names is None:
                names = people[staff] = [str(person) for person in staff]
        documents.append(
            {
                "starts_at": text(slot.starts_at),
                "ends_at": text(slot.ends_at),
                "practitioners": names,
                "left": slot.left,
            }
        )
    return documents


def _change(slot: Slot[UUID], starts_at: datetime, practitioner_id: UUID | None) -> Change:
    kept = practitioner_id if practitioner_id in slot.staff else next(iter(slot.staff), None)
    if slot.starts_at == starts_at:
        return Change(slot.starts_at, kept, _("Someone else is free at that time."))
    if slot.starts_at > starts_at:
        return Change(slot.starts_at, kept, _("A later time is free."))
    return Change(slot.starts_at, kept, _("An earlier time is free."))
