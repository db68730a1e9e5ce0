"""What is kept and the session stay in step, whatever becomes of a message; what waits goes with its savepoint."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, ProgrammingError, connection, transaction

from chains.postgresql.ask import Question, ask_at_commit, done, insertion
from chains.postgresql.prepared import prepared_on
from chains.scope import chain_scope, platform_scope
from tenants.stores.models import Region
from tests.chains.asking import asked
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def _own_session(two_chains: TwoChains) -> Iterator[None]:
    """A session that keeps nothing yet, and is given up afterwards: what a test spoils in it meets no other."""
    connection.ensure_connection()
    connection.connection.__dict__.pop("tessera_prepared", None)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with chain_scope(two_chains.a):
        asked("SELECT 1")
    yield
    connection.ensure_connection()
    connection.connection.close()
    connection.close()


def test_a_last_write_of_a_chain_is_not_prepared_where_its_tables_are_not(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        ask_at_commit(Question("DELETE FROM stores_region WHERE name = %s", ("x",), done))
    with platform_scope():
        assert asked("SELECT 2") == [(2,)]


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("DELETE FROM stores_region WHERE %s IS NULL", (None,)),
        ("LOCK TABLE stores_region IN SHARE MODE", ()),
    ],
)
def test_a_last_write_that_cannot_be_prepared_fails_no_later_question(
    two_chains: TwoChains, sql: str, values: tuple[Any, ...]
) -> None:
    for _time in range(4):
        with chain_scope(two_chains.a):
            assert asked("SELECT 1") == [(1,)]
            ask_at_commit(Question(sql, values, done))


def test_a_last_write_that_is_refused_fails_no_question_of_another_chain(two_chains: TwoChains) -> None:
    with pytest.raises(ProgrammingError), chain_scope(two_chains.a):
        ask_at_commit(Question("DELETE FROM not_there WHERE name = %s", ("x",), done))
    with chain_scope(two_chains.b):
        assert asked("SELECT 1") == [(1,)]


def test_a_last_write_with_a_value_too_many_is_refused_each_time(two_chains: TwoChains) -> None:
    for _time in range(4):
        with pytest.raises(ValueError, match="2 values for 1 places"), chain_scope(two_chains.a):
            asked("SELECT 1")
            ask_at_commit(Question("DELETE FROM stores_region WHERE name = %s::text", ("x", 5), done))


@pytest.mark.parametrize("orm", [True, False])
def test_a_scope_whose_kept_statement_is_gone_is_refused_once_at_most(
    two_chains: TwoChains, orm: bool
) -> None:
    def look() -> None:
        with chain_scope(two_chains.a):
            if orm:
                Region.objects.count()
            else:
                asked("SELECT %s::int", 1)

    for _time in range(4):
        with chain_scope(two_chains.a):
            asked("SELECT %s::int", 1)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with contextlib.suppress(DatabaseError):
        look()
    look()


def test_a_hint_whose_kept_statement_is_gone_is_lost_once_at_most(two_chains: TwoChains) -> None:
    def hint(payload: str) -> None:
        with chain_scope(two_chains.a):
            asked("SELECT %s::int", 1)
            connection.notify_at_commit("review", payload)

    for _time in range(4):
        hint("before")
    url = settings.ENV.database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as listener, connection.cursor() as cursor:
        listener.execute("LISTEN review")
        for (_scope, sql, _types), name in prepared_on(connection.connection)._names.items():
            if "pg_notify" in sql:
                cursor.execute("DEALLOCATE " + name.decode())
        for number in range(4):
            hint(f"{number}")
        listener.execute("SELECT 1")  # what was sent before it comes with it
        assert [one.payload for one in listener.notifies(timeout=0)][-3:] == ["1", "2", "3"]


def test_more_values_than_the_protocol_can_bind_are_written_as_before(two_chains: TwoChains) -> None:
    many = 70_000
    sql = f"SELECT count(*) FROM (VALUES {','.join(['(%s)'] * many)}) AS given(one)"
    with chain_scope(two_chains.a):
        for _time in range(4):
            assert asked(sql, *range(many)) == [(many,)]


def test_a_last_write_behind_a_savepoint_set_by_hand_is_undone_with_it(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        sid = transaction.savepoint()
        ask_at_commit(insertion([Region(name="undone")]))
        transaction.savepoint_rollback(sid)
    with chain_scope(two_chains.a):
        assert not Region.objects.filter(name="undone").exists()


def test_a_name_that_the_session_has_already_is_refused_once_at_most(two_chains: TwoChains) -> None:
    def look() -> None:
        with chain_scope(two_chains.a):
            asked("SELECT %s::int", 1)

    with connection.cursor() as cursor:
        cursor.execute("PREPARE fixed_begin AS SELECT 1")
    refused = 0
    for _time in range(6):
        try:
            look()
        except DatabaseError:
            refused += 1
    assert refused == 1
