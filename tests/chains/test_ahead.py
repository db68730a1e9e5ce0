"""Statements that travel ahead of the next one, in one message."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction

from chains.postgresql.base import ScopeNotEntered
from chains.scope import chain_scope
from tenants.stores.models import Region
from tests.ground.chains import TwoChains
from tests.ground.messages import messages_of

pytestmark = pytest.mark.usefixtures("committed")


def ask(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def names() -> list[str]:
    return sorted(Region.objects.values_list("name", flat=True))


def test_one_statement_in_a_scope_is_a_message_and_a_commit(two_chains: TwoChains) -> None:
    def look() -> None:
        with chain_scope(two_chains.a):
            ask("SELECT 1")

    look()  # a connection of the pool may still have to be made
    assert messages_of(look) == 2


def test_savepoints_of_a_success_cost_no_message(two_chains: TwoChains) -> None:
    def look() -> None:
        with chain_scope(two_chains.a), transaction.atomic(), transaction.atomic():
            ask("SELECT 1")
        with chain_scope(two_chains.a):
            with transaction.atomic():
                pass
            ask("SELECT 1")

    look()
    assert messages_of(look) == 4


def test_scope_without_a_statement_sends_nothing(two_chains: TwoChains) -> None:
    def look() -> None:
        with chain_scope(two_chains.a), transaction.atomic():
            pass

    assert messages_of(look) == 0


def test_answer_is_that_of_the_statement_itself(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 UNION SELECT 2 ORDER BY 1")
        assert cursor.fetchall() == [(1,), (2,)]
        assert cursor.rowcount == 2


def test_inner_block_that_fails_undoes_itself_alone(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        with transaction.atomic():
            Region.objects.create(name="first")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Region.objects.create(name="undone")
            with transaction.atomic():
                Region.objects.create(name="undone too")
            raise ZeroDivisionError
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        Region.objects.create(name="last")
        assert names() == ["first", "last"]
    with chain_scope(two_chains.a):
        assert names() == ["first", "last"]


def test_first_statement_that_fails_in_a_savepoint_leaves_the_transaction_usable(
    two_chains: TwoChains,
) -> None:
    with chain_scope(two_chains.a):
        with pytest.raises(DatabaseError), transaction.atomic():
            ask("SELECT 1 / 0")
        assert names() == []


def test_statement_that_cannot_be_parsed_leaves_no_transaction_half_begun(two_chains: TwoChains) -> None:
    with pytest.raises(DatabaseError, match="syntax"), chain_scope(two_chains.a):
        ask("SELEC 1")
    with chain_scope(two_chains.a):
        assert names() == []


def test_statement_that_cannot_be_parsed_is_told_as_such_in_the_midst_of_a_transaction(
    two_chains: TwoChains,
) -> None:
    with pytest.raises(ProgrammingError, match="syntax"), chain_scope(two_chains.a):
        Region.objects.create(name="undone")
        with transaction.atomic():
            ask("SELEC 1")
    with chain_scope(two_chains.a):
        assert names() == []


def test_role_that_is_not_there_is_told_as_such_and_the_statement_not_run(two_chains: TwoChains) -> None:
    with pytest.raises(ScopeNotEntered), chain_scope(_Gone()):
        ask("SELECT set_config('tessera.seen', 'yes', false)")
    with chain_scope(two_chains.a):
        assert ask("SELECT coalesce(current_setting('tessera.seen', true), '')") == ""


class _Gone:
    id = None
    schema_name = "t_gone"


def test_rows_are_written_in_bulk_and_many_at_once_inside_the_scope(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO stores_region (id, name) VALUES (gen_random_uuid(), %s)", [("x",), ("y",)]
        )
    with chain_scope(two_chains.a), connection.cursor() as cursor:
        assert ask("SELECT 1") == 1
        with transaction.atomic(), cursor.copy("COPY stores_region (id, name) FROM STDIN") as rows:
            rows.write_row(("01890000-0000-7000-8000-000000000001", "z"))
    with chain_scope(two_chains.a):
        assert names() == ["x", "y", "z"]
    with chain_scope(two_chains.b):
        assert names() == []
