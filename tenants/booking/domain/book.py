"""Booking: the one door through which members, staff and programs take a place."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction

from accounts.ids import new_id
from chains.anew import writes_may_wait
from chains.due import mark_due
from chains.postgresql.ask import Question, ask_ahead, insertion
from tenants.booking.models import Booking, Channel, Status
from tenants.events.domain.record import event_question
from tenants.extension.answers import Answers
from tenants.members.domain.members import welcome_member
from tenants.members.models import Member
from tenants.people.domain.rights import Action, Actor, Forbidden, NotSeen, require
from tenants.people.models import Employee
from tenants.stores.domain.phones import normalise_phone
from tenants.stores.models import Resource

from .asked_for import require_practitioner
from .attempts import Raced, again_on_conflict
from .availability import require_thing
from .calendar import Calendar, Wish
from .claims import FULL, OutOfStock, PoolClaim, Wanted, constraint_of, holders_of, pool_full
from .codes import draw_code
from .credits import pass_keeper
from .deposits import wait_for_deposit
from .first_look import FirstLook
from .foresight import Day, Enquiry, Moment, Seen, look_ahead
from .free_times import free_times, naming
from .fresh import new_claims
from .holds import HOLD_FOR, HOLDS, expire_holds_among
from .items import Basket, Item, fill_basket, name_short, write_items
from .known import known, unwritten
from .offering import known_service, known_store, priced, require_by_time
from .one_at_a_time import lock_member, refuse_overlap, require_member_free
from .open import told
from .overbooking import note_overbooking, require_overbooker
from .penalties import refuse_paused, require_booking_right
from .place import Place, take_place
from .plugged import check_details, require_plugged_rules
from .policies import read_terms
from .rules import MemberOverlap
from .terms import keep_terms
from .transitions import transition_question

# Whom staff book for a moment ago or the next quarter of an hour has walked in.
WALK_IN_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Guest:
    """For whom staff book, where no member is known yet: a name, and a phone as it was told (or none)."""

    name: str
    phone: str | None = None


@again_on_conflict
def book(
    service_id: UUID,
    *,
    store_id: UUID,
    starts_at: Moment,
    by: Actor,
    now: datetime,
    member: UUID | Guest | None = None,
    practitioner_id: UUID | None = None,
    resource_id: UUID | None = None,
    party_size: int = 1,
    items: Sequence[Item] = (),
    pass_id: UUID | None = None,
    note: str = "",
    details: Mapping[str, Any] | None = None,
    hold: bool = False,
    hold_until: datetime | None = None,  # of a hold that lasts longer than HOLD_FOR: an offer
    extra: Sequence[Wanted] = (),
    overbook: str | None = None,
    by_program: bool = False,  # a call of the API, not a page: see channel_of
    companion: bool = False,  # `member` comes with the member who books: see groups
) -> Booking:
    """Book the service at the store, from `starts_at` (aware) on, for a member; confirmed, or held ten minutes.

    A member's that needs a deposit is held until it is paid. Members book for themselves, employees with the right
    for a `member` by id or a guest who becomes one. Without a practitioner the fairest who is free serves. The
    price is fixed, with every item (nothing for the service where a pass pays). `extra` is claimed too, all or nothing. `overbook` is the reason for which an
    employee with that right books over others; pools are never overdrawn. `details` answer what plug-ins ask,
    by their codes; an offer (`hold_until`) is asked nothing yet. Raises SlotTaken with the nearest alternatives, or
    OutOfStock, before any other refusal; NotByTime, ItemsWrong, PassUsedUp; the TimeClosed rules; WrongSkill;
    MemberOverlap; NotOffered; NotOpen; ChainReadOnly; NotSeen; Forbidden; OverbookingUnexplained; BookingPaused
    for a member whose online booking is on pause; last DetailsInvalid and what plug-ins' rules refuse.
    """
    whom = _whom(member, store_id=store_id, by=by, companion=companion)
    require_overbooker(overbook, store_id=store_id, by=by)
    member_id = None if isinstance(whom, Guest) else whom
    alone = resource_id is None and not extra and overbook is None
    wish = Wish(practitioner_id, resource_id, party_size)
    asked = Enquiry(store_id, service_id, member_id, wish, by_staff=by.is_employee, alone=alone)
    seen = look_ahead(asked, starts_at, now=now)
    offering, look = seen.offering, seen.look
    require_by_time(offering)
    basket = fill_basket(store_id, items, currency=offering.currency)
    later, staff = hold_until is not None, by.is_employee
    answers = check_details(
        offering, details or {}, note=note, party_size=party_size, by_staff=staff, later=later
    )
    day = seen.day_of(_sized(wish, answers.fills["party_size"]), now=now)
    _require_asked(day.calendar, seen.starts_at, look.member, by_staff=staff, now=now)
    for_member = look.member or lock_member(member_for(whom, country=offering.country, by=by, now=now))
    booking = _draft(seen, answers, for_member, pass_id=pass_id, by=by, now=now, by_program=by_program)
    if hold:
        booking.status, booking.expires_at = Status.HELD, hold_until or now + HOLD_FOR
    claimed = (*extra, *pass_claims(booking, by=by, now=now))
    how = _Settling(basket, claimed, overbook, not later, look, day)
    place = _settle(booking, how, by=by, now=now)
    detail = note_overbooking(booking, place, overbook, by=by, now=now)
    begin_booking(booking, by=by, now=now, detail=detail, claims=place.unwritten)
    write_items(booking, basket)
    return booking


def _sized(wish: Wish, party_size: int) -> Wish:
    return wish if wish.party_size == party_size else replace(wish, party_size=party_size)


@dataclass(frozen=True, slots=True)
class _Settling:
    """How a booking takes its place: with what else, over others or not; `complete` once all is told."""

    basket: Basket
    extra: tuple[Wanted, ...]
    overbook: str | None
    complete: bool
    look: FirstLook
    day: Day


def _whom(member: UUID | Guest | None, *, store_id: UUID, by: Actor, companion: bool) -> UUID | Guest | None:
    """Whom the booking is for, as far as it is known. Raises as require_booker."""
    if not (companion and by.is_member):
        require_booker(member, store_id=store_id, by=by)
    return by.member_id if (by.is_member and not companion) or member is None else member


def _require_asked(
    calendar: Calendar, starts_at: datetime, member: Member | None, *, by_staff: bool, now: datetime
) -> None:
    """Raise as require_practitioner and require_thing for who and what the calendar's wish names."""
    wish = calendar.wish
    other = partial(
        free_times,
        calendar.offering,
        wish,
        starts_at,
        now=now,
        by_staff=by_staff,
        member_id=member.id if member else None,
    )
    require_practitioner(calendar, wish.practitioner_id, other)
    require_thing(calendar, wish.resource_id)


def _settle(booking: Booking, how: _Settling, *, by: Actor, now: datetime) -> Place:
    """Give a booking that is to be written its place, hear what its member and the rules say of it, keep its terms."""
    assert booking.member_id is not None
    booking.price_amount += how.basket.amount
    calendar, overlapping = how.day.calendar, how.day.overlapping
    try:
        place = take_place(
            calendar,
            booking,
            starts_at=booking.starts_at,
            practitioner_id=calendar.wish.practitioner_id,
            now=now,
            by_staff=by.is_employee,
            extra=[*how.basket.claims, *how.extra],
            overbook=how.overbook is not None,
            written_later=True,
            locked=how.day.locked,
        )
    except OutOfStock as refusal:
        raise name_short(refusal, how.basket) from None
    _show(booking, place, calendar)
    other = partial(
        free_times, calendar.offering, calendar.wish, booking.starts_at, member_id=booking.member_id
    )
    with naming(partial(other, now=now, by_staff=by.is_employee)):
        if overlapping is None:
            require_member_free(booking.member_id, booking, now=now)
        else:
            refuse_overlap(overlapping, booking.member_id, booking, now=now)
    if overlapping is None:
        require_booking_right(booking.member_id, by=by, zone=calendar.offering.zone, now=now)
    elif not by.is_employee:
        refuse_paused(how.look.paused, zone=calendar.offering.zone, now=now)
    with told(how.look.own_row):
        require_plugged_rules(
            booking, calendar.offering, by_staff=by.is_employee, now=now, complete=how.complete
        )
    promised = priced(calendar.offering, booking.price_amount)
    terms = read_terms(promised, member_id=booking.member_id, now=now, policies=how.look.policies)
    keep_terms(booking, terms)
    wait_for_deposit(booking, by=by, now=now)
    return place


def _show(booking: Booking, place: Place, calendar: Calendar) -> None:
    """Put who and what serves on the booking, with their names."""
    booking.practitioner_id, booking.resource_id = place.practitioner_id, place.resource_id
    if place.practitioner_id is not None:
        name = calendar.team[place.practitioner_id].name
        booking.practitioner = known(Employee, id=place.practitioner_id, name=name)
    if place.resource_id is not None:
        booking.resource = known(Resource, id=place.resource_id, name=calendar.things[place.resource_id].name)


def _draft(
    seen: Seen,
    answers: Answers,
    member: Member,
    *,
    pass_id: UUID | None,
    by: Actor,
    now: datetime,
    by_program: bool,
) -> Booking:
    """The booking as it will be written, confirmed, but for its place and code, at the service's price."""
    offering, starts_at = seen.offering, seen.starts_at
    return unwritten(
        Booking,
        {"store": known_store(offering), "service": known_service(offering), "member": member},
        id=new_id(),
        status=Status.CONFIRMED,
        starts_at=starts_at,
        ends_at=offering.need.service_span(starts_at).end,
        party_size=answers.fills["party_size"],
        pass_id=pass_id,
        price_amount=0 if pass_id else offering.price_amount,
        currency=offering.currency,
        note=answers.fills["note"],
        details=answers.details,
        channel=channel_of(by, starts_at=starts_at, now=now, by_program=by_program),
        made_by_id=by.employee_id,
        notice=offering.notice,
        created_at=now,
    )


def pass_claims(booking: Booking, *, by: Actor, now: datetime, units: int = 1) -> list[Wanted]:
    """The credits that the booking takes of its pass, if it has one. Raises as credits.Credits.reserve."""
    if booking.pass_id is None:
        return []
    return [pass_keeper().reserve(booking, units=units, by=by, now=now)]


def channel_of(by: Actor, *, starts_at: datetime, now: datetime, by_program: bool) -> Channel:
    """How the booking came: a walk-in where staff book what begins now, else staff, the API, or online."""
    if by.is_employee:
        return Channel.WALK_IN if starts_at <= now + WALK_IN_WITHIN else Channel.STAFF
    return Channel.API if by_program else Channel.ONLINE


def begin_booking(
    booking: Booking,
    *,
    by: Actor,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
    claims: Sequence[Wanted] = (),
) -> Booking:
    """Write the booking with its first transition and event; a hold's end becomes due work.

    `claims` are written with it, in the same message: resources that were locked and found free, and units of
    pools, which are taken last. Raises SessionFull, WindowFull, OutOfStock, PassUsedUp for a pool that has none.
    """

    counted = any(isinstance(claim, PoolClaim) for claim in claims) and not writes_may_wait()

    def write() -> None:
        try:
            # only what a pool refused is written a second time
            with transaction.atomic() if counted else nullcontext():
                _insert(booking, _beginning(booking, by=by, now=now, detail=detail), claims)
        except IntegrityError as error:
            raise _refusal_of(error, claims) from error

    try:
        write()
    except FULL:
        if not expire_holds_among(holders_of(claims, but=booking.id), now=now):
            raise
        write()
    if booking.expires_at is not None:
        mark_due(HOLDS, booking.expires_at)
    return booking


def require_booker(member: UUID | Guest | None, *, store_id: UUID, by: Actor) -> None:
    """Members book for themselves, employees by their right at the store. Raises Forbidden, NotSeen."""
    if by.is_member:
        if member not in (None, by.member_id):
            raise Forbidden
        return
    require(by, Action.CREATE_BOOKING, store_id=store_id)
    if member is None:
        raise NotSeen


def member_for(member: UUID | Guest | None, *, country: str, by: Actor, now: datetime) -> UUID:
    """The member the booking is for: whoever is named, else the member who books.

    A guest becomes one, by phone the one who has that number as it is read in `country`.
    """
    if member is None and by.member_id is not None:
        return by.member_id
    if isinstance(member, Guest):
        phone = normalise_phone(member.phone, country=country) if member.phone else None
        return welcome_member(phone, name=member.name, now=now)[0].id
    assert member is not None
    return member


def _beginning(
    booking: Booking, *, by: Actor, now: datetime, detail: Mapping[str, Any] | None
) -> list[Question[Any]]:
    """What is written of a booking's beginning beside its row: its first transition and event."""
    return [
        transition_question(booking, before="", by=by, now=now, detail=detail),
        event_question(
            f"booking.{booking.status}",
            subject_id=booking.id,
            store_id=booking.store_id,
            version=booking.version,
            payload={"status": booking.status},
            now=now,
        ),
    ]


def _insert(booking: Booking, beginning: Sequence[Question[Any]], claims: Sequence[Wanted]) -> None:
    """Write the row under a fresh code and all that comes with it, inside a function that is repeated on conflict.

    A code that is taken makes the whole attempt lost (Raced), and the next one draws another: that is
    rarer than a savepoint around every insert is dear. The exclusion constraints of members and resources
    stand behind require_member_free and lock_free: what they stop is told the same, or looked at anew.
    Where writes may wait all of that is heard at the commit, and the whole act begun anew (chains.anew).
    """
    booking.code = draw_code(randbelow=secrets.randbelow)
    ask_ahead([insertion([booking]), *beginning, *new_claims(booking.id, claims)])
    booking._state.adding, booking._state.db = False, DEFAULT_DB_ALIAS


def _refusal_of(error: IntegrityError, claims: Sequence[Wanted]) -> Exception:
    """What a constraint said to _insert, whose writes are undone; other errors stay what they are."""
    constraint = constraint_of(error)
    if constraint == "booking_member_once_at_a_time":
        return MemberOverlap(params={"code": ""})
    if constraint in ("booking_code_once", "claim_resource_once_at_a_time"):
        return Raced()
    pools = [claim for claim in claims if isinstance(claim, PoolClaim)]
    if constraint == "pool_never_oversold" and pools:
        return pool_full(pools[0].pool_id, pools[0].units)
    return error
