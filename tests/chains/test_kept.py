"""Statements that a session keeps, sent with their values beside them: the same meaning, errors in their place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, DataError, OperationalError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import Transformer

from chains.postgresql import ahead, commits, prepared
from chains.postgresql.ahead import ahead_of, ran_before, send
from chains.postgresql.ask import Question, ask_all, ask_at_commit, done
from chains.postgresql.kept import Kept, bind, text_of
from chains.postgresql.prepared import Prepared, prepared_on
from chains.scope import chain_scope, current
from tenants.booking.models import Status
from tenants.stores.models import Region
from tests.chains.asking import asked, rows
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.usefixtures("committed")
NAIVE = datetime(2026, 11, 29)  # noqa: DTZ001 (that it has no zone is what is tried)
ZONES = st.sampled_from([UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("Africa/Monrovia")])
MOMENTS = st.datetimes(timezones=ZONES)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.one_of(
    st.none(),
    st.uuids(),
    st.booleans(),
    st.integers(-(2**33), 2**33),
    MOMENTS,
    st.datetimes(),
    st.dates(),
    st.sampled_from(Status),
    TEXT,
    st.lists(st.uuids(), max_size=3),
    st.lists(
        st.sampled_from(["held", "NULL", "null", "", "a b", "a,b", "it's", "\\", '"', "名"]), max_size=3
    ),
    st.lists(TEXT, max_size=2),
    st.builds(DateTimeTZRange, st.none() | MOMENTS, st.none() | MOMENTS, st.sampled_from(["[)", "[]"])),
)


@pytest.fixture(scope="module")
def raw() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(settings.ENV.database_url.get_secret_value(), autocommit=True) as found:
        yield found


@given(value=VALUES)
def test_a_value_beside_a_statement_is_that_which_would_be_written_into_it(
    raw: psycopg.Connection[Any], value: Any
) -> None:
    bound = bind([value])
    if bound is None:
        return
    literal = b"NULL" if value is None else Transformer(raw).as_literal(value)
    assert bound.types == (prepared._type_of(literal),)
    kind = b"text" if bound.types[0] == b"unknown" else bound.types[0]
    same = b"SELECT " + literal + b" IS NOT DISTINCT FROM $1::" + kind
    result = raw.pgconn.exec_params(same, bound.values, None, bound.formats)
    if b"out of range" in result.error_message or b"must be less than" in result.error_message:
        return  # nothing that PostgreSQL can tell, either way
    assert result.get_value(0, 0) == b"t", result.error_message


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        -(2**31),
        True,
        "text",
        Status.HELD,
        date(2026, 11, 29),
        datetime(2026, 11, 29, tzinfo=UTC),
        ["a_b"],
        [],
    ],
)
def test_what_most_values_are_needs_no_driver(value: Any) -> None:
    assert bind([value]) is not None


@pytest.mark.parametrize("value", [2**31, 1.5, "a\0b", NAIVE, ["a b"], [1], {}, b"x"])
def test_what_is_read_otherwise_than_it_would_be_written_is_left_to_the_driver(value: Any) -> None:
    assert bind(["known", value]) is None


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[bytes]]:
    """What is sent from now on: the names of what is kept, the text of all else."""
    found: list[list[bytes]] = []

    def noted(driver: Any, statements: list[bytes | Kept]) -> Any:
        found.append([one.name if isinstance(one, Kept) else one for one in statements])
        return send(driver, statements)

    monkeypatch.setattr(ahead, "send", noted)
    monkeypatch.setattr(commits, "send", noted)
    return found


def test_what_is_kept_carries_no_values_in_its_text(two_chains: TwoChains, sent: list[list[bytes]]) -> None:
    for number in range(5):
        with chain_scope(two_chains.a):
            assert asked("SELECT %s::int + 1", number) == [(number + 1,)]
            ask_at_commit(
                Question(
                    "INSERT INTO stores_region (id, name) VALUES (gen_random_uuid(), %s)",
                    (f"r{number}",),
                    done,
                )
            )
            connection.notify_at_commit("live", f"t_x:{number}")
    (begin, entering, question), (write, commit, hint) = sent[-2:]
    assert (begin, commit) == (b"BEGIN", b"COMMIT")
    assert all(one.startswith(b"tessera_") for one in (entering, question, hint))
    assert write.startswith(b"INSERT INTO stores_region")  # what is written last is written out
    with chain_scope(two_chains.a):
        assert sorted(Region.objects.values_list("name", flat=True)) == [f"r{number}" for number in range(5)]


def test_scopes_share_one_statement_that_enters_them(two_chains: TwoChains) -> None:
    for chain in [two_chains.a, two_chains.b] * 4:
        with chain_scope(chain):
            assert asked("SELECT current_schema()::text") == [(chain.schema_name,)]
    entering = [key for key in prepared_on(connection.connection)._names if "search_path" in key[1]]
    assert len(entering) == 1


def test_an_error_in_the_midst_is_told_as_that_statements_and_what_stands_behind_is_not_run(
    two_chains: TwoChains,
) -> None:
    def wish(by: int) -> Any:
        return ask_all(
            [
                Question("SELECT set_config('tessera.ran', %s, false)", (f"before {by}",), rows),
                Question("SELECT 6 / %s", (by,), rows),
                Question("SELECT set_config('tessera.ran', %s, false)", (f"behind {by}",), rows),
            ]
        )

    with chain_scope(two_chains.a):
        asked("SELECT 1")
        for _time in range(3):
            assert wish(2)[1] == [(3,)]
        with pytest.raises(DataError, match="division") as failed, transaction.atomic():
            wish(0)
        assert ran_before(failed.value) == 1
        # what was set before the error is undone with its block
        assert asked("SELECT current_setting('tessera.ran')") == [("behind 2",)]
        assert wish(3)[1] == [(2,)]


def test_a_value_that_cannot_be_sent_is_refused_as_before(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        asked("SELECT 1")
        for _time in range(3):
            assert asked("SELECT %s::text", "whole") == [("whole",)]
        with pytest.raises(DataError, match="NUL"), transaction.atomic():
            asked("SELECT %s::text", "a\0b")
        assert asked("SELECT %s::text", "whole") == [("whole",)]


def test_a_connection_that_breaks_within_a_pipeline_is_given_up_and_the_next_one_works(
    two_chains: TwoChains, raw: psycopg.Connection[Any]
) -> None:
    with chain_scope(two_chains.a):
        asked("SELECT 1")
        for _time in range(3):
            asked("SELECT %s::int", 1)
    with contextlib.suppress(DatabaseError), chain_scope(two_chains.a):
        backend = connection.connection.info.backend_pid
        asked("SELECT %s::int", 1)
        raw.execute("SELECT pg_terminate_backend(%s)", [backend])
        with pytest.raises(OperationalError):
            asked("SELECT %s::int", 1)
        assert connection.connection.pgconn.status == psycopg.pq.ConnStatus.BAD
    connection.close()
    with chain_scope(two_chains.a):
        assert asked("SELECT %s::int", 2) == [(2,)]


def test_what_the_next_message_is_to_prepare_is_not_used_in_front_of_it() -> None:
    kept = Prepared(lambda value: b"1")
    kept.direct = True
    entering: Question[Any] = Question("SELECT enter(%s)", (1,), rows)
    assert kept.scopeless(entering) == b"SELECT enter(1)"
    statements, before = kept.each([Question("SELECT 2", (), rows)], scope="t_a")
    assert before == 1
    assert b"PREPARE tessera_1(int4) AS SELECT enter($1)" in text_of(statements[0])
    assert kept.scopeless(entering) == b"SELECT enter(1)"
    kept.each([Question("SELECT 3", (), rows)], scope="t_a")
    found = kept.scopeless(entering)
    assert isinstance(found, Kept)
    assert (found.name, found.text(), found.refusable) == (b"tessera_1", b"EXECUTE tessera_1(1)", False)


def test_entering_a_scope_is_no_write_that_waits(two_chains: TwoChains) -> None:
    for _time in range(4):
        with chain_scope(two_chains.a):
            asked("SELECT %s::int", 1)
    with chain_scope(two_chains.a):
        connection._enter(current())
        assert any(isinstance(one, Kept) for one in ahead_of(connection.connection).statements)
        assert not ahead_of(connection.connection).holds_writes
