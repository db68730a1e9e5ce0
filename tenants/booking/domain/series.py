"""Series: bookings that return at the same wall time with the same person, and move together.

The clock of the store decides: Tuesday 10:00 stays Tuesday 10:00 when the clocks change. A wall time that
a change of the clock skips is listed as one that cannot be booked, with what is free around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Booking, Status
from tenants.booking.together import BookingSeries
from tenants.people.domain.rights import Action, Actor, NotSeen
from tenants.stores.domain.wall import NonexistentTime, resolve_local
from tenants.stores.models import Store

from .attempts import Raced, again_on_conflict
from .book import Guest, member_for, require_booker
from .change import visible_booking
from .day import bookings_seen_by
from .history import only_shown
from .one_at_a_time import lock_member
from .plans import Part, Placed, lock_ahead, require_placed, take_parts, tried

MOST_TIMES = 52
LONGEST_INTERVAL = 91


class SeriesSize(Refusal):
    """A series of one, or of too many, or too far apart."""

    code = "series_size"
    status = 422
    title = _("Not a series")
    detail = _("A series has 2 to %(times)s bookings, 1 to %(days)s days apart.")
    fix = _("Change how often, or how many times.")


class InSeriesAlready(Refusal):
    """The booking is one of a series, or over."""

    code = "in_series_already"
    status = 409
    title = _("Not possible for this booking")
    detail = _("This booking is one of a series already, or is over.")
    fix = _("Begin a new series.")


@dataclass(frozen=True, slots=True)
class Time:
    """One booking of a series: when, and by whom where that differs from the series."""

    starts_at: datetime
    practitioner_id: UUID | None = None
    gone: Refusal | None = None


@dataclass(frozen=True, slots=True)
class SeriesWish:
    """What returns: `practitioner_id` None asks for whoever serves the first time. `first` is booked already."""

    service_id: UUID
    interval_days: int
    practitioner_id: UUID | None = None
    party_size: int = 1
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    first: UUID | None = None


def times_of(first: datetime, *, interval_days: int, times: int, zone: ZoneInfo) -> list[Time]:
    """`first` and its returns at the same wall time; a time that the clock skips is `gone`.

    The first of a repeated wall time. Raises SeriesSize.
    """
    if not (2 <= times <= MOST_TIMES and 1 <= interval_days <= LONGEST_INTERVAL):
        raise SeriesSize(params={"times": MOST_TIMES, "days": LONGEST_INTERVAL})
    local = first.astimezone(zone)
    minutes = local.hour * 60 + local.minute
    found = [Time(first)]
    for number in range(1, times):
        day = local.date() + timedelta(days=interval_days * number)
        found.append(time_on(day, minutes, zone))
    return found


def time_on(day: Any, minutes: int, zone: ZoneInfo) -> Time:
    """That wall time of a date; `gone`, and the moment of the change, where the clock skips it."""
    try:
        return Time(resolve_local(day, minutes, zone, gap="refuse"))
    except NonexistentTime as skipped:
        return Time(resolve_local(day, minutes, zone), gone=skipped)


@again_on_conflict
def plan_series(
    wish: SeriesWish,
    times: Sequence[Time],
    *,
    store_id: UUID,
    by: Actor,
    now: datetime,
    member: UUID | Guest | None = None,
) -> list[Placed]:
    """Try the series out and write nothing: every time placed, or refused with what is free around it.

    `times` are those still to be booked: without the first where that stands already.
    """

    def act() -> list[Placed]:
        _member, parts = _prepare(wish, times, store_id=store_id, by=by, now=now, member=member)
        return _take(parts, wish, store_id=store_id, by=by, now=now)

    return tried(act)


@again_on_conflict
def book_series(
    wish: SeriesWish,
    times: Sequence[Time],
    *,
    store_id: UUID,
    by: Actor,
    now: datetime,
    member: UUID | Guest | None = None,
    partial: bool = False,
    by_program: bool = False,
) -> tuple[BookingSeries, list[Placed]]:
    """Book the series in one transaction: every time, or with `partial` those that are free.

    Raises PlanRefused with every time that cannot be booked and its alternatives, InSeriesAlready, SeriesSize.
    """
    for_member, parts = _prepare(wish, times, store_id=store_id, by=by, now=now, member=member)
    placed = _take(parts, wish, store_id=store_id, by=by, now=now, by_program=by_program)
    made = require_placed(placed, partial=partial)
    series = BookingSeries.objects.create(
        store_id=store_id,
        service_id=wish.service_id,
        member_id=for_member,
        practitioner_id=wish.practitioner_id or made[0].practitioner_id,
        interval_days=wish.interval_days,
        made_by_id=by.employee_id,
        created_at=now,
    )
    Booking.objects.filter(id__in=[one.id for one in made]).update(series=series)
    if wish.first is not None:
        _join(wish.first, series, by=by)
    return series, placed


def _join(booking_id: UUID, series: BookingSeries, *, by: Actor) -> None:
    booking = _first_of(booking_id, by=by)
    if (booking.member_id, booking.store_id) != (series.member_id, series.store_id):
        raise NotSeen
    row = Booking.objects.filter(id=booking.id, version=booking.version, series__isnull=True)
    if not row.update(series=series, version=F("version") + 1):
        raise Raced


def _first_of(booking_id: UUID, *, by: Actor) -> Booking:
    """A booking that a series may begin with. Raises NotSeen, InSeriesAlready."""
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    if booking.series_id is not None or booking.status not in (Status.HELD, Status.CONFIRMED):
        raise InSeriesAlready
    return booking


def _prepare(
    wish: SeriesWish,
    times: Sequence[Time],
    *,
    store_id: UUID,
    by: Actor,
    now: datetime,
    member: UUID | Guest | None,
) -> tuple[UUID, list[Part]]:
    if not (1 <= len(times) <= MOST_TIMES and 1 <= wish.interval_days <= LONGEST_INTERVAL):
        raise SeriesSize(params={"times": MOST_TIMES, "days": LONGEST_INTERVAL})
    first = _first_of(wish.first, by=by) if wish.first is not None else None
    if first is not None and by.is_employee:
        member = first.member_id
    require_booker(member, store_id=store_id, by=by)
    country = Store.objects.filter(id=store_id, active=True).values_list("country", flat=True).first()
    if country is None:
        raise NotSeen
    for_member = member_for(member, country=country, by=by, now=now)
    lock_member(for_member)
    person = wish.practitioner_id or (first.practitioner_id if first is not None else None)
    parts = [
        Part(
            service_id=wish.service_id,
            starts_at=time.starts_at,
            member_id=for_member,
            practitioner_id=time.practitioner_id or person,
            party_size=wish.party_size,
            note=wish.note,
            details=wish.details,
            gone=time.gone,
        )
        for time in times
    ]
    lock_ahead(store_id, members=[for_member], parts=parts)
    return for_member, parts


def _take(
    parts: list[Part], wish: SeriesWish, *, store_id: UUID, by: Actor, now: datetime, by_program: bool = False
) -> list[Placed]:
    """Book the parts; the one who serves the first that is free serves them all, where nobody was named."""
    found: list[Placed] = []
    person: UUID | None = None
    for index, part in enumerate(parts):
        asked = part if part.practitioner_id is not None else replace(part, practitioner_id=person)
        (one,) = take_parts([asked], store_id=store_id, by=by, now=now, by_program=by_program)
        found.append(replace(one, index=index))
        if person is None and one.booking is not None:
            person = one.booking.practitioner_id
    return found


def read_series(series_id: UUID, *, by: Actor, now: datetime) -> tuple[BookingSeries, list[Booking]]:
    """The series and those of its bookings that the actor may see, by start. Raises NotSeen, BeyondHistory."""
    series = BookingSeries.objects.filter(id=series_id).first()
    bookings = list(bookings_seen_by(by).filter(series_id=series_id).order_by("starts_at", "id"))
    if series is None or not bookings:
        raise NotSeen
    return series, only_shown(bookings, by=by, now=now)


@dataclass(frozen=True, slots=True)
class PlaceInSeries:
    """Where a booking stands in its series: `number` of `all`, cancelled ones left out."""

    number: int
    all: int
    interval_days: int


def place_in_series(booking: Booking) -> PlaceInSeries | None:
    """Where the booking stands in its series; None where it is of none. One query."""
    if booking.series_id is None:
        return None
    rows = Booking.objects.filter(series_id=booking.series_id).order_by("starts_at", "id")
    standing = list(
        rows.exclude(status__in=[Status.CANCELLED, Status.EXPIRED]).values_list("id", "series__interval_days")
    )
    ids = [booking_id for booking_id, _days in standing]
    if booking.id not in ids:
        return None
    return PlaceInSeries(ids.index(booking.id) + 1, len(ids), standing[0][1])
