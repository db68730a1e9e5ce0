"""What travels with the commit: hints behind it, told when it stands; last writes in front of it, part of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import cast
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from chains.postgresql.ask import Question, ask_at_commit, done, insertion
from chains.postgresql.base import DatabaseWrapper
from chains.scope import chain_scope
from tenants.stores.models import Region, Resource
from tests.ground.chains import TwoChains
from tests.ground.messages import messages_of

CHANNEL = "test_commits"
Heard = Callable[[], list[str]]


@pytest.fixture()
def heard(two_chains: TwoChains) -> Iterator[Heard]:
    """What a listener of its own heard since the last time it was asked."""
    with psycopg.connect(settings.ENV.database_url.get_secret_value(), autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")

        def told() -> list[str]:
            listener.execute("SELECT 1")  # what was sent before it comes with it
            return [one.payload for one in listener.notifies(timeout=0)]

        yield told


def hint(payload: str) -> None:
    cast(DatabaseWrapper, connection).notify_at_commit(CHANNEL, payload)


def test_hints_come_with_the_commit_in_one_message(two_chains: TwoChains, heard: Heard) -> None:
    def act() -> None:
        with chain_scope(two_chains.a):
            Region.objects.create(name="north")
            hint("one")
            hint("two")
            assert heard() == []

    act()
    assert heard() == ["one", "two"]
    assert messages_of(lambda: _plain(two_chains)) == messages_of(lambda: _hinting(two_chains))


def _plain(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        Region.objects.create(name="south")


def _hinting(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        Region.objects.create(name="west")
        hint("three")


def test_what_is_rolled_back_is_not_told_then_or_later(two_chains: TwoChains, heard: Heard) -> None:
    with pytest.raises(ZeroDivisionError), chain_scope(two_chains.a):
        Region.objects.create(name="gone")
        hint("gone")
        raise ZeroDivisionError
    _hinting(two_chains)
    assert heard() == ["three"]


def test_a_commit_that_fails_raises_and_tells_nobody(two_chains: TwoChains, heard: Heard) -> None:
    with pytest.raises(IntegrityError), chain_scope(two_chains.a):
        # its foreign key is looked at when the transaction ends
        Resource.objects.create(kind="room", name="nowhere", store_id=uuid4())
        hint("never")
    assert heard() == []
    with chain_scope(two_chains.a):
        assert not Resource.objects.filter(name="nowhere").exists()


def test_a_hint_that_cannot_be_sent_leaves_the_commit_standing(two_chains: TwoChains, heard: Heard) -> None:
    with chain_scope(two_chains.a):
        Region.objects.create(name="stands")
        hint("x" * 9_000)  # PostgreSQL takes less than 8,000 bytes
    assert heard() == []
    with chain_scope(two_chains.a):
        assert Region.objects.filter(name="stands").exists()
        hint("works again")
    assert heard() == ["works again"]


def test_hint_of_a_savepoint_that_is_undone_goes_with_it(two_chains: TwoChains, heard: Heard) -> None:
    with chain_scope(two_chains.a):
        hint("before")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            with transaction.atomic():
                hint("undone")
            raise ZeroDivisionError
        Region.objects.create(name="kept")
        hint("behind")
    assert heard() == ["before", "behind"]


def test_a_mark_that_nothing_was_put_into_says_nothing(two_chains: TwoChains, heard: Heard) -> None:
    with chain_scope(two_chains.a):
        Region.objects.create(name="unmarked")
        wrapper = cast(DatabaseWrapper, connection)
        wrapper.notify_mark_at_commit(CHANNEL, "of nobody: ", "tessera.mark_never")
        hint("told all the same")
    assert heard() == ["", "told all the same"]


@pytest.mark.parametrize("hinted", [True, False])
def test_a_commit_that_postgresql_would_answer_by_rolling_back_is_an_error(
    two_chains: TwoChains, heard: Heard, hinted: bool
) -> None:
    """Somebody swallowed the error of a statement: what was written is lost, and nobody is told that it stands."""
    with pytest.raises(TransactionManagementError), chain_scope(two_chains.a):
        Region.objects.create(name="lost")
        if hinted:
            hint("lost")
        with contextlib.suppress(DataError):
            Region.objects.extra(where=["1 / 0 = 1"]).first()
    assert heard() == []
    with chain_scope(two_chains.a):
        assert not Region.objects.filter(name="lost").exists()


def at_commit(name: str) -> None:
    ask_at_commit(insertion([Region(name=name)]))


def standing(two_chains: TwoChains) -> list[str]:
    with chain_scope(two_chains.a):
        return list(Region.objects.order_by("name").values_list("name", flat=True))


def test_last_write_travels_with_the_commit_in_front_of_it(two_chains: TwoChains, heard: Heard) -> None:
    def act(*lasts: str) -> None:
        with chain_scope(two_chains.a):
            Region.objects.create(name=f"first {len(lasts)}")
            for name in lasts:
                at_commit(name)
            hint("told")
            assert not Region.objects.filter(name__in=["one", "two"]).exists()

    assert messages_of(lambda: act()) == messages_of(lambda: act("one", "two"))
    assert heard() == ["told", "told"]
    assert standing(two_chains) == ["first 0", "first 2", "one", "two"]


def test_last_write_may_be_all_that_a_transaction_does(two_chains: TwoChains) -> None:
    def act() -> None:
        with chain_scope(two_chains.a):
            at_commit("alone")

    assert messages_of(act) == 1
    assert standing(two_chains) == ["alone"]
    with chain_scope(two_chains.b):
        assert not Region.objects.exists()


def test_last_write_that_fails_is_the_commits_error_and_nothing_stands(
    two_chains: TwoChains, heard: Heard
) -> None:
    with pytest.raises(DatabaseError, match="division"), chain_scope(two_chains.a):
        Region.objects.create(name="undone")
        hint("never")
        ask_at_commit(Question("SELECT 1 / %s", (0,), done))
        at_commit("undone too")
    assert heard() == []
    assert standing(two_chains) == []


def test_last_write_is_forgotten_with_its_transaction(two_chains: TwoChains) -> None:
    with pytest.raises(ZeroDivisionError), chain_scope(two_chains.a):
        at_commit("gone")
        raise ZeroDivisionError
    assert standing(two_chains) == []


def test_last_write_within_a_savepoint_is_made_at_once_and_undone_with_it(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        with transaction.atomic():
            at_commit("kept")
            assert Region.objects.filter(name="kept").exists()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            at_commit("undone")
            raise ZeroDivisionError
    assert standing(two_chains) == ["kept"]


def test_last_write_goes_into_its_chain_though_a_savepoint_that_entered_it_was_undone(
    two_chains: TwoChains,
) -> None:
    with chain_scope(two_chains.a):
        at_commit("here")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Region.objects.create(name="undone")
            raise ZeroDivisionError
    assert standing(two_chains) == ["here"]
