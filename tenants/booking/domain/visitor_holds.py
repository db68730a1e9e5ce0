"""Holds of visitors: somebody nobody knows yet keeps a time while they type their phone and its code.

Such a hold has no member; it belongs to one browser, by a random key of which only a hash is kept. A
browser holds one time: a new hold lets the last one go. One address holds at most `PER_ADDRESS` times,
enough for the guests of a shop on its network, too few to empty a calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.chores import let_go
from chains.due import mark_due
from chains.refusals import Refusal
from tenants.booking.models import Booking, Channel, Status, VisitorHold
from tenants.events.domain.record import record_event
from tenants.people.domain.rights import NOBODY, Actor, NotSeen
from tenants.stores.domain.wall import local_date

from .answering import answer_hold
from .asked_for import require_practitioner
from .attempts import Raced, again_on_conflict
from .book import begin_booking
from .calendar import read_calendar
from .change import HoldExpired, hold_is_over
from .claims import constraint_of
from .deposits import PAY_WITHIN, require_few_unpaid
from .free_times import free_times, naming, others_for
from .holds import HOLD_FOR, HOLDS
from .items import write_items
from .offering import read_offering, require_by_time
from .one_at_a_time import lock_member, require_member_free
from .open import told
from .payment_port import payment_provider
from .penalties import require_booking_right
from .place import take_place
from .plugged import require_plugged_rules
from .policies import read_terms
from .rules import MemberOverlap
from .scheduled import Wish, answered, hold_spot, lock_spot
from .terms import Terms, keep_terms, terms_of, terms_row
from .transitions import Move, apply_move, read_booking

PER_ADDRESS = 20
# For a day the browser that held a time is told so when it comes back; after that, hashes of its key
# and address are nobody's business.
KEPT = timedelta(days=1)


class TooManyHolds(Refusal):
    """From one address more times are held than guests of one shop would hold."""

    code = "too_many_holds"
    status = 429
    title = _("Too many times on hold")
    detail = _("Too many times are being held from this connection.")
    fix = _("Confirm one of them, or try again in ten minutes.")

    def __init__(self) -> None:
        super().__init__(extra={"retry_after": int(HOLD_FOR.total_seconds())})


class HoldExtended(Refusal):
    """The hold has been extended once already."""

    code = "hold_extended"
    status = 409
    title = _("Extended already")
    detail = _("This hold has been extended once; it cannot be extended again.")
    fix = _("Confirm before it runs out, or choose the time again.")


class TermsDiffer(Refusal):
    """Now that the shop knows who it is, other terms hold than those that were shown to somebody unknown."""

    code = "terms_differ"
    status = 409
    title = _("Other terms hold for you")
    detail = _("The terms shown before were for somebody the shop does not know yet.")
    fix = _("Read the terms as they stand here now, and confirm again.")


def key_hash(key: str) -> str:
    """What is kept of a visitor's key or address: a keyed hash, 64 hexadecimal digits."""
    return salted_hmac("tenants.booking.visitor_holds", key, algorithm="sha256").hexdigest()


@again_on_conflict
def hold_for_visitor(
    service_id: UUID,
    *,
    store_id: UUID,
    starts_at: datetime,
    visitor: str,
    address: str,
    now: datetime,
    practitioner_id: UUID | None = None,
    party_size: int = 1,
) -> Booking:
    """Keep the time for ten minutes for the browser with the key `visitor`, at today's price.

    The browser's earlier hold is let go in the same transaction, and stays where the new one is refused.
    Raises NotOpen, TooManyHolds, and what booking raises: SlotTaken with alternatives, the TimeClosed rules,
    WrongSkill, NotOffered, NotSeen.
    """
    _require_few(address, but=visitor, now=now)
    _let_go(visitor, now=now)
    offering = read_offering(store_id, service_id)
    require_by_time(offering)
    calendar = read_calendar(offering, [local_date(starts_at, offering.zone)], now=now, party_size=party_size)
    other = partial(free_times, offering, calendar.wish, starts_at, now=now, by_staff=False)
    require_practitioner(calendar, practitioner_id, other)
    booking = Booking(
        id=new_id(),
        status=Status.HELD,
        store_id=store_id,
        service_id=service_id,
        starts_at=starts_at,
        ends_at=offering.need.service_span(starts_at).end,
        party_size=party_size,
        price_amount=offering.price_amount,
        currency=offering.currency,
        channel=Channel.ONLINE,
        notice=offering.notice,
        expires_at=now + HOLD_FOR,
        created_at=now,
    )
    place = take_place(
        calendar,
        booking,
        starts_at=starts_at,
        practitioner_id=practitioner_id,
        now=now,
        by_staff=False,
    )
    booking.practitioner_id, booking.resource_id = place.practitioner_id, place.resource_id
    require_plugged_rules(booking, offering, by_staff=False, now=now, complete=False)
    keep_terms(booking, read_terms(offering, member_id=None, now=now))
    begin_booking(booking, by=NOBODY, now=now)
    _remember(booking, visitor=visitor, address=address)
    return booking


@again_on_conflict
def hold_scheduled_for_visitor(wish: Wish, *, visitor: str, address: str, now: datetime) -> Booking:
    """As hold_for_visitor, for seats in a session or goods in a pickup window.

    Raises NotOpen, TooManyHolds, and what scheduled.book_scheduled raises of the wish.
    """
    _require_few(address, but=visitor, now=now)
    _let_go(visitor, now=now)
    spot = lock_spot(wish, by=NOBODY, now=now)
    unasked = answered(spot, wish, by=NOBODY, later=True)
    prepared = hold_spot(spot, unasked, by=NOBODY, now=now)
    with told(spot.look.own_row):
        require_plugged_rules(prepared.booking, spot.offering, by_staff=False, now=now, complete=False)
    begin_booking(prepared.booking, by=NOBODY, now=now)
    write_items(prepared.booking, prepared.basket)
    _remember(prepared.booking, visitor=visitor, address=address)
    return prepared.booking


def held_by(booking_id: UUID, *, visitor: str) -> Booking:
    """The visitor's hold with service, store and practitioner, also one that ran out; two queries.

    Raises NotSeen for anybody else's.
    """
    if (
        not visitor
        or not VisitorHold.objects.filter(booking_id=booking_id, visitor_hash=key_hash(visitor)).exists()
    ):
        raise NotSeen
    booking = read_booking(booking_id)
    if booking is None or booking.member_id is not None:
        raise NotSeen
    return booking


def hold_of(visitor: str) -> UUID | None:
    """The booking that this browser holds; None for a browser without a key or a hold."""
    if not visitor:
        return None
    return (
        VisitorHold.objects.filter(visitor_hash=key_hash(visitor))
        .values_list("booking_id", flat=True)
        .first()
    )


def may_extend(booking_id: UUID) -> bool:
    """Whether the hold has not been extended yet."""
    return VisitorHold.objects.filter(booking_id=booking_id, extended=False).exists()


@again_on_conflict
def extend_hold(booking_id: UUID, *, visitor: str, now: datetime) -> Booking:
    """Ten more minutes from now, once. Raises NotSeen, HoldExpired, HoldExtended."""
    booking = held_by(booking_id, visitor=visitor)
    _require_live(booking, now=now)
    if not VisitorHold.objects.filter(booking_id=booking_id, extended=False).update(extended=True):
        raise HoldExtended
    until = now + HOLD_FOR
    written = Booking.objects.filter(id=booking_id, status=Status.HELD, version=booking.version)
    if not written.update(expires_at=until, version=F("version") + 1):
        raise Raced
    booking.expires_at = until
    booking.version += 1
    record_event(
        "booking.extended",
        subject_id=booking.id,
        store_id=booking.store_id,
        version=booking.version,
        payload={"status": booking.status},
        now=now,
    )
    mark_due(HOLDS, until)
    return booking


@again_on_conflict
def confirm_visitor_hold(
    booking_id: UUID,
    *,
    visitor: str,
    by: Actor,
    now: datetime,
    details: Mapping[str, Any] | None = None,
    agreed: Terms | None = None,
) -> Booking:
    """The very same hold becomes the booking of `by`, a member who has just proved their phone.

    Where their terms ask a deposit it is theirs and stays a hold, ten minutes more, until it is paid (payments).
    Price and code stay, and so do practitioner and room unless the answers name another number of people
    than they suit. `details` answer what is asked, by code ("booking" asks for the note). `agreed` are the terms the member was shown (None: those of the
    hold, for somebody unknown). Raises NotSeen for a hold of another browser, HoldExpired, MemberOverlap
    where the member has another booking at that time, BookingPaused, TermsDiffer where other terms
    hold for the member than were agreed to, DetailsInvalid and what plug-ins' rules refuse, SlotTaken for a
    party that fits nowhere, PaymentsClosed, DepositsWaiting.
    """
    assert by.member_id is not None
    lock_member(by.member_id)
    booking = held_by(booking_id, visitor=visitor)
    _require_live(booking, now=now)
    other = partial(others_for, booking, member_id=by.member_id, now=now)
    if booking.pickup_window_id is None:
        with naming(other):
            require_member_free(by.member_id, booking, now=now)
    require_booking_right(by.member_id, by=by, zone=ZoneInfo(booking.store.time_zone), now=now)
    own = terms_for_member(booking, by.member_id, now=now)
    if own != (agreed or terms_of(booking)):
        raise TermsDiffer
    booking.member_id = by.member_id
    fields = {
        **answer_hold(booking, details or {}, by_staff=False, now=now),
        "member_id": by.member_id,
        "expires_at": None,
        "terms": terms_row(own),
        "notice": own.cancel_notice,
    }
    move, detail = Move.CONFIRM, {}
    if own.deposit:
        payment_provider()
        require_few_unpaid(by.member_id, now=now)
        move, detail = Move.AWAIT_PAYMENT, {"awaits": "payment"}
        fields["expires_at"] = now + PAY_WITHIN
        mark_due(HOLDS, now + PAY_WITHIN)
    try:
        with transaction.atomic():
            apply_move(booking, move, by=by, now=now, fields=fields, detail=detail)
    except IntegrityError as error:
        if constraint_of(error) == "booking_member_once_at_a_time":
            raise MemberOverlap(params={"code": ""}, extra={"alternatives": other()}) from error
        raise
    VisitorHold.objects.filter(booking_id=booking_id).delete()
    return booking


def terms_for_member(booking: Booking, member_id: UUID, *, now: datetime) -> Terms:
    """The terms under which the member would take over a visitor's hold, at the price of the hold.

    They are the hold's own, whatever the chain has changed since, unless the policy that fits the
    member is another than the one for somebody unknown.
    """
    offering = replace(
        read_offering(booking.store_id, booking.service_id, by_staff=True), price_amount=booking.price_amount
    )
    own = read_terms(offering, member_id=member_id, now=now)
    unknown = read_terms(offering, member_id=None, now=now)
    return terms_of(booking) if own == unknown else own


@again_on_conflict
def drop_visitor_hold(*, visitor: str, now: datetime) -> None:
    """Let go of whatever the visitor holds; nothing happens where they hold nothing."""
    _let_go(visitor, now=now)


def _require_live(booking: Booking, *, now: datetime) -> None:
    if booking.status != Status.HELD or hold_is_over(booking, now=now):
        raise HoldExpired


def _require_few(address: str, *, but: str, now: datetime) -> None:
    """Requests of one address come one after the other: each counts what the last one held."""
    lock = int.from_bytes(bytes.fromhex(key_hash(f"holds {address}"))[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
    held = VisitorHold.objects.filter(
        address_hash=key_hash(address), booking__status=Status.HELD, booking__expires_at__gt=now
    )
    if held.exclude(visitor_hash=key_hash(but)).count() >= PER_ADDRESS:
        raise TooManyHolds


def _let_go(visitor: str, *, now: datetime) -> None:
    """Expire the visitor's hold, if it still stands, and forget it."""
    mine = VisitorHold.objects.filter(visitor_hash=key_hash(visitor))
    for hold in mine.select_for_update().select_related("booking").order_by("booking_id"):
        if hold.booking.status == Status.HELD:
            apply_move(hold.booking, Move.EXPIRE, now=now, reason="another time was chosen")
        hold.delete()


def _remember(booking: Booking, *, visitor: str, address: str) -> None:
    """Tie the hold to its browser; the unique key sees to it that a browser has one."""
    try:
        with transaction.atomic():
            VisitorHold.objects.create(
                booking=booking, visitor_hash=key_hash(visitor), address_hash=key_hash(address)
            )
    except IntegrityError as error:
        if constraint_of(error) == "visitor_hold_one_each":
            raise Raced from error
        raise


def forget_visitor_holds(*, now: datetime) -> bool:
    """Housekeeping: whose a hold was is forgotten KEPT after it ran out; the booking stays, expired."""
    over = VisitorHold.objects.exclude(booking__status=Status.HELD)
    return let_go(over.filter(booking__expires_at__lt=now - KEPT))


def hold_left(booking: Booking, *, now: datetime) -> timedelta:
    """How long the hold still stands; zero where it has run out."""
    if booking.status != Status.HELD or booking.expires_at is None:
        return timedelta()
    return max(booking.expires_at - now, timedelta())
