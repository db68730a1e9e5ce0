"""Placing a booking in the day as the desk draws it: another time, person, room or end, in one go or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Booking, Claim
from tenants.people.domain.rights import Action, Actor
from tenants.people.models import Leave
from tenants.stores.domain.wall import local_date

from .asked_for import require_resource
from .attempts import again_on_conflict
from .change import lock_booking, reschedule_booking, visible_booking
from .claims import PoolClaim, ResourceClaim, SlotTaken, Wanted, lock_resources, set_claims
from .one_at_a_time import lock_member, require_member_free
from .overbooking import note_taken_over, require_overbooker
from .plugged import require_plugged_rules
from .rota import opening_spans, shift_spans
from .rules import NoShift, OnLeave, OutsideHours
from .spans import Span, merge
from .transitions import Move, apply_move, require_move

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=1)


class LengthOff(Refusal):
    """A booking lasts five minutes or more, and a day at most."""

    code = "length_off"
    status = 422
    title = _("Not that long")
    detail = _("A booking lasts from 5 minutes to a day, and ends after it begins.")
    fix = _("Choose another end.")


def place_booking(
    booking_id: UUID,
    *,
    by: Actor,
    now: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    practitioner_id: UUID | None = None,
    room_id: UUID | None = None,
    without_room: bool = False,
    overbook: str | None = None,
    version: int | None = None,
) -> Booking:
    """Give the booking the place that was drawn for it; what is left out stays as it is.

    A booking that only moves keeps its length, also one that was made longer or shorter. `without_room` gives
    up a room that its service does not need. All of it or nothing. `overbook` as for reschedule_booking, of the
    other end and room too. Raises what reschedule_booking and resize_booking do.
    """
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    begins = starts_at or booking.starts_at
    length = booking.ends_at - booking.starts_at
    ends = ends_at or begins + length
    with transaction.atomic():
        if begins != booking.starts_at or practitioner_id not in (None, booking.practitioner_id):
            booking = reschedule_booking(
                booking_id,
                starts_at=begins,
                practitioner_id=practitioner_id,
                by=by,
                now=now,
                overbook=overbook,
                version=version,
            )
            version = booking.version
        other_room = room_id not in (None, booking.resource_id)
        if ends != booking.ends_at or other_room or (without_room and booking.resource_id is not None):
            booking = resize_booking(
                booking_id,
                ends_at=ends,
                room_id=room_id,
                without_room=without_room,
                overbook=overbook,
                by=by,
                now=now,
                version=version,
            )
    return booking


@again_on_conflict
def resize_booking(
    booking_id: UUID,
    *,
    ends_at: datetime,
    by: Actor,
    now: datetime,
    room_id: UUID | None = None,
    without_room: bool = False,
    overbook: str | None = None,
    version: int | None = None,
) -> Booking:
    """End the booking at another time, in another room if one is named; its claims follow, clean-up included.

    Price and code stay. `without_room` and `overbook` as for place_booking. Raises LengthOff; OutsideHours, NoShift and OnLeave for time that is added and
    closed by them; SlotTaken naming who or what is taken, with the latest end in `alternatives`;
    MemberOverlap, StatusForbids, StaleVersion, NotSeen, Forbidden, what plug-ins' rules refuse.
    """
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    require_move(booking, Move.RESIZE, version=version)
    if not SHORTEST <= ends_at - booking.starts_at <= LONGEST:
        raise LengthOff
    require_resource(room_id, store_id=booking.store_id)
    require_overbooker(overbook, store_id=booking.store_id, by=by)
    lock_booking(booking)
    if booking.member_id is not None:
        lock_member(booking.member_id)
    before: dict[str, Any] = {
        "from": {"ends_at": booking.ends_at.isoformat(), "room": _text(booking.resource_id)}
    }
    claims = list(Claim.objects.filter(booking_id=booking.id, active=True).order_by("id"))
    later = ends_at - booking.ends_at
    if later > timedelta():
        # before the plans are read: whoever changes them holds these too
        lock_resources(claim.resource_id for claim in claims if claim.resource_id is not None)
        _require_open(booking, ends_at, claims, later)
    over = overbook is not None
    gone = booking.resource_id if without_room and room_id is None else None
    kept = [claim for claim in claims if claim.role or gone is None or claim.resource_id != gone]
    wanted = [_wanted(claim, booking, later=later, room_id=room_id, over=over) for claim in kept]
    if room_id is not None and booking.resource_id is None:
        wanted += [ResourceClaim(room_id, Span(booking.starts_at, ends_at), over=over)]
    try:
        set_claims(booking.id, wanted=wanted)
    except SlotTaken as refusal:
        refusal.extra["alternatives"] = _latest_end(booking, claims) if later > timedelta() else []
        raise
    booking.ends_at = ends_at
    if booking.member_id is not None:
        require_member_free(booking.member_id, booking, now=now)
    complete = booking.member_id is not None
    require_plugged_rules(
        booking, booking.store, by_staff=by.is_employee, now=now, complete=complete, moves=True
    )
    left = len(kept) < len(claims)
    fields = {"ends_at": ends_at, "resource_id": room_id or (None if left else booking.resource_id)}
    if over:
        before |= note_taken_over(booking, _taken_over(booking), overbook, by=by, now=now)
    return apply_move(booking, Move.RESIZE, by=by, now=now, version=version, detail=before, fields=fields)


def try_out(change: Callable[[], object]) -> Refusal | None:
    """What would refuse the change, None where nothing does: it is made, and undone at once.

    The door itself answers, so that what is shown before the drop is what happens at the drop.
    """
    try:
        with transaction.atomic():
            change()
            raise _Undone
    except _Undone:
        return None
    except Refusal as refusal:
        return refusal


class _Undone(Exception):
    """Rolls a trial back."""


def _text(key: UUID | None) -> str | None:
    return str(key) if key is not None else None


def _taken_over(booking: Booking) -> list[UUID]:
    """What the booking now holds beside another."""
    held = Claim.objects.filter(booking_id=booking.id, active=True, overbooked=True, resource__isnull=False)
    return list(held.values_list("resource_id", flat=True))


def _wanted(claim: Claim, booking: Booking, *, later: timedelta, room_id: UUID | None, over: bool) -> Wanted:
    """The claim as it is to be: one that lasts to the booking's end moves its own with it.

    What was overbooked stays so, as long as no time is added to it.
    """
    if claim.pool_id is not None:
        return PoolClaim(claim.pool_id, claim.units)
    assert claim.resource_id is not None and claim.starts_at is not None and claim.ends_at is not None
    end = claim.ends_at + later if claim.ends_at >= booking.ends_at else claim.ends_at
    is_room = room_id is not None and claim.resource_id == booking.resource_id
    resource = room_id if is_room and room_id is not None else claim.resource_id
    during = Span(claim.starts_at, max(end, claim.starts_at + SHORTEST))
    beside = over or (claim.overbooked and resource == claim.resource_id and later <= timedelta())
    return ResourceClaim(resource, during, role=claim.role, store_id=booking.store_id, over=beside)


def _require_open(booking: Booking, ends_at: datetime, claims: Sequence[Claim], later: timedelta) -> None:
    """Raise the rule that closes the time which is added: the store's hours, shift or leave of who serves."""
    zone = ZoneInfo(booking.store.time_zone)
    dates = [local_date(booking.starts_at, zone)]
    last = local_date(ends_at + later, zone)
    while dates[-1] < last:
        dates.append(dates[-1] + timedelta(days=1))
    openings = opening_spans(booking.store_id, dates, zone)
    if not _within(Span(booking.ends_at, ends_at), openings):
        raise OutsideHours(extra=_closing(openings, booking))
    practitioner = booking.practitioner
    claimed = [claim for claim in claims if practitioner and claim.resource_id == practitioner.resource_id]
    if practitioner is None or not claimed:
        return
    longest = max(claim.ends_at for claim in claimed if claim.ends_at is not None)
    added = Span(longest, longest + later)
    away = Leave.objects.filter(employee_id=practitioner.id, starts_at__lt=added.end, ends_at__gt=added.start)
    if away.exists():
        raise OnLeave(extra={"alternatives": [], "reasons": ["on_leave"]})
    shifts = shift_spans([practitioner.id], booking.store_id, dates, zone)[practitioner.id]
    if not _within(added, shifts):
        raise NoShift(extra=_closing(shifts, booking) | {"reasons": ["no_shift"]})


def _within(added: Span, spans: Iterable[Span]) -> bool:
    return any(span.contains(added) for span in merge(spans))


def _closing(spans: Iterable[Span], booking: Booking) -> dict[str, object]:
    """The end that would still do: when the span closes in which the booking lies."""
    around = next((span for span in merge(spans) if span.holds(booking.starts_at)), None)
    fits = around is not None and around.end > booking.ends_at
    return {"alternatives": [{"ends_at": around.end.isoformat()}] if around is not None and fits else []}


def _latest_end(booking: Booking, claims: Sequence[Claim]) -> list[dict[str, str]]:
    """The latest end for which everything the booking holds is free, if that is later than today's."""
    rooms = []
    for claim in claims:
        if claim.resource_id is None or claim.ends_at is None:
            continue
        following = Claim.objects.filter(
            resource_id=claim.resource_id, active=True, starts_at__gte=claim.ends_at
        ).exclude(booking_id=booking.id)
        first = following.order_by("starts_at").values_list("starts_at", flat=True).first()
        if first is not None:
            rooms.append(first - claim.ends_at)
    spare = min(rooms, default=timedelta())
    return [{"ends_at": (booking.ends_at + spare).isoformat()}] if spare >= SHORTEST else []
