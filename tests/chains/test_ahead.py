"""Statements that travel ahead of the next one, in one message."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from django.db import DatabaseError, DataError, ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chains.anew import in_chain
from chains.postgresql.ahead import Ahead
from chains.postgresql.ask import Question, ask_ahead, ask_at_commit, done, insertion
from chains.postgresql.ask import ask as question
from chains.postgresql.base import ScopeNotEntered
from chains.postgresql.kept import Kept, text_of
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


def test_savepoints_between_which_nothing_happened_are_one(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes | Kept] = []
    take = Ahead.take

    def noted(ahead: Ahead) -> list[bytes | Kept]:
        taken = take(ahead)
        sent.extend(taken)
        return taken

    monkeypatch.setattr(Ahead, "take", noted)
    with chain_scope(two_chains.a), transaction.atomic(), transaction.atomic(), transaction.atomic():
        Region.objects.create(name="kept")
        with transaction.atomic():
            Region.objects.create(name="kept too")
        with pytest.raises(ZeroDivisionError), transaction.atomic(), transaction.atomic():
            Region.objects.create(name="undone")
            raise ZeroDivisionError
    # of the inner one and the pair that is undone, not six: the outermost are one with the transaction
    assert len([statement for statement in sent if text_of(statement).startswith(b"SAVEPOINT")]) == 2
    with chain_scope(two_chains.a):
        assert names() == ["kept", "kept too"]


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


def test_value_that_cannot_be_sent_leaves_the_scope_still_to_be_entered(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        with pytest.raises(DataError, match="NUL"), transaction.atomic():
            Region.objects.create(name="a\0b")
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


WRITES: dict[str, Callable[[Region], object]] = {
    "write": lambda row: row.save(),
    "ask": lambda row: question(insertion([row])),
    "last": lambda row: ask_at_commit(insertion([row])),
    "ahead": lambda row: ask_ahead([insertion([row])]),
}
FAILURES: dict[str, Callable[[], object]] = {
    "fail": lambda: ask("SELECT 1 / 0"),
    "fail to ask": lambda: question(Question("SELECT 1 / 0", (), done)),
}


def stand(wrote: list[str], *, kept: bool) -> list[str]:
    """What an act ends with: that, or an error."""
    if not kept:
        raise ZeroDivisionError
    return wrote


# What a block holds: rows to write, statements that fail, calls for everything at once, further blocks.
STEPS = st.recursive(
    st.sampled_from(["write", "fail", "many", "look", "ask", "fail to ask", "last", "ahead"]),
    lambda inner: st.tuples(st.booleans(), st.lists(inner, max_size=4)),
    max_leaves=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(steps=st.lists(STEPS, max_size=5), kept=st.booleans(), waits=st.booleans())
def test_any_nesting_of_blocks_keeps_what_they_keep_and_stays_in_the_scope(
    two_chains: TwoChains, steps: list[Any], kept: bool, waits: bool
) -> None:
    """Held against a list: each block adds what it wrote where it ends well, and nothing where it does not."""
    scope = f'{two_chains.a.schema_name} "{two_chains.a.schema_name}", extensions'
    with chain_scope(two_chains.a):
        Region.objects.all().delete()

    def look() -> None:
        role, path = ask("SELECT ARRAY[current_user::text, current_setting('search_path')]")
        assert f"{role.split('_', 2)[2]} {path}" == scope

    def play(steps: list[Any]) -> list[str]:
        wrote: list[str] = []
        for step in steps:
            fresh = [f"r{next(numbers)}", f"r{next(numbers)}"]
            match step:
                case "write" | "ask" | "last" | "ahead":
                    WRITES[step](Region(name=fresh[0]))
                    wrote.append(fresh[0])
                case "many":
                    with connection.cursor() as cursor:
                        cursor.executemany(
                            "INSERT INTO stores_region (id, name) VALUES (gen_random_uuid(), %s)",
                            [(name,) for name in fresh],
                        )
                    wrote += fresh
                case "fail" | "fail to ask":
                    with pytest.raises(DatabaseError, match="division"), transaction.atomic():
                        FAILURES[step]()
                case "look":
                    look()
                case (good, inner):
                    wrote += block(inner) if good else undone(inner)
        return wrote

    def block(steps: list[Any]) -> list[str]:
        with transaction.atomic():
            return play(steps)

    def undone(steps: list[Any]) -> list[str]:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            play(steps)
            raise ZeroDivisionError
        look()
        return []

    numbers = count()
    stands: list[str] = []
    with suppress(ZeroDivisionError):
        stands = in_chain(two_chains.a, lambda: stand(play(steps), kept=kept), waits=waits)
    with chain_scope(two_chains.a):
        assert names() == sorted(stands)
