"""Changing a series: this booking alone is moved as any other; this and following move and end together here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Booking, Status
from tenants.people.domain.rights import Action, Actor, NotSeen
from tenants.stores.domain.wall import local_date

from .attempts import again_on_conflict
from .change import cancel_booking, reschedule_booking, visible_booking
from .day import bookings_seen_by
from .plans import Part, Placed, require_placed, tried
from .series import Time, time_on


class NoSeries(Refusal):
    """The booking does not return."""

    code = "no_series"
    status = 409
    title = _("Not a series")
    detail = _("This booking is not one of a series.")
    fix = _("Move or cancel it by itself.")


@dataclass(frozen=True, slots=True)
class Moved:
    """One booking of a series and where it goes, or why it cannot."""

    booking_id: UUID
    time: Time
    booking: Booking | None = None
    refusal: Refusal | None = None


def following_of(booking_id: UUID, *, by: Actor, series_id: UUID | None = None) -> list[Booking]:
    """This booking and those of its series after it that can still be changed, by start.

    Raises NoSeries, NotSeen for a booking of another series than told, and what a change of one raises.
    """
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    if booking.series_id is None:
        raise NoSeries
    if series_id not in (None, booking.series_id):
        raise NotSeen
    rows = bookings_seen_by(by).filter(
        series_id=booking.series_id,
        starts_at__gte=booking.starts_at,
        status__in=[Status.HELD, Status.CONFIRMED],
    )
    return list(rows.order_by("starts_at", "id"))


def moves_after(
    booking_id: UUID,
    *,
    starts_at: datetime,
    by: Actor,
    practitioner_id: UUID | None = None,
    series_id: UUID | None = None,
) -> list[tuple[UUID, Time]]:
    """Where "this and following" go when this one moves to `starts_at`: as many days on, at the same new wall time."""
    rows = following_of(booking_id, by=by, series_id=series_id)
    if not rows:
        raise NoSeries
    zone = ZoneInfo(rows[0].store.time_zone)
    local = starts_at.astimezone(zone)
    minutes = local.hour * 60 + local.minute
    days = local.date() - local_date(rows[0].starts_at, zone)
    found = []
    for row in rows:
        time = (
            Time(starts_at)
            if row.id == booking_id
            else time_on(local_date(row.starts_at, zone) + days, minutes, zone)
        )
        found.append((row.id, replace(time, practitioner_id=practitioner_id or row.practitioner_id)))
    return found


@again_on_conflict
def plan_moves(moves: Sequence[tuple[UUID, Time]], *, by: Actor, now: datetime) -> list[Moved]:
    """Try the moves out and write nothing."""
    return tried(lambda: _move(moves, by=by, now=now))


@again_on_conflict
def move_series(
    moves: Sequence[tuple[UUID, Time]],
    *,
    by: Actor,
    now: datetime,
    partial: bool = False,
    series_id: UUID | None = None,
) -> list[Moved]:
    """Move bookings of one series in one transaction: all, or with `partial` those that can.

    Raises PlanRefused with every one that cannot move, NoSeries for bookings of different series, NotSeen
    for those of another than told.
    """
    found = _move(moves, by=by, now=now, series_id=series_id)
    placed = [
        Placed(
            at,
            Part(one.booking_id, one.time.starts_at, one.booking_id),
            booking=one.booking,
            refusal=one.refusal,
        )
        for at, one in enumerate(found)
    ]
    require_placed(placed, partial=partial)
    return found


def _move(
    moves: Sequence[tuple[UUID, Time]], *, by: Actor, now: datetime, series_id: UUID | None = None
) -> list[Moved]:
    """Move what can move. Neighbours may stand in each other's way: whoever is refused is tried again after them."""
    rows = {
        row.id: row for row in bookings_seen_by(by).filter(id__in=[booking_id for booking_id, _time in moves])
    }
    series = {row.series_id for row in rows.values()}
    if len(rows) != len(moves) or (series_id is not None and series - {None} != {series_id}):
        raise NotSeen
    if len(series) != 1 or None in series:
        raise NoSeries
    found: dict[UUID, Moved] = {}
    waiting = list(moves)
    while waiting:
        refused = []
        for booking_id, time in waiting:
            one = _move_one(booking_id, time, by=by, now=now)
            found[booking_id] = one
            if one.refusal is not None and time.gone is None:
                refused.append((booking_id, time))
        if len(refused) == len(waiting) or not refused:
            break
        waiting = refused
    return [found[booking_id] for booking_id, _time in moves]


def _move_one(booking_id: UUID, time: Time, *, by: Actor, now: datetime) -> Moved:
    if time.gone is not None:
        return Moved(booking_id, time, refusal=time.gone)
    try:
        with transaction.atomic():
            moved = reschedule_booking(
                booking_id, starts_at=time.starts_at, practitioner_id=time.practitioner_id, by=by, now=now
            )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return Moved(booking_id, time, refusal=refusal)
    return Moved(booking_id, time, booking=moved)


@again_on_conflict
def cancel_following(
    booking_id: UUID, *, by: Actor, now: datetime, reason: str = "", series_id: UUID | None = None
) -> list[Booking]:
    """Cancel this booking and those of its series after it, all or none. Raises NoSeries, NoticeGone."""
    rows = following_of(booking_id, by=by, series_id=series_id)
    return [cancel_booking(row.id, by=by, now=now, reason=reason) for row in rows]
