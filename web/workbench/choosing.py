"""Choosing a time at the desk: services, people, days and slots in the shape of the page's pickers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tenants.booking.domain.calendar import read_calendar
from tenants.booking.domain.cells import CELL
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.pickups import windows_with_room
from tenants.booking.domain.search import Slot, search, thin
from tenants.booking.domain.sessions import left_of, sessions_with_room
from tenants.booking.models import Booking, PickupWindow, Session
from tenants.catalogue.models import Service
from tenants.people.models import Employee
from tenants.stores.domain.wall import local_date
from web.formats import format_clock, format_day, format_duration, format_moment, format_money, format_weekday
from web.workbench.access import Desk

DAYS = 14
NOON = 12
EVENING = 18


@dataclass(frozen=True, slots=True)
class Option:
    """One of a list of choices, in the shape of ui/choices."""

    value: str
    label: str
    checked: bool = False
    icon: str = ""
    person: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DayChip:
    """One day of ui/days."""

    value: str
    weekday: str
    date: int
    pips: int
    word: str
    none: bool
    checked: bool


@dataclass(frozen=True, slots=True)
class SlotChip:
    """One slot of ui/slots."""

    value: str
    time: str
    checked: bool
    state: str = "free"
    word: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day and its slots."""

    label: str
    slots: list[SlotChip]


@dataclass(frozen=True, slots=True)
class Times:
    """What can be chosen: days, and the slots of the chosen one by part of the day."""

    on: date
    days: list[DayChip]
    parts: list[Part]

    @property
    def any(self) -> bool:
        """Whether the day has a slot at all."""
        return bool(self.parts)


def services_of(desk: Desk) -> list[Service]:
    """The services offered at the desk's store, in the chain's order, each at the store's own price."""
    here = Q(offers__store_id=desk.store.id, offers__active=True)  # a store has one offer of a service
    services = list(Service.objects.filter(here, active=True).annotate(own_price=F("offers__price_amount")))
    for service in services:
        if service.own_price is not None:
            service.price_amount = service.own_price
    return [*services]


def service_options(services: Iterable[Service], chosen: UUID | None) -> list[Option]:
    """Services as cards: name, duration and price."""
    language = get_language() or "en"
    return [
        Option(
            str(one.id),
            one.name,
            one.id == chosen,
            hint=" · ".join(
                [
                    format_duration(one.minutes, language=language),
                    format_money(one.price_amount, one.currency, language=language, exact=False),
                ]
            ),
        )
        for one in services
    ]


def people_options(people: Iterable[Employee], chosen: UUID | None) -> list[Option]:
    """Anyone first, then each by name."""
    options = [Option("", _("Anyone"), chosen is None, icon="users")]
    return options + [Option(str(one.id), one.name, one.id == chosen, person=one.name) for one in people]


def read_times(
    desk: Desk,
    service_id: UUID,
    *,
    on: date,
    practitioner_id: UUID | None,
    step: int,
    chosen: datetime | None = None,
    but: UUID | None = None,
    party_size: int = 1,
) -> Times:
    """Two weeks from today of one service, the slots of `on` every `step` minutes, the soonest of all.

    The soonest free start of a day is always shown, whatever minute it falls on: that is a walk-in's.
    `but` is a booking to be moved: its own time counts as free.
    Raises NotSeen and NotOffered.
    """
    dates = [desk.today + timedelta(days=n) for n in range(DAYS)]
    if on not in dates:
        dates.append(on)
    offering = read_offering(desk.store.id, service_id, by_staff=True)
    calendar = read_calendar(
        offering,
        dates,
        now=desk.now,
        practitioner_id=practitioner_id,
        by_staff=True,
        but=but,
        party_size=party_size,
    )
    found = search(dates, calendar.inputs)
    slots = {day.day: thin(day.slots, zone=desk.zone, step=step, now=desk.now) for day in found}
    of_day = slots.get(on, [])
    wanted = chosen if chosen is not None else (of_day[0].starts_at if of_day else None)
    return Times(
        on=on,
        days=[_chip(day, desk, len(slots.get(day, [])), step, on) for day in dates],
        parts=_parts(of_day, desk, wanted),
    )


def _chip(day: date, desk: Desk, free: int, step: int, on: date) -> DayChip:
    language = get_language() or "en"
    plenty = free * step >= 4 * 60
    pips = 3 if plenty else 1 if free else 0
    words = {3: _("Plenty"), 1: _("Few"), 0: _("Full")}
    name = format_day(day, language=language, today=desk.today) if day == desk.today else ""
    return DayChip(
        value=day.isoformat(),
        weekday=name or format_weekday(day, language=language),
        date=day.day,
        pips=pips,
        word=words[pips],
        none=not free,
        checked=day == on,
    )


def _slot(slot: Slot[UUID], desk: Desk, chosen: datetime | None) -> SlotChip:
    local = slot.starts_at.astimezone(desk.zone)
    is_now = abs(slot.starts_at - desk.now) < CELL
    return SlotChip(
        value=slot.starts_at.isoformat(),
        time=format_clock(local),
        checked=slot.starts_at == chosen,
        state="last" if is_now else "free",
        word=_("now") if is_now else "",
    )


def _parts(slots: Sequence[Slot[UUID]], desk: Desk, chosen: datetime | None) -> list[Part]:
    groups: dict[str, list[SlotChip]] = {}
    for slot in slots:
        hour = slot.starts_at.astimezone(desk.zone).hour
        label = _("a.m.") if hour < NOON else _("p.m.") if hour < EVENING else _("Eve")
        groups.setdefault(label, []).append(_slot(slot, desk, chosen))
    return [Part(label, chips) for label, chips in groups.items()]


def day_of(moment: datetime, desk: Desk) -> date:
    """The store's date of a moment."""
    return local_date(moment, desk.zone)


def other_slots(booking: Booking, desk: Desk, *, chosen: datetime | None = None) -> list[Option]:
    """The other sessions of the booking's service with room for it, or other pickup windows: a moment each."""
    language = get_language() or "en"
    around = {"around": booking.starts_at, "now": desk.now}
    rows: list[Session] | list[PickupWindow]
    if booking.session_id is not None:
        rows = sessions_with_room(
            booking.service_id,
            store_id=booking.store_id,
            seats=booking.party_size,
            but=booking.session_id,
            **around,
        )
    else:
        rows = windows_with_room(booking.store_id, but=booking.pickup_window_id, **around)
    options: dict[datetime, Option] = {}
    for row in rows:
        when = format_moment(
            row.starts_at.astimezone(desk.zone), language=language, today=desk.today, relative=False
        )
        left = left_of(row.pool)
        hint = ngettext("%(count)s place left", "%(count)s places left", left) % {"count": left}
        at = row.starts_at
        options.setdefault(at, Option(at.isoformat(), when, at == chosen, hint=hint))
    return list(options.values())
