"""Wishes: a member joins the waiting list for any place of a set, sees where they stand, and leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F, Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.chores import let_go
from chains.due import mark_due
from chains.refusals import Refusal
from tenants.booking.models import (
    OfferState,
    Session,
    SessionState,
    WaitingOffer,
    Wish,
    WishStatus,
    WishWindow,
)
from tenants.catalogue.models import BookedAs
from tenants.events.domain.record import record_event
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.people.models import Employee
from tenants.stores.domain.wall import local_date

from .attempts import again_on_conflict
from .book import require_booker
from .calendar import read_calendar
from .offering import Offering, read_offering
from .one_at_a_time import lock_member
from .open import require_open
from .penalties import require_booking_right
from .rules import WrongSkill
from .sessions import SessionCalledOff
from .spans import Span

WAITING = "waiting"
OPEN = (WishStatus.WAITING, WishStatus.OFFERED)
MOST_WISHES = 10
MOST_WINDOWS = 21
MOST_SERVICES = 10
# The sweeper looks at every queue this often, should an event have been missed.
SWEEP = timedelta(minutes=5)
# For a quarter the shop can see whom it kept waiting for what; after that a wish is nobody's business.
KEPT = timedelta(days=90)


class TooManyWishes(Refusal):
    """One member waits for so many things that the queue says nothing any more."""

    code = "too_many_wishes"
    status = 422
    title = _("Enough on the waiting list")
    detail = _("You are on %(most)s waiting lists already.")
    fix = _("Leave one of them first.")


class AlreadyWaiting(Refusal):
    """The very same wish is on the list."""

    code = "already_waiting"
    status = 409
    title = _("Already on the list")
    detail = _("You are on the waiting list for exactly this already.")
    fix = _("Look at your bookings for your place in the queue.")


class WindowWrong(Refusal):
    """A window that ends before it begins, or none, or more than can be watched."""

    code = "window_wrong"
    status = 422
    title = _("Not a time to wait for")
    detail = _("A wish has one to %(most)s windows, and each ends after it begins.")
    fix = _("Say from when until when you could come.")


class WindowPast(Refusal):
    """The window is over, or too far ahead to be booked."""

    code = "window_closed"
    status = 422
    title = _("No booking then")
    detail = _("That time is over, or further ahead than bookings are taken.")
    fix = _("Choose a time that can be booked.")


class NotWaitable(Refusal):
    """Goods are ordered for a window; nobody queues for them."""

    code = "not_waitable"
    status = 422
    title = _("No waiting list")
    detail = _("There is no waiting list for orders.")
    fix = _("Choose another pickup window.")


class WindowTooShort(Refusal):
    """No service of the wish can lie in the window."""

    code = "window_too_short"
    status = 422
    title = _("Too short")
    detail = _("It takes %(minutes)s minutes, and the time you could come is shorter.")
    fix = _("Say a longer time.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a wish asks for; nobody named means anybody. Windows are aware, half-open."""

    store_id: UUID
    services: Sequence[UUID]
    windows: Sequence[tuple[datetime, datetime]]
    practitioners: Sequence[UUID] = ()
    party_size: int = 1
    auto_accept: bool = False
    session_id: UUID | None = None


def wanted_seat(session_id: UUID, *, party_size: int = 1, auto_accept: bool = False) -> Wanted:
    """A seat of that very session, as a wish. Raises NotSeen, SessionCalledOff."""
    session = Session.objects.filter(id=session_id).first()
    if session is None:
        raise NotSeen
    if session.state == SessionState.CALLED_OFF:
        raise SessionCalledOff
    return Wanted(
        store_id=session.store_id,
        services=[session.service_id],
        windows=[(session.starts_at, session.ends_at)],
        party_size=party_size,
        auto_accept=auto_accept,
        session_id=session.id,
    )


@again_on_conflict
def join_waiting(wanted: Wanted, *, by: Actor, now: datetime, member_id: UUID | None = None) -> Wish:
    """Put the wish at the end of the queue; a place that fits it now is offered at once.

    A member joins for themselves, an employee who may book for a member. Raises NotSeen, NotOffered,
    NotOpen, WrongSkill, WindowWrong, WindowPast, WindowTooShort, BookingPaused, TooManyWishes,
    AlreadyWaiting, Forbidden.
    """
    require_booker(member_id, store_id=wanted.store_id, by=by)
    require_open(by=by)
    whose = by.member_id or member_id
    assert whose is not None
    if not wanted.services or len(wanted.services) > MOST_SERVICES:
        raise NotSeen
    offerings = [read_offering(wanted.store_id, one, by_staff=by.is_employee) for one in wanted.services]
    if any(offering.booked_as == BookedAs.PICKUP for offering in offerings):
        raise NotWaitable
    windows = require_windows(wanted.windows, offerings, now=now, exact=wanted.session_id is not None)
    _require_people(wanted.practitioners, offerings, now=now)
    lock_member(whose)
    require_booking_right(whose, by=by, zone=offerings[0].zone, now=now)
    _require_new(whose, wanted, windows)
    wish = Wish.objects.create(
        id=new_id(),
        member_id=whose,
        store_id=wanted.store_id,
        services=sorted(set(wanted.services)),
        practitioners=sorted(set(wanted.practitioners)),
        party_size=wanted.party_size,
        session_id=wanted.session_id,
        auto_accept=wanted.auto_accept,
        ends_at=windows[-1].end,
        joined_at=now,
    )
    WishWindow.objects.bulk_create(
        WishWindow(wish=wish, starts_at=window.start, ends_at=window.end) for window in windows
    )
    record_wish("waiting.joined", wish, now=now)
    mark_due(WAITING, next_sweep(now))
    return wish


def next_sweep(now: datetime) -> datetime:
    """The next multiple of SWEEP: rows that came about apart fall due together and are one again."""
    seconds = int(SWEEP.total_seconds())
    return datetime.fromtimestamp((int(now.timestamp()) // seconds + 1) * seconds, tz=now.tzinfo)


def require_windows(
    asked: Sequence[tuple[datetime, datetime]],
    offerings: Sequence[Offering],
    *,
    now: datetime,
    exact: bool = False,
) -> list[Span]:
    """The windows in order, touching ones as one; `exact` is a session's own time, of whatever length.

    Raises WindowWrong, WindowPast, WindowTooShort.
    """
    if not 1 <= len(asked) <= MOST_WINDOWS or any(start >= end for start, end in asked):
        raise WindowWrong(params={"most": MOST_WINDOWS})
    windows = [Span(start, end) for start, end in asked]
    shortest = 0 if exact else min(offering.need.minutes for offering in offerings)
    latest = now + max(offering.horizon for offering in offerings)
    merged: list[Span] = []
    for window in sorted(windows):
        if window.end <= now + timedelta(minutes=shortest) or window.start > latest:
            raise WindowPast
        if merged and window.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    if any(one.end - one.start < timedelta(minutes=shortest) for one in merged):
        raise WindowTooShort(params={"minutes": shortest})
    return merged


def _require_people(practitioners: Iterable[UUID], offerings: Sequence[Offering], *, now: datetime) -> None:
    """Everybody who is named does one of the services here. Raises NotSeen, WrongSkill."""
    named = set(practitioners)
    if not named:
        return
    able: set[UUID] = set()
    for offering in offerings:
        able |= read_calendar(offering, [local_date(now, offering.zone)], now=now).candidates.keys()
    for stranger in named - able:
        name = Employee.objects.filter(id=stranger, active=True).values_list("name", flat=True).first()
        if name is None:
            raise NotSeen
        raise WrongSkill(params={"name": name})


def _require_new(member_id: UUID, wanted: Wanted, windows: Sequence[Span]) -> None:
    mine = Wish.objects.filter(member_id=member_id, status__in=OPEN).prefetch_related("windows")
    if len(mine) >= MOST_WISHES:
        raise TooManyWishes(params={"most": MOST_WISHES})
    for wish in mine:
        same = (
            wish.session_id == wanted.session_id
            and wish.store_id == wanted.store_id
            and set(wish.services) == set(wanted.services)
            and set(wish.practitioners) == set(wanted.practitioners)
            and [Span(one.starts_at, one.ends_at) for one in wish.windows.all()] == list(windows)
        )
        if same:
            raise AlreadyWaiting(extra={"wish": str(wish.id)})


def record_wish(kind: str, wish: Wish, *, now: datetime) -> None:
    """Tell who listens what happened to the wish."""
    record_event(
        kind,
        subject_id=wish.id,
        store_id=wish.store_id,
        version=wish.version,
        payload={"status": str(wish.status)},
        now=now,
    )


def set_status(wish_id: UUID, status: WishStatus, *, was: Iterable[WishStatus] = OPEN) -> bool:
    """Move the wish on from one of the statuses in `was`; False where it stood elsewhere."""
    moved = Wish.objects.filter(id=wish_id, status__in=list(was))
    return bool(moved.update(status=status, version=F("version") + 1))


OFFERS = Prefetch(
    "offers",
    WaitingOffer.objects.filter(state=OfferState.OPEN).select_related("service", "practitioner", "booking"),
    to_attr="open_offers",
)


def wishes_seen_by(actor: Actor) -> QuerySet[Wish]:
    """The wishes an actor may read, with windows and open offer: members their own. Lazy."""
    found = Wish.objects.select_related("store", "member").prefetch_related("windows", OFFERS)
    return found.filter(member_id=actor.member_id) if actor.is_member else found.none()


def read_queue(store_id: UUID, span: Span, *, by: Actor) -> list[Wish]:
    """The open wishes of a store that reach into the span, in the order in which they are served.

    Raises NotSeen, Forbidden.
    """
    require(by, Action.READ_DAY, store_id=store_id)
    found = Wish.objects.select_related("store", "member").prefetch_related("windows", OFFERS)
    reaching = WishWindow.objects.filter(starts_at__lt=span.end, ends_at__gt=span.start)
    return list(
        found.filter(store_id=store_id, status__in=OPEN, id__in=reaching.values("wish_id")).order_by(
            "joined_at", "id"
        )
    )


def read_wish(wish_id: UUID, *, by: Actor) -> Wish:
    """One of the member's own wishes. Raises NotSeen."""
    wish = wishes_seen_by(by).filter(id=wish_id).first()
    if wish is None:
        raise NotSeen
    return wish


def own_wishes(*, by: Actor) -> QuerySet[Wish]:
    """The member's open wishes; lazy, unordered."""
    return wishes_seen_by(by).filter(status__in=OPEN)


_PLACES = """
SELECT mine.id, 1 + (SELECT count(*) FROM booking_wish other
  WHERE other.store_id = mine.store_id AND other.status IN ('waiting', 'offered')
    AND (other.joined_at, other.id) < (mine.joined_at, mine.id)
    AND (other.session_id = mine.session_id OR (other.services && mine.services
      AND (other.practitioners = '{}' OR mine.practitioners = '{}'
           OR other.practitioners && mine.practitioners)
      AND EXISTS (SELECT 1 FROM booking_wishwindow a JOIN booking_wishwindow b
        ON a.starts_at < b.ends_at AND b.starts_at < a.ends_at
        WHERE a.wish_id = other.id AND b.wish_id = mine.id))))
FROM booking_wish mine WHERE mine.id = ANY(%s)
"""


def places_in_queue(wish_ids: Iterable[UUID]) -> dict[UUID, int]:
    """For each wish its place among those that could take the same place, from 1. One query."""
    ids = list(wish_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, (ids,))
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class SeatWait:
    """Where a member stands in a session's queue, from 1; whether a place is on offer to them."""

    place: int
    offered: bool


def seats_waited_for(member_id: UUID, session_ids: Iterable[UUID]) -> dict[UUID, SeatWait]:
    """For each of the sessions for which the member waits, where they stand. Two queries."""
    mine = Wish.objects.filter(member_id=member_id, session_id__in=list(session_ids), status__in=OPEN)
    found = list(mine.values_list("id", "session_id", "status"))
    places = places_in_queue(wish for wish, _session, _status in found)
    return {session: SeatWait(places[wish], status == WishStatus.OFFERED) for wish, session, status in found}


def count_ahead(store_id: UUID, service_id: UUID, span: Span) -> int:
    """How many open wishes there are for the service that reach into the span: whom one would queue behind."""
    reaching = WishWindow.objects.filter(starts_at__lt=span.end, ends_at__gt=span.start)
    return Wish.objects.filter(
        store_id=store_id,
        status__in=OPEN,
        services__contains=[service_id],
        id__in=reaching.values("wish_id"),
    ).count()


def forget_wishes(*, now: datetime) -> bool:
    """Housekeeping: wishes whose last window is long over go, with what was offered to them."""
    if Wish.objects.filter(status__in=OPEN).exists():
        mark_due(WAITING, now)  # should the sweeper's row have been lost
    return let_go(Wish.objects.filter(ends_at__lt=now - KEPT))
