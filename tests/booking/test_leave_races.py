"""A plan that changes while somebody books or plans a session from it: the two meet on the lock of the person, whoever
comes first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError, connection

from chains.scope import chain_scope
from tenants.booking.domain import book as booking_door
from tenants.booking.domain import foresight, session_times
from tenants.booking.domain import session_moves as moves_door
from tenants.booking.domain import sessions as sessions_door
from tenants.booking.domain.approvals import LeaveClashes, approve_leave, approve_swap
from tenants.booking.domain.attempts import TooBusy
from tenants.booking.domain.book import book
from tenants.booking.domain.calendar import Calendar
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.rules import ClosedDay, NoShift, OnLeave
from tenants.booking.domain.session_moves import Going, move_session
from tenants.booking.models import Booking, Session
from tenants.people.domain.shifts import DatedShift, add_leave, set_days
from tenants.people.models import Leave, LeaveRequest
from tenants.stores.domain.stores import close_days
from tests.booking.conftest import MONDAY_TEN
from tests.booking.counted import Counted
from tests.booking.test_approvals import MONDAY, accepted_swap, asked_leave, manager
from tests.booking.test_foresight import resource_without_lock
from tests.ground.cast import NOW, Cast, local

pytestmark = pytest.mark.race


class Stop:
    """An act stops once it has read the plans through one of the doors, and goes on when they have changed (or cannot)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *doors: tuple[Any, str]) -> None:
        self.has_read, self.changed = Event(), Event()
        for module, name in doors:
            monkeypatch.setattr(module, name, partial(self._then_wait, getattr(module, name)))

    def _then_wait(self, read: Callable[..., Any], *args: Any, **more: Any) -> Any:
        plans = read(*args, **more)
        if not self.has_read.is_set():
            self.has_read.set()
            assert self.changed.wait(30)
        return plans

    def race(self, cast: Cast, act: Callable[[], object], change: Callable[[], object]) -> list[Any]:
        """What the act came to, and the change that was made in its middle."""

        def changes() -> object:
            try:
                assert self.has_read.wait(30)
                return in_scope(cast, change)
            finally:
                self.changed.set()

        with ThreadPoolExecutor(2) as pool:
            made = [pool.submit(in_scope, cast, act), pool.submit(changes)]
            return [one.result() for one in made]


def book_ya(cast: Cast) -> Booking:
    chain = cast.alpha
    return book(
        chain.services["facial"].id,
        store_id=chain.stores["north"].id,
        starts_at=MONDAY_TEN,
        by=chain.actors["su"],
        practitioner_id=chain.employees["practitioner"].id,
        now=NOW,
    )


def in_scope(cast: Cast, act: Callable[[], object]) -> object:
    try:
        with chain_scope(cast.alpha.info):
            return act()
    except Exception as error:
        return error
    finally:
        connection.close()


@pytest.fixture()
def offer_seen(cast: Cast) -> None:
    """The facial was booked here before: its next day is read behind the practitioner's lock."""
    with chain_scope(cast.alpha.info):
        book(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=local(24, 10),
            by=cast.alpha.actors["chen"],
            now=NOW,
        )


@pytest.fixture()
def stop(monkeypatch: pytest.MonkeyPatch) -> Stop:
    """The booking stops: see Stop."""
    return Stop(monkeypatch, (booking_door, "_require_asked"))


def counts(cast: Cast) -> tuple[int, int]:
    with chain_scope(cast.alpha.info):
        return Booking.objects.count(), Leave.objects.count()


def take_leave(cast: Cast, who: str = "practitioner") -> object:
    return add_leave(
        cast.alpha.employees[who].id,
        starts_at=local(23, 9),
        ends_at=local(23, 21),
        reason="",
        by=manager(cast),
    )


def approve_asked(cast: Cast) -> Callable[[], object]:
    return partial(approve_leave, asked_leave(cast).id, by=manager(cast), now=NOW)


def approve_swapped(cast: Cast) -> Callable[[], object]:
    return partial(approve_swap, accepted_swap(cast).id, by=manager(cast), now=NOW)


def plan_day_off(cast: Cast) -> object:
    ya, north = cast.alpha.employees["practitioner"].id, cast.alpha.stores["north"].id
    return set_days(ya, north, [DatedShift(MONDAY, None, None)], by=manager(cast))


def close_store(cast: Cast) -> object:
    return close_days(cast.alpha.stores["north"], first=MONDAY, end=date(2026, 11, 24), reason="")


# What is prepared before the race, and makes the change when it is called.
CHANGES: dict[str, Callable[[Cast], Callable[[], object]]] = {
    "leave": lambda cast: partial(take_leave, cast),
    "asked_leave": approve_asked,
    "day_off": lambda cast: partial(plan_day_off, cast),
    "swap": approve_swapped,
    "closure": lambda cast: partial(close_store, cast),
}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("leave", OnLeave),
        ("asked_leave", OnLeave),
        ("day_off", NoShift),
        ("swap", NoShift),
        ("closure", ClosedDay),
    ],
)
def test_a_booking_that_read_the_plan_before_it_changed_reads_it_again(
    cast: Cast, stop: Stop, change: str, refusal: type[Exception]
) -> None:
    with chain_scope(cast.alpha.info):
        act = CHANGES[change](cast)
    answers = stop.race(cast, partial(book_ya, cast), act)
    assert not isinstance(answers[1], Exception), answers[1]
    assert type(answers[0]) is refusal
    assert counts(cast)[0] == 0


def test_a_change_of_somebody_elses_plan_disturbs_no_booking(cast: Cast, stop: Stop) -> None:
    answers = stop.race(cast, partial(book_ya, cast), partial(take_leave, cast, "second"))
    assert isinstance(answers[0], Booking), answers
    assert counts(cast) == (1, 1)


def impatient(act: Callable[[], object]) -> object:
    """The act, which does not wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
    return act()


@pytest.mark.parametrize("change", ["leave", "asked_leave", "day_off", "swap"])
def test_whoever_changes_a_plan_waits_for_the_booking_that_is_being_made(cast: Cast, change: str) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        act = CHANGES[change](cast)

    with chain_scope(chain.info), ThreadPoolExecutor(1) as pool:
        book_ya(cast)  # not committed yet
        waited = pool.submit(in_scope, cast, partial(impatient, act)).result()
    assert isinstance(waited, TooBusy | OperationalError), waited
    told = in_scope(cast, act)
    if change == "asked_leave":
        assert isinstance(told, LeaveClashes)


@pytest.mark.parametrize("change", ["leave", "asked_leave", "day_off", "swap"])
def test_a_plan_that_was_read_behind_the_lock_stands_until_the_booking_does(
    cast: Cast, offer_seen: None, stop: Stop, change: str
) -> None:
    """The quick way: nobody reads the plan a second time, so nobody may change it meanwhile."""
    with chain_scope(cast.alpha.info):
        act = CHANGES[change](cast)

    made, waited = stop.race(cast, partial(book_ya, cast), partial(impatient, act))
    assert isinstance(made, Booking), made
    assert isinstance(waited, TooBusy | OperationalError), waited
    with chain_scope(cast.alpha.info):
        assert check_bookings() == []


@pytest.mark.mutant
def test_mutant_without_that_lock_a_leave_comes_between(
    cast: Cast, offer_seen: None, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foresight, "lock_practitioner_question", resource_without_lock)
    with chain_scope(cast.alpha.info):
        act = CHANGES["asked_leave"](cast)
    answers = stop.race(cast, partial(book_ya, cast), act)
    assert [type(one) for one in answers] == [Booking, LeaveRequest]


@pytest.mark.mutant
def test_mutant_without_the_versions_a_booking_lands_in_the_leave(
    cast: Cast, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Calendar, "as_read", lambda self, key: None)
    with chain_scope(cast.alpha.info):
        act = CHANGES["asked_leave"](cast)
    answers = stop.race(cast, partial(book_ya, cast), act)
    assert [type(one) for one in answers] == [Booking, LeaveRequest]
    assert counts(cast) == (1, 1)


# Sessions


@pytest.fixture()
def stop_planning(monkeypatch: pytest.MonkeyPatch) -> Stop:
    """Whoever plans or moves a session stops: see Stop."""
    return Stop(monkeypatch, (sessions_door, "read_times"), (moves_door, "read_times"))


def prepared(cast: Cast, how: str) -> Callable[[], object]:
    """Planning a session with Ya on Monday at ten, or moving one there."""
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        ya = cast.alpha.employees["practitioner"].id
        if how == "plan":
            return partial(counted.session, MONDAY_TEN, practitioner_id=ya)
        session = counted.session(MONDAY_TEN + timedelta(days=2), practitioner_id=ya)
        going = Going(starts_at=MONDAY_TEN)
        return partial(move_session, session.id, to=going, by=counted.owner, now=NOW)


def stands_then(cast: Cast) -> bool:
    with chain_scope(cast.alpha.info):
        return Session.objects.filter(starts_at=MONDAY_TEN).exists()


@pytest.mark.parametrize("how", ["plan", "move"])
@pytest.mark.parametrize(
    ("change", "refusal"),
    [("leave", OnLeave), ("asked_leave", OnLeave), ("day_off", NoShift), ("swap", NoShift)],
)
def test_a_session_that_read_the_plan_before_it_changed_reads_it_again(
    cast: Cast, stop_planning: Stop, how: str, change: str, refusal: type[Exception]
) -> None:
    stop_planning.has_read.set()  # not while it is prepared
    act = prepared(cast, how)
    stop_planning.has_read.clear()
    with chain_scope(cast.alpha.info):
        made = CHANGES[change](cast)
    answers = stop_planning.race(cast, act, made)
    assert not isinstance(answers[1], Exception), answers[1]
    assert isinstance(answers[0], refusal), answers[0]
    assert not stands_then(cast)


@pytest.mark.parametrize("how", ["plan", "move"])
@pytest.mark.parametrize("change", ["leave", "asked_leave", "closure"])
def test_whoever_changes_a_plan_waits_for_the_session_that_is_being_made(
    cast: Cast, how: str, change: str
) -> None:
    act = prepared(cast, how)
    with chain_scope(cast.alpha.info):
        made = CHANGES[change](cast)

    with chain_scope(cast.alpha.info), ThreadPoolExecutor(1) as pool:
        act()  # not committed yet
        waited = pool.submit(in_scope, cast, partial(impatient, made)).result()
    assert isinstance(waited, TooBusy | OperationalError), waited
    told = in_scope(cast, made)
    if change == "asked_leave":
        assert isinstance(told, LeaveClashes)
        assert [one["starts_at"] for one in told.extra["sessions"]] == ["2026-11-23T10:00:00+08:00"]


@pytest.mark.mutant
@pytest.mark.parametrize("how", ["plan", "move"])
def test_mutant_without_the_versions_a_session_lands_in_the_leave(
    cast: Cast, stop_planning: Stop, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    stop_planning.has_read.set()
    act = prepared(cast, how)
    stop_planning.has_read.clear()
    monkeypatch.setattr(session_times, "AsRead", lambda store, calendar, plan=None: None)
    with chain_scope(cast.alpha.info):
        made = CHANGES["asked_leave"](cast)
    answers = stop_planning.race(cast, act, made)
    assert [type(one) for one in answers] == [Session, LeaveRequest]
    assert stands_then(cast)
