"""Questions that PostgreSQL keeps planned: the same answers, nothing kept where the session is not ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg import errors
from psycopg.types.json import Jsonb

from chains.postgresql import prepared
from chains.postgresql.ask import Question, ask, ask_all
from chains.postgresql.prepared import Prepared, prepared_on
from chains.scope import chain_scope
from tests.ground import pgbouncer
from tests.ground.cast import Cast

SOME = UUID("01a22451-1138-7834-8cb2-a686cdb9c911")
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def rows(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return found


def asked(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    return ask(Question(sql, params, rows))


def names() -> list[str]:
    """What the session has prepared, by the beginning of its text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, statement FROM pg_prepared_statements WHERE name LIKE 'tessera%' ORDER BY prepare_time"
        )
        # PostgreSQL keeps the whole message for each
        return [
            text.partition(f"PREPARE {name}")[2].partition(" AS ")[2].partition(";")[0]
            for name, text in cursor
        ]


@pytest.fixture(autouse=True)
def _nothing_prepared(cast: Cast) -> Any:
    """What other tests prepared is not in the way, and they are not in ours."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    connection.ensure_connection()
    connection.connection.__dict__.pop("tessera_prepared", None)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def test_what_is_asked_a_second_time_is_prepared_and_then_used(cast: Cast) -> None:
    sql = "SELECT name FROM members_member WHERE id = %s"
    su = cast.alpha.members["su"].id
    with chain_scope(cast.alpha.info):
        # the first message looks whether the session is ours
        asked("SELECT 1")
        seen = []
        for _time in range(4):
            assert asked(sql, su) == [("苏晴",)]
            seen.append(len(names()))
        assert seen == [0, 1, 1, 1]
        assert names() == ["SELECT name FROM members_member WHERE id = $1"]


def test_each_chain_has_its_own_and_gets_its_own_answer(cast: Cast) -> None:
    sql = "SELECT count(*) FROM members_member WHERE phone IS NOT NULL AND name <> %s"
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
    answers = []
    for chain in [cast.alpha, cast.beta] * 3:
        with chain_scope(chain.info):
            answers.append(
                (chain.info.slug, asked(sql, "nobody")[0][0], asked("SELECT current_schema()")[0][0])
            )
    assert answers[:2] * 2 == answers[2:]
    assert {schema for _slug, _count, schema in answers} == {
        cast.alpha.info.schema_name,
        cast.beta.info.schema_name,
    }
    with chain_scope(cast.alpha.info):
        assert len([one for one in names() if "count" in one]) == 2


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT pg_typeof(%s)::text", SOME),
        ("SELECT pg_typeof(%s)::text", NINE),
        ("SELECT pg_typeof(%s)::text", date(2026, 11, 23)),
        ("SELECT pg_typeof(%s)::text", timedelta(minutes=5)),
        ("SELECT pg_typeof(%s)::text", 5),
        ("SELECT pg_typeof(%s)::text", -5),
        ("SELECT pg_typeof(%s)::text", 2**31 - 1),
        ("SELECT pg_typeof(%s)::text", 2**31),
        ("SELECT pg_typeof(%s)::text", -(2**40)),
        ("SELECT pg_typeof(%s)::text", 2**63 - 1),
        ("SELECT pg_typeof(%s)::text", 2**63),
        ("SELECT pg_typeof(%s)::text", True),
        ("SELECT pg_typeof(%s)::text", Decimal("1.50")),
        ("SELECT pg_typeof(%s)::text", 1.5),
        ("SELECT pg_typeof(%s)::text", Jsonb({"a": "it's '::uuid"})),
        ("SELECT pg_typeof(%s)::text", [SOME]),
        ("SELECT pg_typeof(%s)::text", b"\x00'"),
        ("SELECT %s::text", "it's '::uuid \\ %s $1"),
        ("SELECT %s::text", None),
        ("SELECT 1 WHERE 'held' = ANY(%s)", ["held", "con'firmed"]),
        ("SELECT 1 WHERE 'held' = ANY(%s)", []),
        ("SELECT %s - interval '1 minute'", NINE),
        ("SELECT 7 %% 4 + %s", 1),
    ],
)
def test_a_value_means_the_same_prepared_as_written(cast: Cast, sql: str, value: Any) -> None:
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        plain, made, used = (asked(sql, value) for _time in range(3))
        assert plain == made == used
        assert len(names()) == 1


def test_a_refused_statement_leaves_names_that_work(cast: Cast) -> None:
    def wish() -> list[Any]:
        return ask_all(
            [
                Question("SELECT %s + 1", (1,), rows),
                Question("SELECT 1 / %s", (zero,), rows),
                Question("SELECT %s + 2", (1,), rows),
            ]
        )

    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        zero = 1
        wish()
        for zero in (0, 0, 1, 0, 1):
            if zero:
                assert wish() == [[(2,)], [(1,)], [(3,)]]
            else:
                with pytest.raises(DatabaseError), transaction.atomic():
                    wish()


def test_a_plan_that_a_migration_made_useless_is_not_used_again() -> None:
    kept = Prepared(lambda value: b"1")
    kept.direct = True
    statement: Question[Any] = Question("SELECT a FROM b WHERE c = %s", (1,), rows)

    def said() -> list[bytes]:
        return [kept.message([statement], scope="t_a")[0] for _time in range(3)]

    plain, made = (
        b"SELECT a FROM b WHERE c = 1",
        b"PREPARE tessera_%d(int4) AS SELECT a FROM b WHERE c = $1;\n",
    )
    assert said() == [plain, made % 1 + b"EXECUTE tessera_1(1)", b"EXECUTE tessera_1(1)"]
    kept.failed(errors.FeatureNotSupported("cached plan must not change result type"))
    assert said() == [plain, made % 2 + b"EXECUTE tessera_2(1)", b"EXECUTE tessera_2(1)"]
    kept.failed(errors.UniqueViolation("of another"))
    assert said() == [b"EXECUTE tessera_2(1)"] * 3


def test_the_eldest_makes_room(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST", 3)
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        for number in range(6):
            for _time in range(2):
                asked(f"SELECT {number} + %s", 1)
        assert names() == ["SELECT 3 + $1", "SELECT 4 + $1", "SELECT 5 + $1"]


def test_nothing_is_prepared_where_the_session_is_not_ours(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chain_scope(cast.alpha.info):
        prepared_on(connection.connection).direct = False
        for _time in range(3):
            assert asked("SELECT %s + 1", 1) == [(2,)]
        assert names() == []


@pytest.mark.pgbouncer
def test_behind_a_pooler_the_session_is_known_not_to_be_ours(cast: Cast) -> None:
    """PgBouncer in transaction mode: another client may get the session after each transaction."""
    address = settings.ENV.database_url.get_secret_value()
    with pgbouncer.pooled(address) as url, psycopg.connect(url) as behind:
        backend = behind.execute("SELECT pg_backend_pid()").fetchone()
        assert backend is not None and backend[0] != behind.info.backend_pid
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        assert prepared_on(connection.connection).direct is True


def test_nothing_is_prepared_that_sql_cannot_prepare() -> None:
    kept = Prepared(lambda value: b"1")
    kept.direct = True
    statement: Question[Any] = Question("SET LOCAL lock_timeout = %s", (1,), rows)
    said = [kept.message([statement], scope="t_a") for _time in range(3)]
    assert said == [(b"SET LOCAL lock_timeout = 1", 0)] * 3
