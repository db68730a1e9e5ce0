"""The waiting list at work: whatever becomes free is held for the first in the queue whom it fits.

The order is written down and told with each offer: who joined first comes first (`joined_first`). A wish
is passed over for one place where it does not fit it, where its member has something else at that time,
has had as many offers that day as the store's rules allow, or had that very place offered before.

Queues of a store are served one at a time (an advisory lock). Behind it stand the keys of the database:
one open offer a wish, no place twice for a wish, one booking a resource, one place a member.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, connection, transaction
from django.db.models import Min, QuerySet

from accounts.ids import new_id
from chains.due import mark_due
from chains.refusals import Refusal
from tenants.booking.models import (
    LIVE,
    Booking,
    OfferState,
    Session,
    SessionState,
    Status,
    WaitingOffer,
    WaitingRules,
    Wish,
    WishStatus,
    WishWindow,
)
from tenants.people.domain.rights import Actor
from tenants.stores.domain.wall import local_date
from tenants.stores.models import Store

from .attempts import again_on_conflict
from .availability import find_slots
from .book import book
from .claims import constraint_of
from .scheduled import Wish as Seat
from .scheduled import book_scheduled
from .search import Slot
from .spans import Span
from .waiting_offers import tell_offer
from .waiting_rules import SHORTEST, count_offers, rules_of, told_from
from .wishes import OPEN, WAITING, next_sweep, set_status

# A freed span matters to windows this near to it: buffers may lie outside the window.
NEAR = timedelta(hours=6)
# How many fitting places are tried for one wish before the next has its turn.
TRIES = 12
# Dates that are searched for one wish; its windows may lie further apart than that.
MOST_DAYS = 62


@again_on_conflict
def serve_store(store_id: UUID, *, now: datetime, near: Span | None = None) -> list[WaitingOffer]:
    """Offer what is free at the store to the wishes it fits, in their order; the offers made.

    `near` says where something became free: wishes that do not reach it are left alone.
    """
    store = Store.objects.filter(id=store_id, active=True).first()
    if store is None:
        return []
    waiting = waiting_wishes(store_id, now=now, near=near)
    if not waiting.exists():
        return []
    lock_queue(store_id)
    rules, zone = rules_of(store_id), ZoneInfo(store.time_zone)
    tell_at = told_from(rules, zone=zone, now=now)
    told = count_offers(store, at=tell_at)
    board = Board(store_id, zone, now=now)
    made = []
    for ahead, wish in enumerate(in_order(waiting.prefetch_related("windows", "offers"))):
        if told[wish.member_id] >= rules.per_day:
            continue
        offer = offer_place(wish, board, rules=rules, tell_at=tell_at, ahead=ahead, now=now)
        if offer is not None:
            told[wish.member_id] += 1
            made.append(offer)
    return made


def waiting_wishes(store_id: UUID, *, now: datetime, near: Span | None = None) -> QuerySet[Wish]:
    """The wishes of a store that wait and can still be met, unordered; lazy."""
    reaching = WishWindow.objects.filter(ends_at__gt=now)
    if near is not None:
        reaching = reaching.filter(starts_at__lt=near.end + NEAR, ends_at__gt=near.start - NEAR)
    return Wish.objects.filter(
        store_id=store_id, status=WishStatus.WAITING, id__in=reaching.values("wish_id")
    )


def in_order(wishes: QuerySet[Wish]) -> Sequence[Wish]:
    """The rule of fairness: who joined first comes first."""
    return list(wishes.order_by("joined_at", "id"))


def lock_queue(store_id: UUID) -> None:
    """Queues of one store are served one after the other, until the transaction ends."""
    key = int.from_bytes(store_id.bytes[-8:], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (key,))


class Board:
    """The free slots of a store, read once a service and date until something is taken."""

    def __init__(self, store_id: UUID, zone: ZoneInfo, *, now: datetime) -> None:
        self.store_id, self.zone, self.now = store_id, zone, now
        self._slots: dict[tuple[UUID, int, date], list[Slot[UUID]]] = {}

    def slots(self, service_id: UUID, days: Sequence[date], *, party_size: int) -> Iterator[Slot[UUID]]:
        """The service's free slots that begin on the dates. Raises NotSeen and NotOffered."""
        missing = [day for day in days if (service_id, party_size, day) not in self._slots]
        if missing:
            _offering, found = find_slots(
                self.store_id, service_id, days=missing, now=self.now, party_size=party_size
            )
            for one in found:
                self._slots[service_id, party_size, one.day] = one.slots
        for day in days:
            yield from self._slots[service_id, party_size, day]

    def forget(self) -> None:
        """Something was taken: read again."""
        self._slots.clear()


def offer_place(
    wish: Wish,
    board: Board,
    *,
    rules: WaitingRules,
    tell_at: datetime,
    ahead: int,
    now: datetime,
) -> WaitingOffer | None:
    """Hold the earliest place that fits the wish and tell its member; None where nothing fits."""
    busy = busy_spans(wish.member_id, now=now)
    for number, (service_id, slot, people) in enumerate(fitting(wish, board, earliest=tell_at + SHORTEST)):
        if number >= TRIES:
            break
        if any(span.overlaps(Span(slot.starts_at, slot.ends_at)) for span in busy):
            continue
        for practitioner_id in people:
            until = min(tell_at + timedelta(minutes=rules.offer_minutes), slot.starts_at)
            offer = hold_for(
                wish,
                service_id,
                slot.starts_at,
                practitioner_id=practitioner_id,
                until=until,
                tell_at=tell_at,
                ahead=ahead,
                now=now,
            )
            if offer is not None:
                board.forget()
                return offer
    return None


def fitting(
    wish: Wish, board: Board, *, earliest: datetime
) -> list[tuple[UUID, Slot[UUID], Sequence[UUID | None]]]:
    """The free slots that the wish would take, by start, each with whom to ask for it.

    A slot fits if one window holds the whole service and somebody wished for is free, in a place that
    was not offered to this wish before. Where anybody will do the choice is left to booking (None).
    """
    windows = [Span(one.starts_at, one.ends_at) for one in wish.windows.all()]
    before = {(one.service_id, one.practitioner_id, one.starts_at) for one in wish.offers.all()}
    found: list[tuple[UUID, Slot[UUID], Sequence[UUID | None]]] = []
    for service_id in wish.services:
        try:
            days = days_of(windows, board.zone, now=board.now)
            slots = list(board.slots(service_id, days, party_size=wish.party_size))
        except Refusal:
            continue  # no longer offered here: the wish's other services may be
        for slot in slots:
            whole = Span(slot.starts_at, slot.ends_at)
            if slot.starts_at < earliest or not any(window.contains(whole) for window in windows):
                continue
            if wish.session_id is not None and slot.starts_at != windows[0].start:
                continue
            # a service that nobody serves (a table) has a place all the same: with nobody
            staff: Sequence[UUID | None] = slot.staff or (None,)
            wished = [one for one in staff if not wish.practitioners or one in wish.practitioners]
            people = [one for one in wished if (service_id, one, slot.starts_at) not in before]
            if people:
                anybody = people == list(staff)
                found.append((service_id, slot, (None,) if anybody else tuple(people)))
    return sorted(found, key=lambda one: (one[1].starts_at, wish.services.index(one[0])))


def days_of(windows: Sequence[Span], zone: ZoneInfo, *, now: datetime) -> list[date]:
    """The local dates that the windows touch from today on, at most MOST_DAYS."""
    days: set[date] = set()
    for window in windows:
        day = max(local_date(window.start, zone), local_date(now, zone))
        while day <= local_date(window.end, zone) and len(days) < MOST_DAYS:
            days.add(day)
            day += timedelta(days=1)
    return sorted(days)


def busy_spans(member_id: UUID, *, now: datetime) -> list[Span]:
    """When the member has a live booking, at any store; holds whose time is over do not count."""
    live = Booking.objects.filter(member_id=member_id, status__in=LIVE, ends_at__gt=now)
    live = live.exclude(status=Status.HELD, expires_at__lte=now)
    return [Span(start, end) for start, end in live.values_list("starts_at", "ends_at")]


def hold_for(
    wish: Wish,
    service_id: UUID,
    starts_at: datetime,
    *,
    practitioner_id: UUID | None,
    until: datetime,
    tell_at: datetime,
    ahead: int,
    now: datetime,
) -> WaitingOffer | None:
    """Hold the place for the wish's member, and tell them when it is time; None where it cannot be had."""
    try:
        with transaction.atomic():
            booking = take_hold(
                wish, service_id, starts_at, practitioner_id=practitioner_id, until=until, now=now
            )
            if not set_status(wish.id, WishStatus.OFFERED, was=(WishStatus.WAITING,)):
                raise WishGone
            offer = WaitingOffer.objects.create(
                id=new_id(),
                wish=wish,
                booking=booking,
                service_id=service_id,
                practitioner_id=booking.practitioner_id,
                starts_at=starts_at,
                ahead=ahead,
                made_at=now,
                tell_at=tell_at,
                expires_at=until,
            )
    except (Refusal, WishGone):
        return None
    except IntegrityError as error:
        if constraint_of(error) in ("waiting_offer_one_open_a_wish", "waiting_offer_place_once"):
            return None
        raise
    if tell_at <= now:
        tell_offer(offer.id, now=now)
    else:
        mark_due(WAITING, tell_at)
    return offer


def take_hold(
    wish: Wish,
    service_id: UUID,
    starts_at: datetime,
    *,
    practitioner_id: UUID | None,
    until: datetime,
    now: datetime,
) -> Booking:
    """The hold, through the door of a time or of a session. Raises what booking raises."""
    by = Actor(member_id=wish.member_id)
    sessions = Session.objects.filter(
        store_id=wish.store_id, service_id=service_id, starts_at=starts_at, state=SessionState.SCHEDULED
    )
    if practitioner_id is not None:
        sessions = sessions.filter(practitioner_id=practitioner_id)
    session_id = wish.session_id or sessions.values_list("id", flat=True).first()
    if session_id is not None:
        seat = Seat(session_id=session_id, party_size=wish.party_size)
        return book_scheduled(seat, by=by, hold=True, hold_until=until, now=now)
    return book(
        service_id,
        store_id=wish.store_id,
        starts_at=starts_at,
        by=by,
        practitioner_id=practitioner_id,
        party_size=wish.party_size,
        hold=True,
        hold_until=until,
        now=now,
    )


class WishGone(Exception):
    """The wish was left, or met, while a place was sought for it."""


def sweep_waiting(*, now: datetime) -> None:
    """Due work `waiting`: tell what the quiet hours kept back, end wishes that are over, serve every queue.

    Marks itself due again while anybody waits, so that a lost event costs five minutes at most.
    """
    untold = WaitingOffer.objects.filter(state=OfferState.OPEN, told_at=None)
    for offer_id in list(untold.filter(tell_at__lte=now).order_by("tell_at").values_list("id", flat=True)):
        tell_offer(offer_id, now=now)
    over = Wish.objects.filter(status=WishStatus.WAITING, ends_at__lte=now)
    for wish_id in list(over.values_list("id", flat=True)):
        set_status(wish_id, WishStatus.OVER, was=(WishStatus.WAITING,))
    stores = (
        Wish.objects.filter(status=WishStatus.WAITING).order_by("store_id").values_list("store_id", flat=True)
    )
    for store_id in list(stores.distinct()):
        serve_store(store_id, now=now)
    if Wish.objects.filter(status__in=OPEN).exists():
        soonest: datetime | None = untold.aggregate(at=Min("tell_at"))["at"]
        mark_due(WAITING, min(next_sweep(now), soonest or next_sweep(now)))
