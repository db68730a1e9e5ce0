"""Availability: when a service can begin at a store, why not at another time, and what is near instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from chains.refusals import Text
from tenants.catalogue.models import BookedAs
from tenants.people.domain.rights import NotSeen
from tenants.stores.domain.wall import local_date

from .calendar import Calendar, Wish, read_calendar, read_calendars
from .counted_slots import find_scheduled, is_scheduled, why_scheduled
from .offering import Offering, read_offering, read_offerings
from .own_time import OwnBooking, outside, overlapping, read_own_time
from .search import DaySlots, Slot, desk_step, search, thin
from .why import Reason, Verdict, why

# How far around a wanted time the nearest free ones are looked for, and how many are told each side.
NEAR_DAYS = 7
EACH_SIDE = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a wish that would make it bookable, with all that booking it takes beside the service.

    `kind` is what changes first: the person, the room or table, the time, or the store. None leaves a
    practitioner or room to the shop.
    """

    kind: Literal["person", "resource", "time", "store"]
    starts_at: datetime
    store_id: UUID
    zone: ZoneInfo
    practitioner_id: UUID | None
    resource_id: UUID | None
    detail: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a time is bookable, every rule against it, and the nearest changes that help.

    `own` are bookings that the member who asks has at that time; the changes leave their time alone.
    """

    bookable: bool
    reasons: tuple[Reason[UUID], ...]
    changes: tuple[Change, ...]
    own: tuple[OwnBooking, ...] = ()


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

    Of a service booked by session or window its slots are those, with the places left. Two messages,
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
    require_thing(calendar, resource_id)
    if practitioner_id is not None and not offering.needs_person:
        return offering, [DaySlots(day, []) for day in days]
    return offering, search(days, calendar.inputs)


def explain(
    store_id: UUID,
    service_id: UUID,
    *,
    starts_at: datetime,
    now: datetime,
    practitioner_id: UUID | None = None,
    resource_id: UUID | None = None,
    party_size: int = 1,
    by_staff: bool = False,
    elsewhere: bool = False,
    member_id: UUID | None = None,
    but: UUID | None = None,
) -> Explanation:
    """Why the service cannot begin at `starts_at` (with that practitioner, in that room), and what would help.

    Agrees with find_slots. Changes, the smallest first: another person or room at the same time, then the
    nearest times before and after, then (with `elsewhere`) the nearest times at other stores. For a
    `member_id` their own bookings count too, but for `but` (one that they move). Two messages, one more for a
    room, two more for other stores, one more for a member.
    """
    offering = read_offering(store_id, service_id, by_staff=by_staff)
    days = days_around(starts_at, offering, now=now)
    own = read_own_time(member_id, days, offering.zone, now=now, but=but)
    if is_scheduled(offering):
        return _explain_scheduled(offering, days, starts_at, practitioner_id, now=now, own=own)
    wish = Wish(None, resource_id, party_size)
    (calendar,) = read_calendars([offering], days, wish=wish, now=now, by_staff=by_staff)
    require_thing(calendar, resource_id)
    verdict = judge(calendar, starts_at, now=now, practitioner_id=practitioner_id)
    clash = overlapping(own, offering.need.service_span(starts_at))
    if verdict.bookable and not clash:
        return Explanation(True, (), ())
    changes = list(_changes_here(calendar, days, starts_at, practitioner_id, own=own))
    if resource_id is not None and not clash:
        anywhere = replace(wish, resource_id=None)
        (free,) = read_calendars([offering], days, wish=anywhere, now=now, by_staff=by_staff)
        if judge(free, starts_at, now=now, practitioner_id=practitioner_id).bookable:
            where, detail = (store_id, offering.zone), _DETAILS["resource"]
            changes.insert(0, Change("resource", starts_at, *where, practitioner_id, None, detail))
    if elsewhere:
        others = [one for one in read_offerings(service_id, by_staff=by_staff) if one.store_id != store_id]
        changes += _changes_elsewhere(
            others,
            days,
            starts_at,
            practitioner_id,
            wish=Wish(party_size=party_size),
            now=now,
            by_staff=by_staff,
            own=own,
        )
    return Explanation(False, verdict.reasons, tuple(changes), clash)


def _explain_scheduled(
    offering: Offering,
    days: Sequence[date],
    starts_at: datetime,
    wished: UUID | None,
    *,
    now: datetime,
    own: Sequence[OwnBooking],
) -> Explanation:
    """The same of a session or pickup, whose times are planned one by one."""
    code = why_scheduled(offering, starts_at, now=now, practitioner_id=wished)
    if offering.booked_as == BookedAs.PICKUP:
        own = ()  # goods are picked up in passing, whatever else is booked
    clash = overlapping(own, offering.need.service_span(starts_at))
    if code is None and not clash:
        return Explanation(True, (), ())
    near = nearest(outside(find_scheduled(offering, days, now=now), own), starts_at)
    changes = tuple(_change(slot, starts_at, offering, wished=wished) for slot in near)
    return Explanation(False, (Reason(code),) if code is not None else (), changes, clash)


def _change(
    slot: Slot[UUID],
    starts_at: datetime,
    offering: Offering,
    *,
    wished: UUID | None,
    resource_id: UUID | None = None,
) -> Change:
    """A free slot here, as a change of the wish."""
    later = "later" if slot.starts_at > starts_at else "earlier"
    same = slot.starts_at == starts_at
    return Change(
        "person" if same else "time",
        slot.starts_at,
        offering.store_id,
        offering.zone,
        _kept(slot, wished),
        resource_id,
        _DETAILS["person" if same else later],
    )


def require_thing(calendar: Calendar, resource_id: UUID | None) -> None:
    """Raise NotSeen unless the room, table or station that was asked for stands in this store."""
    if resource_id is not None and resource_id not in calendar.things:
        raise NotSeen


_DETAILS: Mapping[str, Text] = MappingProxyType(
    {
        "person": _("Someone else is free at that time."),
        "resource": _("Another room or table is free at that time."),
        "later": _("A later time is free."),
        "earlier": _("An earlier time is free."),
        "store": _("Another shop has a time."),
        "store_then": _("Another shop is free at that time."),
    }
)


def _changes_here(
    calendar: Calendar,
    days: Sequence[date],
    starts_at: datetime,
    wished: UUID | None,
    *,
    own: Sequence[OwnBooking],
) -> Iterator[Change]:
    """Another person at the same time, then the nearest times: the wished person's, and anybody's."""
    found = outside(search(days, calendar.inputs), own)
    slots = {slot.starts_at: slot for slot in nearest(found, starts_at)}
    if wished is not None:
        theirs = [DaySlots(day.day, [slot for slot in day.slots if wished in slot.staff]) for day in found]
        slots |= {slot.starts_at: slot for slot in nearest(theirs, starts_at)}
    for slot in sorted(slots.values(), key=lambda slot: (abs(slot.starts_at - starts_at), slot.starts_at)):
        yield _change(
            slot, starts_at, calendar.offering, wished=wished, resource_id=calendar.wish.resource_id
        )


def _changes_elsewhere(
    offerings: Sequence[Offering],
    days: Sequence[date],
    starts_at: datetime,
    wished: UUID | None,
    *,
    wish: Wish,
    now: datetime,
    by_staff: bool,
    own: Sequence[OwnBooking],
) -> list[Change]:
    """The nearest time at each of up to three other stores, the nearest in time first."""
    if not offerings:
        return []
    changes = []
    for calendar in read_calendars(offerings, days, wish=wish, now=now, by_staff=by_staff):
        near = nearest(outside(search(days, calendar.inputs), own), starts_at)
        if near:
            same = near[0].starts_at == starts_at
            changes.append(
                Change(
                    "store",
                    near[0].starts_at,
                    calendar.offering.store_id,
                    calendar.offering.zone,
                    _kept(near[0], wished),
                    None,
                    _DETAILS["store_then" if same else "store"],
                )
            )
    return sorted(changes, key=lambda change: abs(change.starts_at - starts_at))[:EACH_SIDE]


def _kept(slot: Slot[UUID], wished: UUID | None) -> UUID | None:
    """The wished practitioner where they are free then, else one who is; None where nobody serves."""
    return wished if wished in slot.staff else next(iter(slot.staff), None)


def judge(
    calendar: Calendar, starts_at: datetime, *, now: datetime, practitioner_id: UUID | None = None
) -> Verdict[UUID]:
    """The verdict on one time, for all candidates or one of them."""
    inputs = calendar.inputs
    if practitioner_id is not None:
        if not calendar.offering.needs_person:
            return Verdict((), (Reason("no_practitioner"),))
        only = {key: value for key, value in inputs.staff.items() if key == practitioner_id}
        if len(only) < len(inputs.staff):
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
    member_id: UUID | None = None,
) -> list[Slot[UUID]]:
    """The nearest free slots to `starts_at`, by anyone: up to three from it on and up to three before, in order.

    None at a time when the member has another booking: what is offered can be booked. Staff are offered times a
    quarter of an hour apart, though they may book any.
    """
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
    own = read_own_time(member_id, days, offering.zone, now=now, but=but)
    found = outside(search(days, calendar.inputs), own)
    if by_staff:
        step = desk_step(offering.need.step)
        found = [DaySlots(one.day, thin(one.slots, zone=offering.zone, step=step, now=now)) for one in found]
    return sorted(nearest(found, starts_at))


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
