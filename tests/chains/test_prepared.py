"""Questions that PostgreSQL keeps planned: the same answers, nothing kept where the session is not ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, DataError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import given
from hypothesis import strategies as st
from psycopg import errors, sql
from psycopg.adapt import Transformer
from psycopg.types.json import Jsonb

from chains.postgresql import prepared
from chains.postgresql.ask import Question, ask_all, beside, gathered
from chains.postgresql.kept import text_of
from chains.postgresql.prepared import Prepared, prepared_on
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope, role_of
from tests.chains.asking import asked, rows
from tests.ground import pgbouncer
from tests.ground.cast import Cast
from tests.ground.chains import TwoChains

SOME = UUID("01a22451-1138-7834-8cb2-a686cdb9c911")
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def names() -> list[str]:
    """What the session has prepared of what is asked, in that order, beside what enters a scope."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, statement FROM pg_prepared_statements WHERE name LIKE 'tessera%' ORDER BY prepare_time"
        )
        found = [text.partition(f"PREPARE {name}")[2].partition(" AS ")[2] for name, text in cursor]
    return [text for text in found if "set_config('search_path'" not in text]


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
        ("SELECT 'a%%some' LIKE 'a%%%%s%%' AND %s", True),
        ("SELECT pg_typeof(%s)::text", -(2**31)),
        ("SELECT pg_typeof(%s)::text", -(2**63)),
        ("SELECT pg_typeof(%s)::text", 1e20),
        ("SELECT pg_typeof(%s)::text", float("nan")),
        ("SELECT pg_typeof(%s)::text", float("-inf")),
        ("SELECT pg_typeof(%s)::text", Decimal("1E+3")),
        ("SELECT pg_typeof(%s)::text", Decimal("5")),
        ("SELECT pg_typeof(%s)::text", Decimal("NaN")),
        ("SELECT %s::text[]", ["\\", None, "a'b"]),
        ("SELECT %s::int[]", [None, None]),
        ("SELECT coalesce(%s::uuid, gen_random_uuid()) IS NOT NULL", None),
        ("SELECT 1 WHERE 'it''s' = %s", "it's"),
        ("SELECT %1$s::text || %1$s::text || '%%s'", "twice"),
        (
            "SELECT pg_typeof(%1$s)::text, upper(%1$s) - lower(%1$s)",
            DateTimeTZRange(NINE, NINE + timedelta(hours=1)),
        ),
    ],
)
def test_a_value_means_the_same_prepared_as_written(cast: Cast, sql: str, value: Any) -> None:
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        plain, made, used = (asked(sql, value) for _time in range(3))
        assert plain == made == used
        assert len(names()) == 1


MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Asia/Shanghai")]))
VALUES = st.one_of(
    st.none(),
    st.uuids(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Dublin")])),
    st.datetimes(),
    st.lists(st.uuids(), max_size=3),
    st.lists(st.one_of(st.none(), st.uuids()), max_size=3),
    st.lists(st.integers(0, 5), max_size=3),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.builds(
        DateTimeTZRange,
        st.none() | MOMENTS,
        st.none() | MOMENTS,
        st.sampled_from(["[)", "[]", "()"]),
    ),
)


@given(value=VALUES)
def test_values_are_written_as_the_driver_writes_them(value: Any) -> None:
    connection.ensure_connection()
    literal = b"NULL" if value is None else Transformer(connection.connection).as_literal(value)
    ((values, types),) = prepared_on(connection.connection)._literals([Question("SELECT %s", (value,), rows)])
    assert (values, types) == ([literal], [prepared._type_of(literal)])


def test_a_kept_plan_is_made_once_for_any_values(cast: Cast) -> None:
    sql = "SELECT id FROM members_member WHERE id = ANY(%s) AND created_at < %s"
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        for count in range(12):
            asked(sql, [SOME] * (count + 1), NINE)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%ANY($1)%%'"
            )
            assert cursor.fetchall() == [(11, 0)]


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
        return [b";\n".join(map(text_of, kept.each([statement], scope="t_a")[0])) for _time in range(3)]

    plain, prepare = (
        b"SELECT a FROM b WHERE c = 1",
        b"EXECUTE ''PREPARE tessera_%d(int4) AS SELECT a FROM b WHERE c = $1'';",
    )
    made = b"DO 'BEGIN " + prepare % 1 + b" END';\nEXECUTE tessera_1(1)"
    assert said() == [plain, made, b"EXECUTE tessera_1(1)"]
    for number, useless in enumerate(
        [errors.FeatureNotSupported("cached plan must not change result type"), errors.UndefinedFunction()], 2
    ):
        kept.failed(useless, behind=0)
        first, second, third = said()
        assert first == b"DO 'BEGIN EXECUTE ''DEALLOCATE ALL''; END';\n" + plain
        assert second == b"DO 'BEGIN " + prepare % number + b" END';\n" + b"EXECUTE tessera_%d(1)" % number
        assert third == b"EXECUTE tessera_%d(1)" % number
    kept.failed(errors.UniqueViolation("of another"), behind=0)
    assert said() == [b"EXECUTE tessera_3(1)"] * 3


def test_a_column_of_another_kind_is_a_refusal_once_then_it_is_planned_anew(two_chains: TwoChains) -> None:
    """What a migration does beneath a session that goes on."""
    schema = two_chains.a.schema_name
    table, role = sql.Identifier(schema, "kinds"), sql.Identifier(role_of(schema))

    def found() -> list[tuple[Any, ...]]:
        with chain_scope(two_chains.a):
            return asked("SELECT one FROM kinds WHERE two = %s", "5")

    with owner_connection() as owner:
        owner.execute(sql.SQL("CREATE TABLE {} AS SELECT 1 AS one, '5'::text AS two").format(table))
        try:
            owner.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(table, role))
            with chain_scope(two_chains.a):
                asked("SELECT 1")
            for change in ("one TYPE bigint", "two TYPE int USING two::int"):
                assert [found() for _time in range(3)] == [[(1,)]] * 3
                owner.execute(sql.SQL("ALTER TABLE {} ALTER COLUMN " + change).format(table))
                with pytest.raises(DatabaseError):
                    found()
            assert [found() for _time in range(3)] == [[(1,)]] * 3
        finally:
            owner.execute(sql.SQL("DROP TABLE {}").format(table))
    assert names() == ["SELECT one FROM kinds WHERE two = $1"]


def test_a_plan_is_kept_without_the_values_that_others_in_its_message_had(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        for _time in range(2):
            ask_all([Question("SELECT 1 + %s", (1,), rows), Question("SELECT length(%s)", ("苏晴",), rows)])
    with chain_scope(cast.beta.info), connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE name LIKE 'tessera%' ORDER BY 1")
        kept = [text for (text,) in cursor]
    assert [text.partition(" AS ")[2] for text in kept] == ["SELECT 1 + $1", "SELECT length($1)"]


def in_step() -> None:
    """Hold that the session has exactly the names that its connection knows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'tessera%'")
        there = {name.encode() for (name,) in cursor}
    assert there == set(prepared_on(connection.connection)._names.values())


@pytest.mark.parametrize("fails", [0, 1, 2])
def test_names_and_session_are_in_step_wherever_a_message_fails(cast: Cast, fails: int) -> None:
    """Again and again: nothing heaps up in the session of somebody who is refused a thousand times."""

    def wish(zero: int) -> None:
        values = [zero if place == fails else 1 for place in range(3)]
        ask_all([Question(f"SELECT {place} / %s", (value,), rows) for place, value in enumerate(values)])

    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        for zero in (0, 0, 0, 1, 0, 1, 0, 0):
            try:
                with transaction.atomic():
                    wish(zero)
            except DatabaseError:
                assert zero == 0
            in_step()
        wish(1)
        assert len(names()) == 3


def test_what_cannot_be_written_is_refused_before_anything_is_thought_prepared(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        asked("SELECT 1 + %s", 1)
        for _time in range(2):
            with pytest.raises(DataError), transaction.atomic():
                ask_all([Question("SELECT 1 + %s", (1,), rows), Question("SELECT %s", ("\0",), rows)])
        assert [asked("SELECT 1 + %s", 1) for _time in range(3)] == [[(2,)]] * 3
        in_step()


def test_in_a_transaction_that_failed_nothing_is_thought_prepared(cast: Cast) -> None:
    with pytest.raises(DivisionUndone), chain_scope(cast.alpha.info):
        asked("SELECT 1")
        asked("SELECT 1 + %s", 1)
        with pytest.raises(DatabaseError):
            asked("SELECT 1 / 0")
        with pytest.raises(DatabaseError):
            asked("SELECT 1 + %s", 1)
        raise DivisionUndone
    with chain_scope(cast.alpha.info):
        assert [asked("SELECT 1 + %s", 1) for _time in range(3)] == [[(2,)]] * 3
        in_step()


class DivisionUndone(Exception):
    """Ends a scope whose transaction failed."""


def test_what_means_nothing_without_its_value_is_refused_once_and_never_prepared_again(cast: Cast) -> None:
    sql = "SELECT 1 WHERE %s IS NULL"
    with chain_scope(cast.alpha.info):
        asked("SELECT 1")
        assert asked(sql, None) == [(1,)]
        with pytest.raises(DatabaseError), transaction.atomic():
            asked(sql, None)
        assert [asked(sql, None) for _time in range(3)] == [[(1,)]] * 3
        in_step()


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
    said = [kept.each([statement], scope="t_a") for _time in range(3)]
    assert said == [([b"SET LOCAL lock_timeout = 1"], 0)] * 3


def test_a_value_beside_a_question_comes_with_its_row_plain_and_kept(cast: Cast) -> None:
    pair = Question("SELECT %s::int, %s::text", (1, "a"), lambda found: found[0])
    most = Question(
        "SELECT max(n) FROM (VALUES (%s::int), (%s::int)) v (n)", (7, 9), lambda found: found[0][0]
    )
    some = Question("SELECT n FROM (VALUES (%s::int), (3)) v (n)", (2,), lambda found: [n for (n,) in found])
    with chain_scope(cast.alpha.info):
        assert [ask_all([beside(pair, most)])[0] for _ in range(3)] == [((1, "a"), 9)] * 3
        twice = beside(beside(pair, most), gathered(some))
        assert [ask_all([twice])[0] for _ in range(3)] == [(((1, "a"), 9), [2, 3])] * 3
