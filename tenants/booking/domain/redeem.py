"""Redemption: the shop accepts a booking's code, once, and the visit starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from chains.postgresql.ask import insertion
from chains.refusals import Refusal
from chains.scope import current_chain_id
from tenants.booking.models import Booking, Redemption, Status
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.stores.domain.phones import normalise_phone
from tenants.stores.domain.spoken import spoken
from tenants.stores.domain.wall import local_date, local_day
from tenants.stores.models import Store

from .attempts import Raced, again_on_conflict
from .change import hold_is_over, visible_booking
from .claims import constraint_of
from .codes import UnknownCode, require_code
from .keys import chain_key
from .qr import looks_signed, read_payload
from .transitions import Move, apply_move, read_booking, require_move
from .visits import Greeting, Seen, greet, seen_question
from .whole import read_by_code

# A code is accepted from the first moment of its day (an hour before it where that is earlier).
EARLY = timedelta(hours=1)
UNDO_WITHIN = timedelta(minutes=10)


class AlreadyRedeemed(Refusal):
    """The code was accepted before; `redemption` says at which store, when and by whom."""

    code = "already_redeemed"
    status = 409
    title = _("Already redeemed")
    detail = _("Accepted at %(store)s, %(at)s, by %(by)s.")
    fix = _("If that was a mistake, it can be undone within ten minutes.")


class RedeemedSomehow(AlreadyRedeemed):
    """Accepted before; when and by whom is not known here."""

    detail = _("This code was accepted at %(store)s before.")


class WrongStore(Refusal):
    """The booking is for another store of the chain; `store` says which."""

    code = "wrong_store"
    status = 409
    title = _("Another shop")
    detail = _("This booking is for %(store)s.")
    fix = _("Send the guest there, or move the booking.")


class TooEarly(Refusal):
    """The booking's day has not come; `from` says when the code will be accepted."""

    code = "too_early"
    status = 409
    title = _("Too early")
    detail = _("The code is accepted from %(from)s.")
    fix = _("Come back then, or move the booking.")


class TooLate(Refusal):
    """The booking's time is over."""

    code = "too_late"
    status = 409
    title = _("Too late")
    detail = _("The booking ended %(until)s.")
    fix = _("Make a new booking.")


class BookingCancelled(Refusal):
    """The booking was cancelled."""

    code = "cancelled"
    status = 409
    title = _("Cancelled")
    detail = _("This booking was cancelled.")
    fix = _("Make a new booking.")


class HoldLapsed(BookingCancelled):
    """The booking was a hold whose time ran out; to a program it is as good as cancelled."""

    title = _("Hold expired")
    detail = _("This booking was only held, and the hold has expired.")


class NotConfirmed(Refusal):
    """The booking is a hold that nobody confirmed."""

    code = "not_confirmed"
    status = 409
    title = _("Not confirmed")
    detail = _("This booking is only held, not confirmed.")
    fix = _("Confirm it first.")


class ChooseBooking(Refusal):
    """The phone number has several bookings; `bookings` lists them."""

    code = "choose_booking"
    status = 409
    title = _("Several bookings")
    detail = _("This number has several bookings.")
    fix = _("Choose one of them.")


class UndoGone(Refusal):
    """A redemption is undone within ten minutes or not at all."""

    code = "undo_gone"
    status = 422
    title = _("Too late to undo")
    detail = _("A redemption can be undone within ten minutes.")
    fix = _("Ask a manager.")


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The booking that arrived, and what to know when greeting its member."""

    booking: Booking
    greeting: Greeting


def redeem_code(store_id: UUID, *, code: str, by: Actor, now: datetime) -> Redeemed:
    """Accept a typed booking code at the store. Raises as _redeem, and UnknownCode."""
    require(by, Action.REDEEM_BOOKING, store_id=store_id)
    return _redeem(store_id, code=require_code(code), by=by, now=now, means="code")


def redeem_scan(store_id: UUID, *, scanned: str, by: Actor, now: datetime) -> Redeemed:
    """Accept what a scanner read: a QR signed by this chain, or a plain code. Raises as _redeem, and UnknownCode."""
    require(by, Action.REDEEM_BOOKING, store_id=store_id)
    if not looks_signed(scanned):
        return redeem_code(store_id, code=scanned, by=by, now=now)
    booking_id = read_payload(scanned, key=chain_key(current_chain_id()))
    return _redeem(store_id, booking_id=booking_id, by=by, now=now, means="qr")


def redeem_booking(store_id: UUID, *, booking_id: UUID, by: Actor, now: datetime) -> Redeemed:
    """Accept a booking that was picked from a list. Raises as _redeem, and UnknownCode."""
    require(by, Action.REDEEM_BOOKING, store_id=store_id)
    return _redeem(store_id, booking_id=booking_id, by=by, now=now, means="booking")


def redeem_phone(store_id: UUID, *, phone: str, by: Actor, now: datetime) -> Redeemed:
    """Accept the one booking of a member's phone that can be accepted now at the store.

    A national number is read in the store's country.
    Several: ChooseBooking with all of them. None that can be accepted: the reason of the one that comes
    nearest to now. None here within two days: WrongStore of the nearest at another store, or UnknownCode.
    """
    require(by, Action.REDEEM_BOOKING, store_id=store_id)
    country = Store.objects.filter(id=store_id).values_list("country", flat=True).first() or ""
    number = normalise_phone(phone, country=country)
    found = bookings_of_phone(store_id, number, now=now) or _elsewhere(number, now=now)
    open_now = [
        booking
        for booking in found
        if booking.store_id == store_id and _refusal_now(booking, now=now) is None
    ]
    if len(open_now) > 1:
        raise ChooseBooking(extra={"bookings": [_brief(booking) for booking in open_now]})
    if not found:
        raise UnknownCode
    nearest = min(open_now or found, key=lambda booking: abs(booking.starts_at - now))
    return _redeem(store_id, booking_id=nearest.id, by=by, now=now, means="phone")


def bookings_of_phone(store_id: UUID, phone: str, *, now: datetime) -> Sequence[Booking]:
    """The bookings of that number at the store within two days of now, in order of time."""
    return list(_around(phone, now=now).filter(store_id=store_id))


def _elsewhere(phone: str, *, now: datetime) -> Sequence[Booking]:
    """What the number still has to come or under way at any store: asked where this store has nothing."""
    return list(_around(phone, now=now).filter(status=Status.CONFIRMED, ends_at__gt=now))


def _around(phone: str, *, now: datetime) -> QuerySet[Booking]:
    near = timedelta(days=2)
    return (
        Booking.objects.select_related("store", "service", "member", "practitioner")
        .filter(member__phone=phone, starts_at__gt=now - near, starts_at__lt=now + near)
        .exclude(status__in=[Status.EXPIRED, Status.HELD])
        .order_by("starts_at")
    )


@again_on_conflict
def _redeem(
    store_id: UUID,
    *,
    by: Actor,
    now: datetime,
    means: str,
    code: str | None = None,
    booking_id: UUID | None = None,
) -> Redeemed:
    """confirmed → arrived, with the one Redemption row there can be. Of any number of attempts one succeeds.

    Raises, in this order: UnknownCode, AlreadyRedeemed, BookingCancelled, WrongStore, NotConfirmed,
    TooEarly, TooLate.
    """
    booking = read_by_code(code) if code is not None else read_booking(booking_id) if booking_id else None
    if booking is None:
        raise UnknownCode
    refusal = _refusal_before_time(booking, store_id, now=now) or _refusal_now(booking, now=now)
    if refusal is not None:
        raise refusal
    assert by.employee_id is not None and booking.member is not None  # only a confirmed booking arrives
    row = Redemption(booking_id=booking.id, store_id=store_id, at=now, by_id=by.employee_id, means=means)
    seen: list[Seen] = []
    also = [insertion([row]), seen_question(booking, now=now, into=seen)]
    try:
        apply_move(booking, Move.REDEEM, by=by, now=now, detail={"means": means}, also=also)
    except IntegrityError as error:
        if constraint_of(error).startswith("booking_redemption_pkey"):
            raise Raced from error
        raise
    return Redeemed(booking, greet(booking, seen[0]))


@again_on_conflict
def undo_redemption(booking_id: UUID, *, by: Actor, now: datetime) -> Booking:
    """arrived → confirmed, within ten minutes of the redemption. Raises UndoGone, StatusForbids."""
    booking = visible_booking(booking_id, by=by, action=Action.REDEEM_BOOKING)
    require_move(booking, Move.UNDO_REDEEM)
    redemption = Redemption.objects.filter(booking_id=booking.id).first()
    if redemption is None:
        raise NotSeen
    if now - redemption.at > UNDO_WITHIN:
        raise UndoGone
    apply_move(booking, Move.UNDO_REDEEM, by=by, now=now)
    redemption.delete()
    return booking


def accepted_from(booking: Booking) -> datetime:
    """From when on the code is accepted: the first moment of its local day, or an hour before the start."""
    zone = ZoneInfo(booking.store.time_zone)
    day = local_day(local_date(booking.starts_at, zone), zone)
    return min(day.start, booking.starts_at - EARLY)


def _refusal_before_time(booking: Booking, store_id: UUID, *, now: datetime) -> Refusal | None:
    """What speaks against it whatever the time: done already, cancelled, another store's (or no store)."""
    if booking.status in (Status.ARRIVED, Status.COMPLETED):
        return already_redeemed(booking, now=now)
    if booking.status == Status.CANCELLED:
        return BookingCancelled()
    if booking.status == Status.EXPIRED:
        return HoldLapsed()
    if booking.store_id != store_id:
        if not Store.objects.filter(id=store_id).exists():
            return NotSeen()  # a right in the whole chain says nothing of an id that is no store's
        return WrongStore(
            params={"store": booking.store.name},
            extra={"store": str(booking.store_id), "store_name": booking.store.name},
        )
    return None


def _refusal_now(booking: Booking, *, now: datetime) -> Refusal | None:
    """What speaks against accepting the booking at this moment, at its own store."""
    early = _refusal_before_time(booking, booking.store_id, now=now)
    if early is not None:
        return early
    zone = ZoneInfo(booking.store.time_zone)
    if booking.status == Status.HELD:
        return HoldLapsed() if hold_is_over(booking, now=now) else NotConfirmed()
    if booking.status == Status.NO_SHOW or now >= booking.ends_at:
        until = booking.ends_at.astimezone(zone)
        words = spoken(until, zone=zone, now=now)
        return TooLate(params={"until": words}, extra={"until": until.isoformat()})
    since = accepted_from(booking).astimezone(zone)
    if now < since:
        words = spoken(since, zone=zone, now=now)
        return TooEarly(params={"from": words}, extra={"from": since.isoformat()})
    return None


def already_redeemed(booking: Booking, *, now: datetime) -> AlreadyRedeemed:
    """The refusal that says where, when and by whom, in the time of the store where it was."""
    redemption = Redemption.objects.select_related("store", "by").filter(booking_id=booking.id).first()
    if redemption is None:  # arrived through a restore or an import: nothing more is known
        return RedeemedSomehow(params={"store": booking.store.name})
    zone = _zone(redemption.store)
    at, words = redemption.at.astimezone(zone), spoken(redemption.at, zone=zone, now=now)
    return AlreadyRedeemed(
        params={"store": redemption.store.name, "at": words, "by": redemption.by.name},
        extra={
            "redemption": {
                "at": at.isoformat(),
                "store": str(redemption.store_id),
                "store_name": redemption.store.name,
                "by": str(redemption.by_id),
                "by_name": redemption.by.name,
            }
        },
    )


def _brief(booking: Booking) -> dict[str, Any]:
    zone = _zone(booking.store)
    return {
        "id": str(booking.id),
        "code": booking.code,
        "status": booking.status,
        "service": str(booking.service_id),
        "service_name": booking.service.name,
        "starts_at": booking.starts_at.astimezone(zone).isoformat(),
        "ends_at": booking.ends_at.astimezone(zone).isoformat(),
        "practitioner": str(booking.practitioner_id) if booking.practitioner_id else None,
        "practitioner_name": booking.practitioner.name if booking.practitioner else None,
        "member_name": booking.member.name if booking.member else "",
    }


def _zone(store: Store) -> ZoneInfo:
    return ZoneInfo(store.time_zone)
