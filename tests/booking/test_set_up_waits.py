"""Those who change a chain's set-up at the same time do not wait for each other: none is stopped, and no booking waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from threading import Event, Thread, current_thread
from typing import Any

import pytest
from django.db import OperationalError

from chains.anew import in_chain
from tenants.catalogue.domain import services
from tenants.catalogue.domain.services import Price, create_service
from tenants.catalogue.models import Service
from tenants.people.domain.places import close_days, reopen_days
from tenants.people.domain.shifts import WeekShift, set_week
from tenants.stores.domain import stores
from tenants.stores.models import Store
from tests.booking.conftest import Desk
from tests.booking.test_set_up import token
from tests.ground.cast import Cast, local
from tests.ground.races import race
from tests.ground.sweep import superuser

pytestmark = pytest.mark.race

WAITING = (
    "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE NOT l.granted AND a.datname = current_database())"
)


@contextmanager
def one_after_the_other() -> Iterator[None]:
    """The control: a change waits for whoever else is changing something."""
    database = superuser()
    (kept,) = database.execute("SELECT pg_get_functiondef('public.renew_token'::regproc)").fetchone() or ("",)
    waiting = kept.replace(" SKIP LOCKED", "")
    assert waiting != kept
    database.execute(waiting.encode())
    try:
        yield
    finally:
        database.execute(kept.encode())


def until_stuck(done: Event) -> None:
    """Until the other has done its part, or waits for a lock; fails after half a minute."""
    for _ in range(600):
        if done.wait(0.05) or superuser().execute(WAITING).fetchone() == (True,):
            return
    raise AssertionError("nothing happens")


class Owners:
    """One does something and stops half way until another has closed a store, as far as they can."""

    def __init__(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        self.alpha, self.monkeypatch = cast.alpha, monkeypatch
        self.north, self.by = cast.alpha.stores["north"].id, cast.alpha.actors["owner"]
        self.first: Thread | None = None
        self.half, self.closed = Event(), Event()
        self.closure: Any = in_chain(self.alpha.info, self._close)

    def _close(self) -> Any:
        days = {"first": date(2026, 12, 24), "end": date(2026, 12, 27)}
        return close_days(self.north, **days, reason="", by=self.by)

    def stop_before(self, module: Any, name: str) -> None:
        """The first comes to its half when it calls that function."""
        goes_on = getattr(module, name)

        def stop(*args: Any) -> Any:
            if current_thread() is self.first:
                self.stop()
            return goes_on(*args)

        self.monkeypatch.setattr(module, name, stop)

    def stop(self) -> None:
        """The first is half way."""
        self.half.set()
        until_stuck(self.closed)

    def stopped(self, act: Callable[[], object]) -> list[Exception]:
        """Who could not do what they wanted."""

        def first() -> object:
            self.first = current_thread()
            return act()

        def second() -> None:
            assert self.half.wait(30)
            self._close()
            self.closed.set()

        return [one for one in race(self.alpha.info, [first, second]) if isinstance(one, Exception)]


def make_service(owners: Owners) -> list[Exception]:
    """Its offer refers to the store that the other has locked."""
    owners.stop_before(services, "_replace_offers")
    north = owners.north
    told = {"price": Price(5_000, "CNY"), "skills": [], "stores": [north], "by": owners.by}
    return owners.stopped(partial(create_service, {"name": "Peel", "minutes": 30}, **told))


def plan_week(owners: Owners) -> list[Exception]:
    """So do shifts."""

    def plan() -> None:
        ya = owners.alpha.employees["practitioner"].id
        set_week(ya, owners.north, [WeekShift(1, 9 * 60, 18 * 60)], by=owners.by)
        owners.stop()

    return owners.stopped(plan)


def take_closure_back(owners: Owners) -> list[Exception]:
    """The closure goes before the store is locked."""
    owners.stop_before(stores, "_change_calendar")
    return owners.stopped(partial(reopen_days, owners.north, owners.closure.id, by=owners.by))


ACTS = [make_service, plan_week, take_closure_back]


@pytest.mark.parametrize("act", ACTS)
def test_nobody_is_stopped_by_another_who_closes_the_store(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, act: Callable[[Owners], list[Exception]]
) -> None:
    owners = Owners(cast, monkeypatch)
    assert act(owners) == []
    with_store = Store.objects.filter(id=owners.north).values_list("calendar_version", flat=True)
    assert in_chain(owners.alpha.info, with_store.get) == (4 if act is take_closure_back else 3)


@pytest.mark.mutant
@pytest.mark.parametrize("act", ACTS)
def test_where_each_change_waits_for_the_one_before_they_would_deadlock(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, act: Callable[[Owners], list[Exception]]
) -> None:
    """The control of the test above."""
    with one_after_the_other():
        (stopped,) = act(Owners(cast, monkeypatch))
    assert isinstance(stopped, OperationalError)
    assert "deadlock" in str(stopped)


def booked_while(cast: Cast, desk: Desk) -> Sequence[object]:
    """One holds a change of another service open, a second plans Ya's week, a third books with Ya.

    What each comes to; the first, whether the booking was made before it had to give up.
    """
    alpha, changed, planned, booked = cast.alpha, Event(), Event(), Event()
    in_chain(alpha.info, partial(desk.book, local(23, 14)))

    def change() -> bool:
        Service.objects.filter(id=alpha.services["short"].id).update(position=9)
        changed.set()
        until_stuck(planned)
        return booked.wait(3 if not planned.is_set() else 30)

    def plan() -> None:
        assert changed.wait(30)
        ya, north = alpha.employees["practitioner"].id, alpha.stores["north"].id
        set_week(ya, north, [WeekShift(1, 9 * 60, 18 * 60)], by=alpha.actors["owner"])
        planned.set()

    def book() -> None:
        assert changed.wait(30)
        until_stuck(planned)
        desk.book(who="chen")
        booked.set()

    return race(alpha.info, [change, plan, book])


def test_no_booking_waits_behind_one_plan_for_another_change(cast: Cast, desk: Desk) -> None:
    assert booked_while(cast, desk) == [True, None, None]


@pytest.mark.mutant
def test_where_each_change_waits_for_the_one_before_a_booking_would_too(cast: Cast, desk: Desk) -> None:
    """The control of the test above."""
    with one_after_the_other():
        assert booked_while(cast, desk) == [False, None, None]


def test_changes_made_at_the_same_time_leave_a_token_each_and_the_next_change_one(cast: Cast) -> None:
    alpha, seen = cast.alpha, []
    both = [Event(), Event()]

    def change(mine: Event, other: Event) -> None:
        Service.objects.filter(id=alpha.services["short"].id if mine is both[0] else facial).update(
            position=9
        )
        seen.append(token())
        mine.set()
        assert other.wait(30)

    facial = alpha.services["facial"].id
    before = in_chain(alpha.info, token)
    answers = race(alpha.info, [partial(change, *both), partial(change, *both[::-1])])
    assert answers == [None, None]
    together = in_chain(alpha.info, token)
    in_chain(alpha.info, lambda: Service.objects.filter(id=facial).update(position=8))
    after = in_chain(alpha.info, token)
    assert [len((one or "").split()) for one in (before, together, after)] == [1, 2, 1]
    assert len({before, *seen, together, after}) == 5
