"""Writes that wait travel with what is sent next, at the latest COMMIT; refused there, their act is begun anew."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, DataError, IntegrityError, OperationalError, connection, transaction

from chains.anew import hear_writes, in_chain, let_writes_wait, writes_may_wait
from chains.postgresql import commits
from chains.postgresql.ask import Question, ask_ahead, ask_at_commit, done, insertion, insertion_of
from chains.postgresql.prepared import prepared_on
from chains.scope import chain_scope
from tenants.stores.models import Region
from tests.ground.chains import TwoChains
from tests.ground.messages import messages_of


@pytest.fixture(autouse=True)
def _known(two_chains: TwoChains) -> None:
    """What these tests ask has been asked before: it is prepared, and nothing is sent at once to prepare it."""
    for _time in range(3):
        in_chain(two_chains.a, lambda: (write("known"), forget("known")))


def write(name: str, *, key: object = None) -> None:
    row = Region(name=name) if key is None else Region(id=key, name=name)
    ask_ahead([insertion([row])])


def forget(name: str) -> None:
    ask_ahead([Question("DELETE FROM stores_region WHERE name = %s", (name,), done)])


def names(two_chains: TwoChains) -> list[str]:
    with chain_scope(two_chains.a):
        return list(Region.objects.order_by("name").values_list("name", flat=True))


def taken(two_chains: TwoChains) -> object:
    """The key of a region that is there."""
    with chain_scope(two_chains.a):
        return Region.objects.create(name="there").id


def test_what_waits_is_written_in_the_message_that_commits(two_chains: TwoChains) -> None:
    before = names(two_chains)
    assert messages_of(lambda: in_chain(two_chains.a, lambda: (write("one"), write("two")))) == 1
    assert names(two_chains) == sorted([*before, "one", "two"])


def test_where_nobody_would_begin_anew_it_is_written_at_once(two_chains: TwoChains) -> None:
    def act() -> None:
        with chain_scope(two_chains.a):
            write("at once")

    assert messages_of(act) == 2
    with pytest.raises(IntegrityError), chain_scope(two_chains.a):
        write("again", key=taken_in_scope())
        raise AssertionError("the refusal was to be heard before")


def taken_in_scope() -> object:
    return Region.objects.create(name="taken").id


def test_writes_wait_once_the_act_says_so_and_no_longer_than_it_says(two_chains: TwoChains) -> None:
    told: list[bool] = []

    def act() -> None:
        told.append(writes_may_wait())
        let_writes_wait()
        told.append(writes_may_wait())
        hear_writes()
        told.append(writes_may_wait())

    in_chain(two_chains.a, act, waits=False)
    assert (told, writes_may_wait()) == ([False, True, False], False)


def test_what_is_asked_next_sees_what_waited(two_chains: TwoChains) -> None:
    def act() -> bool:
        write("seen")
        return Region.objects.filter(name="seen").exists()

    assert in_chain(two_chains.a, act) is True
    assert "seen" in names(two_chains)


def test_an_act_whose_writes_are_refused_at_its_commit_runs_again_and_hears_them(
    two_chains: TwoChains,
) -> None:
    key, tries = taken(two_chains), []

    def act() -> str:
        tries.append(writes_may_wait())
        try:
            write("mine", key=key if len(tries) == 1 else uuid4())
        except DatabaseError:
            return "heard"
        return "gone on"

    assert in_chain(two_chains.a, act) == "gone on"
    assert (tries, names(two_chains).count("mine")) == ([True, False], 1)


def test_what_is_refused_again_is_raised_where_it_is_written(two_chains: TwoChains) -> None:
    key, went_on = taken(two_chains), []

    def act() -> None:
        write("mine", key=key)
        went_on.append(writes_may_wait())

    with pytest.raises(IntegrityError):
        in_chain(two_chains.a, act)
    assert (went_on, "mine" in names(two_chains)) == ([True], False)


@pytest.mark.parametrize("swallowed", [True, False])
def test_a_refusal_that_the_next_question_meets_begins_the_act_anew_whoever_hears_it(
    two_chains: TwoChains, swallowed: bool
) -> None:
    key, tries = taken(two_chains), []

    def act() -> None:
        tries.append(writes_may_wait())
        write("kept")
        hears = contextlib.suppress(Exception) if swallowed else contextlib.nullcontext()
        with hears, transaction.atomic():
            write("mine", key=key if len(tries) == 1 else uuid4())
            Region.objects.count()

    in_chain(two_chains.a, act)
    assert tries == [True, False]
    assert [names(two_chains).count(name) for name in ("kept", "mine")] == [1, 1]


def test_of_a_savepoint_that_is_undone_nothing_is_written_and_of_the_rest_all(two_chains: TwoChains) -> None:
    def act() -> None:
        write("outside")
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            write("inside")
            raise ZeroDivisionError
        write("behind")

    in_chain(two_chains.a, act)
    found = names(two_chains)
    assert ["outside" in found, "inside" in found, "behind" in found] == [True, False, True]


def test_of_an_act_that_raises_nothing_is_written(two_chains: TwoChains) -> None:
    tries = []

    def act() -> None:
        tries.append(1)
        write("never")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_chain(two_chains.a, act)
    assert (tries, "never" in names(two_chains)) == ([1], False)


def test_what_no_second_time_would_mend_is_raised(two_chains: TwoChains) -> None:
    tries = []

    def act() -> None:
        tries.append(1)
        write("too")
        ask_ahead([Question("SELECT 1 / %s", (0,), done)])

    for _time in range(3):
        with pytest.raises(DataError):
            in_chain(two_chains.a, act)
    assert (tries, "too" in names(two_chains)) == ([1, 1, 1], False)


def test_within_anothers_transaction_nothing_waits(two_chains: TwoChains) -> None:
    key = taken(two_chains)
    with chain_scope(two_chains.a):
        assert in_chain(two_chains.a, writes_may_wait) is False
        with pytest.raises(IntegrityError):
            in_chain(two_chains.a, lambda: write("mine", key=key))
        write("stands")
    assert "stands" in names(two_chains)


def test_a_refusal_leaves_the_connection_as_it_was(two_chains: TwoChains) -> None:
    key = taken(two_chains)
    with pytest.raises(IntegrityError):
        in_chain(two_chains.a, lambda: write("mine", key=key))
    for _time in range(3):
        in_chain(two_chains.a, lambda: (write("known"), forget("known")))
    assert prepared_on(connection.connection).direct is True
    assert messages_of(lambda: in_chain(two_chains.a, lambda: write("after"))) == 1
    assert "after" in names(two_chains)


@pytest.mark.parametrize("anew", [True, False])
def test_what_a_hook_behind_the_commit_is_refused_does_not_run_the_act_again(
    two_chains: TwoChains, anew: bool
) -> None:
    key, tries = taken(two_chains), []

    def hooked() -> None:
        def refused() -> None:
            tries.append(writes_may_wait())
            write("hooked", key=key)

        with contextlib.suppress(IntegrityError):
            if anew:
                in_chain(two_chains.a, refused)
            else:
                with chain_scope(two_chains.a):
                    refused()

    def act() -> str:
        write("outer")
        transaction.on_commit(hooked)
        return "done"

    assert in_chain(two_chains.a, act) == "done"
    assert (tries, names(two_chains).count("outer")) == ([True, False] if anew else [False], 1)


def test_a_fault_that_was_kept_quiet_does_not_end_as_done(two_chains: TwoChains) -> None:
    def act() -> str:
        write("gone")
        ask_ahead([Question("SELECT 1 / %s", (0,), done)])
        with contextlib.suppress(DataError):
            Region.objects.count()
        return "done"

    for _time in range(3):
        with pytest.raises(DataError):
            in_chain(two_chains.a, act)
    assert "gone" not in names(two_chains)


def test_where_nobody_knows_whether_the_commit_stands_it_is_raised_and_not_begun_anew(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, send = [], commits.send

    def cut_off(driver: Any, message: bytes) -> None:
        send(driver, message)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    def act() -> None:
        tries.append(1)
        write("stands")

    with monkeypatch.context() as patched, pytest.raises(OperationalError):
        patched.setattr(commits, "send", cut_off)
        in_chain(two_chains.a, act)
    assert (tries, names(two_chains).count("stands")) == ([1], 1)


@pytest.mark.parametrize("waits", [True, False])
def test_of_a_commit_that_was_never_sent_nothing_stands_with_the_next(
    two_chains: TwoChains, waits: bool
) -> None:
    def act() -> None:
        write("left")
        ask_at_commit(Question("DELETE FROM stores_region WHERE name = %s", ("\ud800",), done))

    with pytest.raises(UnicodeEncodeError):
        in_chain(two_chains.a, act, waits=waits)
    with chain_scope(two_chains.b):
        Region.objects.create(name="next")
    assert "left" not in names(two_chains)


def test_a_copy_does_not_take_writes_along_that_wait(two_chains: TwoChains) -> None:
    def act() -> None:
        write("waits")
        with connection.cursor() as cursor, cursor.copy("COPY stores_region (id, name) FROM STDIN"):
            raise AssertionError("it was to be refused")

    with pytest.raises(RuntimeError, match="writes wait"):
        in_chain(two_chains.a, act)
    assert "waits" not in names(two_chains)


def test_a_row_with_a_column_that_the_model_does_not_have_is_an_error() -> None:
    with pytest.raises(TypeError, match="nmae"):
        insertion_of(Region, [{"nmae": "typed wrong"}])
