"""Booking what is scheduled: seats in a session, or goods in a pickup window. One door for both.

Seats or window, stock and credits are claimed together, all or none (claims.py). The row of the session
or window is locked first, shared: whoever calls it off waits for us, and we for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.postgresql.ask import ask
from chains.refusals import Refusal
from tenants.booking.models import Booking, PickupWindow, Session, SessionState, Status
from tenants.members.models import Member
from tenants.people.domain.rights import Actor, NotSeen

from .attempts import again_on_conflict
from .book import Guest, begin_booking, channel_of, member_for, pass_claims, require_booker
from .calendar import STAFF_AHEAD
from .claims import OutOfStock, PoolClaim, SessionFull, Wanted, WindowFull, claims_of
from .deposits import wait_for_deposit
from .first_look import FirstLook
from .free_times import naming, other_sessions
from .full import Slots, near_question, refuse_when_full
from .holds import HOLD_FOR, take_claims
from .items import EMPTY, Basket, Item, fill_basket, name_short, write_items
from .known import unwritten
from .offering import Offering, known_service, known_store, offering_from, priced
from .one_at_a_time import lock_member, refuse_overlap, require_member_free
from .open import told
from .penalties import refuse_paused, require_booking_right
from .plugged import check_details, require_plugged_rules
from .policies import read_terms
from .rules import time_closed
from .sessions import SessionCalledOff
from .spots import Looked, look_at
from .terms import keep_terms
from .why import Code


class WindowClosed(Refusal):
    """The shop takes no more orders for that pickup window."""

    code = "window_closed"
    status = 409
    title = _("Window closed")
    detail = _("The shop takes no more orders for that time.")
    fix = _("Choose another window.")


class NothingOrdered(Refusal):
    """A pickup without anything to pick up."""

    code = "nothing_ordered"
    status = 422
    title = _("Nothing chosen")
    detail = _("There is nothing to pick up yet.")
    fix = _("Choose at least one product.")


class NotThatService(Refusal):
    """The session or window is not one of the service that was named."""

    code = "not_that_service"
    status = 422
    title = _("Another service")
    detail = _("What was chosen is not of the service that was named.")
    fix = _("Leave the service out, or choose a time of that service.")


# Of several at one time the one with the most room.
_ROOMIEST = (F("pool__taken") - F("pool__capacity"), "id")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of a session (by `session_id`) or a pickup window (by `window_id`), exactly one of them.

    `details` answer what plug-ins ask, by their codes.
    """

    session_id: UUID | None = None
    window_id: UUID | None = None
    store_id: UUID | None = None
    service_id: UUID | None = None
    party_size: int = 1
    items: tuple[Item, ...] = ()
    pass_id: UUID | None = None
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spot:
    """The session or window that was found, its row locked."""

    row: Session | PickupWindow
    offering: Offering
    look: FirstLook

    @property
    def is_session(self) -> bool:
        """Seats, or goods."""
        return isinstance(self.row, Session)


@dataclass(slots=True)
class Prepared:
    """A booking that is not yet written, with its items, and what it claims."""

    booking: Booking
    basket: Basket
    wanted: tuple[Wanted, ...]
    units: int = 0  # of the spot's own pool


@again_on_conflict
def book_scheduled(
    wish: Wish,
    *,
    by: Actor,
    now: datetime,
    member: UUID | Guest | None = None,
    hold: bool = False,
    hold_until: datetime | None = None,  # of a hold that lasts longer than HOLD_FOR: an offer
    by_program: bool = False,
) -> Booking:
    """Book seats in a session or goods in a window for a member; confirmed, or held ten minutes.

    A member's that needs a deposit is held until it is paid. The price is fixed: seats by their number (nothing where a pass pays) and every item. Raises SessionFull,
    WindowFull and OutOfStock before any other refusal of the wish, with alternatives; SessionCalledOff,
    WindowClosed, the TimeClosed rules, MemberOverlap (a second seat of a member included), ItemsWrong,
    NothingOrdered, PassUsedUp, NotThatService; NotSeen for what does not exist; Forbidden; NotOpen, ChainReadOnly;
    BookingPaused for a member whose online booking is on pause; DetailsInvalid and what plug-ins' rules refuse.
    An offer (`hold_until`) is asked nothing yet.
    """
    named = None if isinstance(member, Guest) else member or by.member_id
    looked = look_at(wish.session_id, wish.window_id, member_id=named, now=now)
    spot = _spot(looked, wish, by=by)
    require_booker(member, store_id=spot.row.store_id, by=by)
    offered = hold_until is not None
    wish = answered(spot, wish, by=by, later=offered)
    for_member = spot.look.member or lock_member(
        member_for(member, country=spot.offering.country, by=by, now=now)
    )
    prepared = _draft(spot, wish, member=for_member, by=by, now=now, hold=hold, by_program=by_program)
    if hold_until is not None:
        prepared.booking.expires_at = hold_until
    zone = spot.offering.zone
    refuse_when_full(spot.row, prepared.units, zone=zone, seats=wish.party_size, now=now)
    try:
        _require_right(spot, prepared.booking, by=by, now=now, complete=not offered)
        wait_for_deposit(prepared.booking, by=by, now=now)
    except Refusal:
        _claim(spot, prepared, now=now)  # that it is full is said before anything else
        raise
    with _near_when_full(spot, prepared, now=now):
        # the pool's row is taken last, directly before the commit: many wait for it
        begin_booking(prepared.booking, by=by, now=now, claims=prepared.wanted)
    write_items(prepared.booking, prepared.basket)
    return prepared.booking


def _require_right(spot: Spot, booking: Booking, *, by: Actor, now: datetime, complete: bool) -> None:
    """All that may refuse the booking but what is full, and its terms. Raises as book_scheduled."""
    assert booking.member_id is not None
    _require_takable(spot, booking, by=by, now=now)
    with naming(partial(other_sessions, booking, spot.offering.zone, now=now, member_id=booking.member_id)):
        if not spot.is_session:
            pass
        elif spot.look.overlapping is None:
            require_member_free(booking.member_id, booking, now=now)
        else:
            refuse_overlap(spot.look.overlapping, booking.member_id, booking, now=now)
    if spot.look.member is None:
        require_booking_right(booking.member_id, by=by, zone=spot.offering.zone, now=now)
    elif not by.is_employee:
        refuse_paused(spot.look.paused, zone=spot.offering.zone, now=now)
    with told(spot.look.own_row):
        require_plugged_rules(booking, spot.offering, by_staff=by.is_employee, now=now, complete=complete)


def lock_spot(wish: Wish, *, by: Actor, now: datetime) -> Spot:
    """The session or window with its offering, locked against being called off. Raises NotSeen, NotThatService."""
    return _spot(look_at(wish.session_id, wish.window_id, member_id=None, now=now), wish, by=by)


def _spot(looked: Looked, wish: Wish, *, by: Actor) -> Spot:
    """The spot that was looked at. Raises as lock_spot."""
    row, look = looked.row, looked.look
    if row is None or look is None or wish.store_id not in (None, row.store_id):
        raise NotSeen
    if wish.service_id not in (None, row.service_id):
        raise NotThatService
    offering = offering_from(look.offering, row.store_id, row.service_id, by_staff=by.is_employee)
    return Spot(row, offering, look)


def answered(spot: Spot, wish: Wish, *, by: Actor, later: bool) -> Wish:
    """The wish with checked answers; without any where they are asked `later`. Raises DetailsInvalid."""
    answers = check_details(
        spot.offering,
        wish.details,
        note=wish.note,
        party_size=wish.party_size,
        by_staff=by.is_employee,
        later=later,
    )
    fills = answers.fills
    return replace(wish, note=fills["note"], party_size=fills["party_size"], details=answers.details)


def hold_spot(spot: Spot, wish: Wish, *, by: Actor, now: datetime) -> Prepared:
    """Claim all of the wish, whose answers are checked, for a hold of nobody known that is still to be written.

    Raises as book_scheduled, but for what plug-ins say.
    """
    prepared = _draft(spot, wish, member=None, by=by, now=now, hold=True)
    _claim(spot, prepared, now=now)
    _require_takable(spot, prepared.booking, by=by, now=now)
    return prepared


def _draft(
    spot: Spot,
    wish: Wish,
    *,
    member: Member | None,
    by: Actor,
    now: datetime,
    hold: bool,
    by_program: bool = False,
) -> Prepared:
    """The booking as it will be written, but for its code and terms, and what it wants."""
    row, offering = spot.row, spot.offering
    seats = wish.party_size if spot.is_session else 1
    basket = fill_basket(row.store_id, wish.items, currency=offering.currency)
    if not spot.is_session and not basket.rows:
        raise NothingOrdered
    paid = 0 if wish.pass_id is not None else offering.price_amount * seats
    session = row if isinstance(row, Session) else None
    related = {
        "store": known_store(offering),
        "service": known_service(offering),
        "member": member,
        "session": session,
        "pickup_window": row if isinstance(row, PickupWindow) else None,
        "practitioner": session.practitioner if session else None,
        "resource": session.resource if session else None,
    }
    booking = unwritten(
        Booking,
        related,
        id=new_id(),
        status=Status.HELD if hold else Status.CONFIRMED,
        pass_id=wish.pass_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        party_size=wish.party_size,
        price_amount=paid + basket.amount,
        currency=offering.currency,
        note=wish.note,
        details=dict(wish.details),
        channel=channel_of(by, starts_at=row.starts_at, now=now, by_program=by_program),
        made_by_id=by.employee_id,
        notice=offering.notice,
        expires_at=now + HOLD_FOR if hold else None,
        created_at=now,
    )
    wanted: list[Wanted] = [PoolClaim(row.pool_id, seats), *basket.claims]
    wanted += pass_claims(booking, units=seats, by=by, now=now)
    return Prepared(booking, basket, tuple(wanted), units=seats)


def _require_takable(spot: Spot, booking: Booking, *, by: Actor, now: datetime) -> None:
    """As require_takable; then the terms are promised."""
    require_takable(spot, by=by, now=now)
    promised = priced(spot.offering, booking.price_amount)
    policies = spot.look.policies
    keep_terms(booking, read_terms(promised, member_id=booking.member_id, now=now, policies=policies))


def _claim(spot: Spot, prepared: Prepared, *, now: datetime) -> None:
    """Take the claims now, before the booking is written."""
    booking = prepared.booking
    with _near_when_full(spot, prepared, now=now):
        take_claims(booking.id, wanted=prepared.wanted, now=now, fresh=booking._state.adding)


@contextmanager
def _near_when_full(spot: Spot, prepared: Prepared, *, now: datetime) -> Iterator[None]:
    """What is full refuses with what near it is not."""
    try:
        yield
    except (SessionFull, WindowFull) as refusal:
        refusal.extra["alternatives"] = _near(spot, seats=prepared.booking.party_size, now=now)
        raise
    except OutOfStock as refusal:
        raise name_short(refusal, prepared.basket) from None


def require_takable(spot: Spot, *, by: Actor, now: datetime) -> None:
    """Raise SessionCalledOff, WindowClosed or the rule of time that closes it: what counts is the start of a
    session (for staff its end) and the end of a window.
    """
    row, offering = spot.row, spot.offering
    if isinstance(row, Session) and row.state == SessionState.CALLED_OFF:
        raise SessionCalledOff
    if isinstance(row, PickupWindow) and not row.open:
        raise WindowClosed
    last = row.starts_at if isinstance(row, Session) and not by.is_employee else row.ends_at
    lead = timedelta() if by.is_employee else offering.lead
    ahead = STAFF_AHEAD if by.is_employee else offering.horizon
    code: Code | None = None
    if last <= now:
        code = "past"
    elif last <= now + lead:
        code = "too_soon"
    elif row.starts_at > now + ahead:
        code = "too_far"
    if code is not None:
        raise time_closed([code], alternatives=_near(spot, now=now))


def _near(spot: Spot, *, seats: int = 1, now: datetime) -> Slots:
    return ask(near_question(spot.row, spot.offering.zone, seats=seats, now=now))


def move_scheduled(
    booking: Booking, starts_at: datetime, *, by: Actor, now: datetime
) -> tuple[Offering, dict[str, Any]]:
    """Take the session (of the same service and store) or window that begins then, let go of the old one.

    What is offered there and the columns to change; the caller holds booking and member. Raises as book_scheduled, NotSeen where
    nothing is scheduled for then.
    """
    old: Session | PickupWindow | None = booking.session or booking.pickup_window
    assert old is not None
    same = {"store_id": booking.store_id, "starts_at": starts_at}
    if booking.session_id is not None:
        ids = Session.objects.filter(**same, service_id=booking.service_id).exclude(
            state=SessionState.CALLED_OFF
        )
        found = ids.exclude(id=old.id).order_by(*_ROOMIEST).values_list("id", flat=True).first()
        wish = Wish(session_id=found, party_size=booking.party_size)
    else:
        windows = PickupWindow.objects.filter(**same, open=True).exclude(id=old.id)
        found = windows.order_by(*_ROOMIEST).values_list("id", flat=True).first()
        wish = Wish(window_id=found)
    if found is None:
        raise NotSeen
    spot = lock_spot(wish, by=by, now=now)
    seats = booking.party_size if spot.is_session else 1
    kept = [one for one in claims_of(booking.id) if not _is_of(one, old.pool_id)]
    wanted = [PoolClaim(spot.row.pool_id, seats), *kept]
    _claim(spot, Prepared(booking, EMPTY, tuple(wanted)), now=now)
    require_takable(spot, by=by, now=now)
    session = spot.row if isinstance(spot.row, Session) else None
    return spot.offering, {
        "session_id": session.id if session else None,
        "pickup_window_id": None if session else spot.row.id,
        "practitioner_id": session.practitioner_id if session else None,
        "resource_id": session.resource_id if session else None,
        "starts_at": spot.row.starts_at,
        "ends_at": spot.row.ends_at,
    }


def _is_of(claim: Wanted, pool_id: UUID) -> bool:
    return isinstance(claim, PoolClaim) and claim.pool_id == pool_id
