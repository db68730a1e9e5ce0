"""What a process remembers of how a chain is set up is given up with the first change of it, whoever makes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import F

from chains.anew import in_chain
from chains.postgresql.ask import ask, ask_all
from chains.scope import chain_scope
from tenants.booking.domain import facts as facts_module
from tenants.booking.domain.book import Guest
from tenants.booking.domain.calendar import Wish, read_calendars
from tenants.booking.domain.change import cancel_booking, reschedule_booking
from tenants.booking.domain.first_look import FirstLook, first_questions
from tenants.booking.domain.integrity import SET_UP, Breach, check_bookings
from tenants.booking.domain.offering import offering_question, read_offering
from tenants.booking.domain.policies import policies_question
from tenants.booking.domain.redeem import redeem_code
from tenants.booking.domain.rules import OnLeave
from tenants.booking.domain.search import search
from tenants.booking.models import Policy
from tenants.catalogue.models import Need, Offer, Service
from tenants.people.models import DayShift, Employee, Leave, RoleGrant, WeeklyShift
from tenants.stores.domain import set_up
from tenants.stores.domain.set_up import set_up_question
from tenants.stores.models import (
    Closure,
    OpeningHours,
    Resource,
    Store,
)
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.booking.counted import Counted
from tests.ground.cast import NOW, Cast, local
from tests.ground.messages import messages_of
from tests.ground.sweep import superuser

MONDAY = date(2026, 11, 23)
# Read in the same statements, and never remembered.
BESIDE = {"booking_claim", "booking_booking", "booking_session", "stores_setup"}


def asked_statements() -> list[str]:
    """All that is remembered is read by these."""
    some = UUID(int=1)
    everything, _names = facts_module._statement(True, True, True, True)
    return [everything, offering_question(some, some).sql, policies_question(some, some).sql]


@pytest.fixture()
def scoped(cast: Cast) -> Iterator[Cast]:
    """Alpha's scope is open for the whole test."""
    with chain_scope(cast.alpha.info):
        yield cast


def watched(cast: Cast) -> set[str]:
    """The tables of alpha whose changes give its set-up a new token."""
    rows = superuser().execute(
        "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE t.tgname = 'renew_set_up' AND c.relnamespace = %s::regnamespace",
        (cast.alpha.info.schema_name,),
    )
    return {name for (name,) in rows}


def token() -> str | None:
    return ask(set_up_question())


def test_every_table_that_is_remembered_renews_the_token_and_no_other_does(scoped: Cast) -> None:
    schema = scoped.alpha.info.schema_name
    tables = {
        name
        for (name,) in superuser().execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,))
    }
    read = set(re.findall(r"\b[a-z]+_[a-z_]+\b", "\n".join(asked_statements()))) & tables
    assert read - BESIDE == watched(scoped) == set(SET_UP)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {} SELECT * FROM {} WHERE false",
        "UPDATE {} SET {column} = {column}",
        "DELETE FROM {} WHERE false",
        "TRUNCATE {} CASCADE",
    ],
)
def test_each_way_of_changing_a_table_renews_the_token(scoped: Cast, statement: str) -> None:
    schema = scoped.alpha.info.schema_name
    database = superuser()
    tables = sorted(watched(scoped))
    seen: list[UUID] = []
    with database.transaction(force_rollback=True):
        for table in tables:
            (column,) = database.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1",
                (f"{schema}.{table}",),
            ).fetchone() or ("",)
            name = f"{schema}.{table}"
            database.execute(statement.format(name, name, column=column).encode())
            seen.append(database.execute(f"SELECT token FROM {schema}.stores_setup".encode()).fetchone()[0])  # type: ignore[index]
    assert len(set(seen)) == len(tables) == 19


Edit = Callable[[Cast], object]


def _of(cast: Cast) -> tuple[UUID, UUID, UUID]:
    alpha = cast.alpha
    return alpha.stores["north"].id, alpha.services["facial"].id, alpha.employees["practitioner"].id


def _service(**columns: Any) -> Edit:
    return lambda cast: Service.objects.filter(id=_of(cast)[1]).update(**columns)


def _store(**columns: Any) -> Edit:
    return lambda cast: Store.objects.filter(id=_of(cast)[0]).update(**columns)


def _leave(cast: Cast) -> object:
    return Leave.objects.create(
        employee_id=_of(cast)[2], starts_at=local(23, 9), ends_at=local(23, 12), reason=""
    )


EDITS: dict[str, Edit] = {
    "price": _service(price_amount=F("price_amount") + 100),
    "length": _service(minutes=95),
    "buffers": _service(prepare=10, clean_up=15),
    "notice": _service(lead=240),
    "horizon": _service(horizon_days=2),
    "store renamed": _store(name="Elsewhere"),
    "another clock": _store(time_zone="Asia/Tokyo"),
    "own price": lambda cast: Offer.objects.filter(service_id=_of(cast)[1]).update(price_amount=9_900),
    "needs two": lambda cast: Need.objects.create(
        service_id=_of(cast)[1],
        role="pair",
        kind="practitioner",
        from_minute=0,
        minutes=30,
        count=2,
        position=1,
    ),
    "skill lost": lambda cast: Employee.objects.get(id=_of(cast)[2]).skills.clear(),
    "skill asked": lambda cast: Service.objects.get(id=_of(cast)[1]).skills.clear(),
    "gone": lambda cast: Employee.objects.filter(id=_of(cast)[2]).update(active=False),
    "no more a practitioner": lambda cast: RoleGrant.objects.filter(employee_id=_of(cast)[2]).delete(),
    "resource put away": lambda cast: Resource.objects.filter(employee=_of(cast)[2]).update(active=False),
    "shifts": lambda cast: WeeklyShift.objects.filter(employee_id=_of(cast)[2]).update(starts=11 * 60),
    "day off": lambda cast: DayShift.objects.create(
        employee_id=_of(cast)[2], store_id=_of(cast)[0], on=MONDAY
    ),
    "leave": _leave,
    "hours": lambda cast: OpeningHours.objects.filter(store_id=_of(cast)[0]).update(opens=12 * 60),
    "closed": lambda cast: Closure.objects.create(
        store_id=_of(cast)[0], starts_on=MONDAY, ends_on=MONDAY + timedelta(days=1), reason=""
    ),
    "policy": lambda cast: Policy.objects.create(cancel_notice=90, created_at=NOW),
}


def looked(cast: Cast) -> FirstLook:
    store, service, _who = _of(cast)
    first = first_questions(store, service, member_id=None, now=NOW)
    look = first.read(ask_all(first.questions), member=None)
    if look is None:
        first = first_questions(store, service, member_id=None, now=NOW, afresh=True)
        look = first.read(ask_all(first.questions), member=None)
    assert look is not None
    return look


def read(cast: Cast) -> tuple[Any, ...]:
    """What is offered, on which terms, when in the week and by whom, as this process tells it now."""
    store, service, _who = _of(cast)
    look = looked(cast)
    offering = read_offering(store, service, by_staff=True)
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    (calendar,) = read_calendars([offering], days, wish=Wish(), now=NOW)
    policies = [(one.id, one.cancel_notice) for one in look.policies]
    slots = search(days, calendar.inputs)
    return look.offering, policies, calendar.offering, slots, calendar.team, calendar.things


def afresh(cast: Cast) -> tuple[Any, ...]:
    """The same by a process that remembers nothing."""
    kept, set_up._kept = set_up._kept, set_up._Kept()
    try:
        return read(cast)
    finally:
        set_up._kept = kept


@contextmanager
def unwatched(cast: Cast) -> Iterator[None]:
    """The control: nothing renews the token."""
    names = [f"{cast.alpha.info.schema_name}.{table}" for table in sorted(watched(cast))]
    for name in names:
        superuser().execute(f"ALTER TABLE {name} DISABLE TRIGGER renew_set_up".encode())
    try:
        yield
    finally:
        for name in names:
            superuser().execute(f"ALTER TABLE {name} ENABLE TRIGGER renew_set_up".encode())


@pytest.mark.parametrize("edit", EDITS)
def test_what_is_remembered_is_what_is_there_after_every_change(cast: Cast, edit: str) -> None:
    with chain_scope(cast.alpha.info):
        before = read(cast)
        assert before == read(cast)
    with chain_scope(cast.alpha.info):
        EDITS[edit](cast)
    with chain_scope(cast.alpha.info):
        after = read(cast)
        assert after == afresh(cast)
        assert after != before


def test_where_nothing_renewed_the_token_the_old_hours_would_be_told(cast: Cast) -> None:
    """The control of the test above."""
    with chain_scope(cast.alpha.info):
        before = read(cast)
    with unwatched(cast):
        with chain_scope(cast.alpha.info):
            EDITS["hours"](cast)
        with chain_scope(cast.alpha.info):
            assert read(cast) == before != afresh(cast)
            assert check_bookings() == [Breach("every table of the set-up tells of its changes", SET_UP)]


def test_what_was_changed_and_taken_back_leaves_nothing_behind(scoped: Cast) -> None:
    """What was remembered within is never told again, and what was so before is so still."""
    before, at_first = read(scoped), token()
    with transaction.atomic():
        EDITS["hours"](scoped)
        within, meanwhile = read(scoped), token()
        assert within == read(scoped)
        transaction.set_rollback(True)
    assert (read(scoped), token()) == (before, at_first)
    with transaction.atomic():
        EDITS["closed"](scoped)
        closed = read(scoped)
        assert closed == afresh(scoped)
        transaction.set_rollback(True)
    assert len({at_first, meanwhile, token()}) == 2
    assert within not in (before, closed)


def test_what_customers_and_clerks_do_renews_nothing(cast: Cast, desk: Desk) -> None:
    """Else no process would remember anything in a busy shop."""
    alpha = cast.alpha
    with chain_scope(alpha.info):
        counted = Counted(alpha)
        session = counted.session()
        at_first = token()
    with chain_scope(alpha.info):
        one, two = desk.book(), desk.book(local(24, 10), who="chen", hold=True)
        counted.book_for(alpha.members["chen"], session_id=session.id)
        reschedule_booking(one.id, starts_at=local(24, 14), by=alpha.actors["clerk"], now=NOW)
        cancel_booking(two.id, by=alpha.actors["clerk"], now=NOW)
        third = desk.book(local(23, 14), practitioner_id=None)
        redeem_code(third.store_id, code=third.code, by=alpha.actors["clerk"], now=local(23, 14))
    with chain_scope(alpha.info):
        assert token() == at_first


def test_after_a_change_one_booking_asks_twice_and_the_next_not(cast: Cast, desk: Desk) -> None:
    """Of each process. The first messages of a connection keep their plans; so three bookings come before."""
    alpha = cast.alpha
    for hour in (10, 12, 14):
        in_chain(alpha.info, partial(desk.book, local(24, hour)))

    def messages(day: int, hour: int) -> int:
        return messages_of(lambda: in_chain(alpha.info, partial(desk.book, local(day, hour))))

    assert messages(25, 10) == 2
    with chain_scope(alpha.info):
        EDITS["leave"](cast)  # the offer is what it was, so the day is asked with it
    assert (messages(25, 12), messages(25, 14)) == (3, 2)
    with chain_scope(alpha.info):
        EDITS["price"](cast)
    assert (messages(26, 10), messages(26, 12)) == (5, 2)


def test_leave_of_another_commit_is_seen_behind_the_lock_though_the_day_was_remembered(
    cast: Cast, desk: Desk
) -> None:
    with chain_scope(cast.alpha.info):
        desk.book(local(23, 14))
        desk.book(local(23, 17))
    with chain_scope(cast.alpha.info):
        EDITS["leave"](cast)
    with chain_scope(cast.alpha.info), pytest.raises(OnLeave):
        desk.book(MONDAY_TEN)


def test_one_chain_is_never_told_what_another_has_set_up(cast: Cast) -> None:
    """The same key in two chains: both have their own token, and their own memory."""
    with chain_scope(cast.alpha.info):
        set_up.remember("key", "alpha's", token=token())
    with chain_scope(cast.beta.info):
        assert set_up.recall("key") is None
        set_up.remember("key", "beta's", token=token())
    with chain_scope(cast.alpha.info):
        found = set_up.recall("key")
        assert found is not None
        assert found.what == "alpha's"


def test_an_offer_that_changed_between_its_statements_is_not_remembered(scoped: Cast) -> None:
    store, service, _who = _of(scoped)
    first = first_questions(store, service, member_id=None, now=NOW)
    *answers, behind = ask_all(first.questions)
    first.read([*answers, "another"], member=None)
    assert set_up.recall(first.key) is None
    first.read([*answers, behind], member=None)
    assert set_up.recall(first.key) is not None


def test_what_is_read_again_counts_once(cast: Cast, desk: Desk) -> None:
    """A guest's booking foresees nothing and reads all of it anew: no reason to let go of everything in the end."""
    alpha, weights = cast.alpha, []
    for hour in (10, 12, 14):
        guest = Guest(f"guest at {hour}")
        in_chain(alpha.info, partial(desk.book, local(24, hour), who="clerk", member=guest))
        weights.append(set_up._kept.weight)
    assert weights == weights[:1] * 3
    assert weights[0] > 5


def test_policies_count_as_rows(scoped: Cast) -> None:
    looked(scoped)
    before = set_up._kept.weight
    for notice in (30, 60, 90):
        Policy.objects.create(
            cancel_notice=notice, created_at=NOW, history=("", "new", "missed")[notice // 30 - 1]
        )
    looked(scoped)
    assert set_up._kept.weight == before + 3


def test_memory_is_bounded_by_rows(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_up, "_MOST", 10)
    with chain_scope(cast.alpha.info):
        now = token()
        for key, weight in (("one", 6), ("two", 4), ("three", 1)):
            set_up.remember(key, key, token=now, weight=weight)
        assert [set_up.recall(key) for key in ("one", "two")] == [None, None]
        assert set_up.recall("three") is not None
        set_up.remember("four", "four", token=None)
        assert set_up.recall("four") is None
