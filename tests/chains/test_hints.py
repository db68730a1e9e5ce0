"""Hints travel behind the commit: told when it stands, never in the way of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import cast
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from chains.postgresql.base import DatabaseWrapper
from chains.scope import chain_scope
from tenants.stores.models import Region, Resource
from tests.ground.chains import TwoChains
from tests.ground.messages import messages_of

CHANNEL = "test_hints"
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


def test_hint_of_a_savepoint_that_is_undone_is_harmless(two_chains: TwoChains, heard: Heard) -> None:
    with chain_scope(two_chains.a):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            hint("undone")
            raise ZeroDivisionError
        Region.objects.create(name="kept")
    assert heard() == ["undone"]


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
