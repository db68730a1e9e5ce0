"""Changing a booking: confirm, cancel, move, complete, no-show, with the notice that was promised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import Booking, Cause, Status
from tenants.people.domain.rights import Action, Actor, NotSeen, may, require, sees_store
from tenants.stores.domain.spoken import spoken
from tenants.stores.domain.wall import local_date

from .answering import answer_hold
from .asked_for import require_practitioner
from .attempts import Raced, again_on_conflict
from .calendar import Calendar, read_calendar
from .claims import PoolClaim, claims_of, constraint_of, held_resources
from .deposits import require_deposit
from .free_times import free_times, naming, other_sessions
from .offering import Offering, read_offering
from .one_at_a_time import lock_member, require_member_free
from .overbooking import note_overbooking, require_overbooker
from .penalties import no_show_penance, penalise
from .place import Place, take_place
from .plugged import require_plugged_rules
from .rules import MemberOverlap
from .scheduled import move_scheduled
from .spans import Span
from .terms import Penance, movable_until, terms_of
from .transitions import STATUS_WORDS, Move, StatusForbids, apply_move, read_booking, require_move
from .waiting_state import is_on_offer, settle_offer


class NoticeGone(Refusal):
    """Less time is left before the start than the policy of the booking asks for."""

    code = "notice_gone"
    status = 422
    title = _("Too late to change")
    detail = _("This booking could be changed until %(until)s.")
    fix = _("Ask the shop: a manager can still change it.")


class HoldExpired(Refusal):
    """The hold's time was over before it was confirmed."""

    code = "hold_expired"
    status = 409
    title = _("Hold expired")
    detail = _("The place was kept for a few minutes and is no longer yours.")
    fix = _("Book again; the place may still be free.")


class NotBegun(Refusal):
    """It is not time yet to say that somebody did not come."""

    code = "not_begun"
    status = 422
    title = _("Not begun yet")
    detail = _("The booking has not begun yet.")
    fix = _("Wait until it should have begun.")


@again_on_conflict
def confirm_booking(
    booking_id: UUID,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> Booking:
    """held → confirmed, at the price of the hold.

    The hold of an offer was asked nothing when it was made: `details` answer that now, and the rules are
    heard. Raises HoldExpired, StaleVersion, StatusForbids; DepositDue for what stands only once it is paid;
    DetailsInvalid and what plug-ins' rules refuse.
    """
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    if booking.status == Status.EXPIRED or hold_is_over(booking, now=now):
        raise HoldExpired
    if booking.member_id is None:
        # a visitor's hold: only whoever proves a phone confirms it (visitor_holds)
        raise StatusForbids(params={"status": STATUS_WORDS[Status.HELD]})
    require_deposit(booking)
    fields: dict[str, Any] = {"expires_at": None}
    if booking.status == Status.HELD and is_on_offer(booking):
        fields |= answer_hold(booking, details or {}, by_staff=by.is_employee, now=now)
    apply_move(booking, Move.CONFIRM, by=by, now=now, version=version, fields=fields)
    settle_offer(booking, now=now)
    return booking


@again_on_conflict
def cancel_booking(
    booking_id: UUID,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    penalise_late: bool = False,
) -> Booking:
    """held or confirmed → cancelled; all it held is free at once.

    After the notice a member cancels for what was promised for that, where anything was; staff by their
    right to waive the notice, or for the same as the member (`penalise_late`: the member asked for it).
    Raises NoticeGone, StaleVersion, StatusForbids.
    """
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    require_move(booking, Move.CANCEL, version=version)
    penance = late_penance(booking, now=now) if by.is_member or penalise_late else None
    if penance is None:
        require_notice(booking, by=by, now=now)
    # nobody's booking is let go, not cancelled: there is no member to tell
    move = Move.CANCEL if booking.member_id is not None else Move.EXPIRE
    apply_move(booking, move, by=by, now=now, version=version, reason=reason, fields={"reason": reason})
    if penance is not None:
        zone = ZoneInfo(booking.store.time_zone)
        penalise(booking, penance, cause=Cause.LATE_CANCEL, zone=zone, now=now)
    return booking


def late_penance(booking: Booking, *, now: datetime) -> Penance | None:
    """What cancelling brings the member at `now`; None where it is free, or not possible."""
    if booking.status != Status.CONFIRMED or booking.member_id is None or now <= changeable_until(booking):
        return None
    return terms_of(booking).late


@again_on_conflict
def reschedule_booking(
    booking_id: UUID,
    *,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    practitioner_id: UUID | None = None,
    anybody: bool = False,
    overbook: str | None = None,
    version: int | None = None,
) -> Booking:
    """Move the booking to another time: the new place is taken before the old one is let go.

    The practitioner stays unless another is named or `anybody` will do; price, code and notice stay as
    promised. `overbook` as for booking. Raises what booking does, and NoticeGone, StaleVersion, StatusForbids, HoldExpired.
    """
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    require_move(booking, Move.MOVE, version=version)
    if hold_is_over(booking, now=now):
        raise HoldExpired
    require_notice(booking, by=by, now=now, moving=True)
    require_overbooker(overbook, store_id=booking.store_id, by=by)
    lock_booking(booking)
    if booking.member_id is not None:
        lock_member(booking.member_id)
    if booking.session_id is not None or booking.pickup_window_id is not None:
        return _move_scheduled(booking, starts_at, by=by, now=now, version=version)
    calendar = _calendar_for(booking, starts_at, by=by, now=now)
    wished = None if anybody else practitioner_id or booking.practitioner_id
    other = partial(free_times, calendar.offering, calendar.wish, starts_at, but=booking.id)
    other = partial(other, now=now, by_staff=by.is_employee, member_id=booking.member_id)
    require_practitioner(calendar, wished, other)
    before = _where(booking)
    place = take_place(
        calendar,
        booking,
        starts_at=starts_at,
        practitioner_id=wished,
        now=now,
        by_staff=by.is_employee,
        extra=[claim for claim in claims_of(booking.id) if isinstance(claim, PoolClaim)],
        prefer=held_resources(booking.id),
        overbook=overbook is not None,
    )
    before |= note_overbooking(booking, place, overbook, by=by, now=now)
    moved = calendar.offering.need.service_span(starts_at)
    booking.starts_at, booking.ends_at = moved.start, moved.end
    if booking.member_id is not None:
        with naming(other):
            require_member_free(booking.member_id, booking, now=now)
    _hear_rules(booking, calendar.offering, by=by, now=now)
    _apply_guarded(booking, by=by, now=now, version=version, fields=place_fields(moved, place), detail=before)
    return booking


def _hear_rules(booking: Booking, offering: Offering, *, by: Actor, now: datetime) -> None:
    """What the rules say of the booking as it will stand after its move; nobody's hold has told nothing yet."""
    complete = booking.member_id is not None
    require_plugged_rules(booking, offering, by_staff=by.is_employee, now=now, complete=complete, moves=True)


def _calendar_for(booking: Booking, starts_at: datetime, *, by: Actor, now: datetime) -> Calendar:
    """What decides whether the booking can move there, as if its own claims were not."""
    offering = read_offering(booking.store_id, booking.service_id, by_staff=by.is_employee)
    return read_calendar(
        offering,
        [local_date(starts_at, offering.zone)],
        now=now,
        # a room that was asked for beyond the service's needs stays asked for
        resource_id=None if offering.roles else booking.resource_id,
        party_size=booking.party_size,
        by_staff=by.is_employee,
        but=booking.id,
    )


def place_fields(served: Span, place: Place) -> dict[str, Any]:
    """The columns of a booking that say when it is and who and what serves."""
    return {
        "starts_at": served.start,
        "ends_at": served.end,
        "practitioner_id": place.practitioner_id,
        "resource_id": place.resource_id,
    }


def _where(booking: Booking) -> dict[str, Any]:
    """Where the booking stood, for the line of its move."""
    return {
        "from": {
            "starts_at": booking.starts_at.isoformat(),
            "practitioner": str(booking.practitioner_id) if booking.practitioner_id else None,
        }
    }


def _move_scheduled(
    booking: Booking, starts_at: datetime, *, by: Actor, now: datetime, version: int | None
) -> Booking:
    """To the session or window that begins then; everything else about the booking stays."""
    before = _where(booking)
    offering, fields = move_scheduled(booking, starts_at, by=by, now=now)
    booking.starts_at, booking.ends_at = fields["starts_at"], fields["ends_at"]
    if booking.member_id is not None and booking.session_id is not None:
        other = partial(other_sessions, booking, offering.zone, now=now, but=fields["session_id"])
        with naming(partial(other, member_id=booking.member_id)):
            require_member_free(booking.member_id, booking, now=now)
    _hear_rules(booking, offering, by=by, now=now)
    _apply_guarded(booking, by=by, now=now, version=version, fields=fields, detail=before)
    return booking


def _apply_guarded(booking: Booking, **move: Any) -> None:
    """Move it; the member's own overlap, which the database guards, is told as what it is."""
    try:
        apply_move(booking, Move.MOVE, **move)
    except IntegrityError as error:
        if constraint_of(error) == "booking_member_once_at_a_time":
            raise MemberOverlap(params={"code": ""}) from error
        raise


@again_on_conflict
def complete_booking(booking_id: UUID, *, by: Actor, now: datetime, version: int | None = None) -> Booking:
    """arrived → completed; what it held is free from now on. Raises StaleVersion, StatusForbids."""
    booking = visible_booking(booking_id, by=by, action=Action.COMPLETE_BOOKING)
    return apply_move(booking, Move.COMPLETE, by=by, now=now, version=version)


@again_on_conflict
def mark_no_show(booking_id: UUID, *, by: Actor, now: datetime, version: int | None = None) -> Booking:
    """confirmed → no-show, once it should have begun, and what was promised for that comes about.

    Raises NotBegun, StaleVersion, StatusForbids.
    """
    booking = visible_booking(booking_id, by=by, action=Action.COMPLETE_BOOKING)
    require_move(booking, Move.NO_SHOW, version=version)
    if now < booking.starts_at:
        raise NotBegun
    apply_move(booking, Move.NO_SHOW, by=by, now=now, version=version)
    terms = terms_of(booking)
    if terms.no_show is not None and booking.member_id is not None:
        lock_member(booking.member_id)  # two no-shows at once: each must see the other's
        penance = no_show_penance(booking, terms, now=now)
        if penance is not None:
            zone = ZoneInfo(booking.store.time_zone)
            penalise(booking, penance, cause=Cause.NO_SHOW, zone=zone, now=now)
    return booking


def lock_booking(booking: Booking) -> None:
    """Nobody else changes the booking until our transaction ends. Raises Raced if somebody just has."""
    row = Booking.objects.filter(id=booking.id).select_for_update(no_key=True).values_list("version").first()
    if row != (booking.version,):
        raise Raced


def visible_booking(booking_id: UUID, *, by: Actor, action: Action) -> Booking:
    """The booking, if the actor may do this to it.

    A member may confirm, cancel and move their own, and those of a party they pay for. Raises NotSeen for a booking that is not theirs or
    of a store the employee has nothing to do with, Forbidden for one they see but may not change.
    """
    booking = read_booking(booking_id)
    if booking is None:
        raise NotSeen
    if by.is_member:
        if by.member_id not in (booking.member_id, booking.payer_id):
            raise NotSeen
        if action != Action.CHANGE_BOOKING:
            require(by, action)
        return booking
    if not sees_store(by, booking.store_id):
        raise NotSeen
    require(by, action, store_id=booking.store_id)
    return booking


def changeable_until(booking: Booking) -> datetime:
    """Until when the member may cancel it for nothing, as promised at booking."""
    return booking.starts_at - timedelta(minutes=booking.notice)


def require_notice(booking: Booking, *, by: Actor, now: datetime, moving: bool = False) -> None:
    """Raise NoticeGone after the promised notice, but for those who may waive it; a hold can always go."""
    until = movable_until(terms_of(booking), booking.starts_at) if moving else changeable_until(booking)
    if booking.status == Status.HELD or now <= until:
        return
    if by.is_employee and may(by, Action.WAIVE_NOTICE, store_id=booking.store_id):
        return
    zone = ZoneInfo(booking.store.time_zone)
    until = until.astimezone(zone)
    raise NoticeGone(params={"until": spoken(until, zone=zone, now=now)}, extra={"until": until.isoformat()})


def hold_is_over(booking: Booking, *, now: datetime) -> bool:
    """Whether this is a hold whose time is over, expired by the clock but not yet by the relay."""
    return booking.status == Status.HELD and booking.expires_at is not None and booking.expires_at <= now
