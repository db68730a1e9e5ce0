"""One migration over many schemas: its SQL is written once, then run in each, resumably.

Django's executor scans the catalogue and rebuilds the model state for every schema (about a second
each); here a schema costs the statements themselves. Each schema is one transaction with a lock
time-out: done or not done, never half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from chains.schemas.grants import (
    Rights,
    chain_grants,
    grants_on_new,
    rights_on_new,
    schemas_with_wrong_grants,
    standing_tables,
)
from chains.schemas.owner import OwnerConnection
from chains.schemas.stock import resolving_in, stock_connection
from chains.schemas.template import chain_migrations, current_version

Key = tuple[str, str]

# A schema whose table is held by a long transaction is tried again after the others, this often in all.
ATTEMPTS = 3
_ENTER = sql.SQL(
    "SELECT set_config('search_path', {}, true), set_config('lock_timeout', {}, true),"
    " set_config('statement_timeout', '60s', true), set_config('synchronous_commit', {}, true)"
)
_RECORDED = sql.SQL("SELECT {}, app, name FROM {}")
_APPLIED = sql.SQL("INSERT INTO django_migrations (app, name, applied) VALUES ({}, {}, {})")
_RECORD = sql.SQL(
    "INSERT INTO public.chains_schemamigration AS old (schema, app, name, state, error, attempts, finished_at)"
    " VALUES ({}, {}, {}, {}, {}, 1, {}) ON CONFLICT (schema, app, name) DO UPDATE"
    " SET state = excluded.state, error = excluded.error, attempts = old.attempts + 1,"
    " finished_at = excluded.finished_at"
)


class NotWritableAsSql(RuntimeError):
    """A chain migration holds Python: write it as SQL, or as a re-runnable data task per chain."""


class MigrationRunning(RuntimeError):
    """Another process migrates the chains of this database right now."""


@dataclass(slots=True)
class Report:
    """What a run did: schemas that were changed, that had nothing to do, and that failed (with the error)."""

    changed: set[str] = field(default_factory=set)
    untouched: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


def all_schemas(connection: OwnerConnection) -> list[str]:
    """Every chain's schema and every ready one, oldest first."""
    rows = connection.execute(
        "SELECT schema_name FROM ("
        "SELECT schema_name, created_at FROM public.chains_chain WHERE state <> 'closed'"
        " UNION ALL SELECT schema, created_at FROM public.chains_pooledschema) AS every"
        " JOIN pg_namespace ON nspname = schema_name ORDER BY created_at"
    ).fetchall()
    return [row[0] for row in rows]


def applied_migrations(connection: OwnerConnection, schema: str) -> set[Key]:
    """The (app, name) pairs recorded in a schema."""
    return applied_in_each(connection, [schema])[schema]


def applied_in_each(connection: OwnerConnection, schemas: Sequence[str]) -> dict[str, set[Key]]:
    """The (app, name) pairs recorded in each of the schemas; one query for a hundred of them."""
    found: dict[str, set[Key]] = {schema: set() for schema in schemas}
    for start in range(0, len(schemas), 100):
        of_each = [
            _RECORDED.format(schema, sql.Identifier(schema, "django_migrations"))
            for schema in schemas[start : start + 100]
        ]
        for schema, app, name in connection.execute(sql.SQL(" UNION ALL ").join(of_each)):
            found[schema].add((app, name))
    return found


def write_sql(key: Key, *, like: str) -> list[str]:
    """The statements of one migration, written against the schema `like`, which must not have it yet.

    Needs the owner's login on Django's connection. Raises NotWritableAsSql.
    """
    with resolving_in(like):
        loader = MigrationLoader(stock_connection(), replace_migrations=False)
        lines = loader.collect_sql([(loader.graph.nodes[key], False)])
    if any("THIS OPERATION CANNOT BE WRITTEN AS SQL" in line for line in lines):
        raise NotWritableAsSql(f"{key[0]}.{key[1]}")
    return [
        line.rstrip(";")
        for line in lines
        if line.strip() and not line.startswith("--") and line not in {"BEGIN;", "COMMIT;"}
    ]


@contextmanager
def migrating_alone(connection: OwnerConnection) -> Iterator[None]:
    """Hold the database's one place for a migration run. Raises MigrationRunning where it is taken."""
    lock = "hashtext('tessera.migrate_chains')"
    row = connection.execute(f"SELECT pg_try_advisory_lock({lock})").fetchone()
    if row is None or not row[0]:
        raise MigrationRunning("another process is migrating the chains; wait for it, or stop it first")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(f"SELECT pg_advisory_unlock({lock})")


def migrate_schemas(
    connection: OwnerConnection,
    schemas: Sequence[str],
    *,
    now: datetime,
    wanted: Sequence[Key] | None = None,
    written: dict[Key, list[str]] | None = None,
    lock_timeout_ms: int = 1_000,
    after_each: Callable[[str], None] = lambda schema: None,
) -> Report:
    """Bring every schema to this code's migrations and rights; run it again to finish what failed.

    `written` overrides the SQL per migration (tests, benchmarks). `after_each` is told of every
    schema that was dealt with. A schema that fails keeps what it had before that migration and is
    left alone for the rest of the run; one whose lock was not free gets two more tries at the end.
    Raises MigrationRunning where another run is on, NotWritableAsSql for a migration in Python.
    """
    report = Report()
    with migrating_alone(connection):
        have = applied_in_each(connection, schemas)
        sources = dict(written or {})
        for key in wanted if wanted is not None else chain_migrations():
            behind = [schema for schema in schemas if key not in have[schema] and schema not in report.failed]
            if behind and key not in sources:
                sources[key] = write_sql(key, like=behind[0])
            _over(connection, behind, key, sources.get(key, []), report, now, lock_timeout_ms, after_each)
        _correct_grants(connection, [schema for schema in schemas if schema not in report.failed], report)
        report.changed -= set(report.failed)
        report.untouched = set(schemas) - report.changed - set(report.failed)
        _mark_pooled(connection, [schema for schema in schemas if schema not in report.failed])
    return report


def _over(
    connection: OwnerConnection,
    behind: Sequence[str],
    key: Key,
    statements: list[str],
    report: Report,
    now: datetime,
    lock_timeout_ms: int,
    after_each: Callable[[str], None],
) -> None:
    left = list(behind)
    made = rights_on_new(statements)
    for attempt in range(ATTEMPTS):
        held: list[str] = []
        for schema in left:
            try:
                _apply(
                    connection,
                    schema,
                    key,
                    statements,
                    made=made,
                    now=now,
                    lock_timeout_ms=lock_timeout_ms,
                    lasting=schema == left[-1],  # and with it on the disk are all before it
                )
            except psycopg.errors.LockNotAvailable as error:
                if attempt + 1 < ATTEMPTS:
                    held.append(schema)
                    continue
                _failed(connection, schema, key, error, report, now)
            except psycopg.Error as error:
                if connection.closed:
                    raise  # the server is gone: nothing can be written down, a new run resumes
                _failed(connection, schema, key, error, report, now)
            else:
                report.changed.add(schema)
            after_each(schema)
        left = held


def _failed(
    connection: OwnerConnection, schema: str, key: Key, error: psycopg.Error, report: Report, now: datetime
) -> None:
    text = str(error).strip()
    report.failed[schema] = text.splitlines()[0] if text else type(error).__name__
    connection.execute(_done(schema, key, "failed", report.failed[schema], now))


def _apply(
    connection: OwnerConnection,
    schema: str,
    key: Key,
    statements: Sequence[str],
    *,
    made: Rights | None,
    now: datetime,
    lock_timeout_ms: int,
    lasting: bool,
) -> None:
    """One transaction; `made` see rights_on_new, `lasting` waits for the disk.

    A commit that does not wait is whole or not there after a crash, like any other: what is lost is done again.
    """
    script = [
        _ENTER.format(f'"{schema}", extensions', f"{lock_timeout_ms}ms", "on" if lasting else "off"),
        *(sql.SQL(statement) for statement in statements),
        _APPLIED.format(*key, now),
        *grants_on_new(schema, made or {}),
        _done(schema, key, "done", "", now),
    ]
    # one message without parameters: it may hold what Django writes as two commands in one
    message = sql.SQL("\n;\n").join(script)
    if made is not None:
        connection.execute(message)  # one message is one transaction
        return
    with connection.transaction():
        connection.execute(message)
        for grant in chain_grants(schema, standing=standing_tables(connection, schema)):
            connection.execute(grant)


def _correct_grants(connection: OwnerConnection, schemas: Sequence[str], report: Report) -> None:
    """Rights can change without a migration (a model becomes append-only): set right what differs."""
    for start in range(0, len(schemas), 100):
        for schema in schemas_with_wrong_grants(connection, schemas[start : start + 100]):
            with connection.transaction():
                for grant in chain_grants(schema, standing=standing_tables(connection, schema)):
                    connection.execute(grant)
            report.changed.add(schema)


def _done(schema: str, key: Key, state: str, error: str, now: datetime) -> sql.Composed:
    """The statement that writes down how a migration of a schema went."""
    return _RECORD.format(schema, *key, state, error, now)


def _mark_pooled(connection: OwnerConnection, schemas: Sequence[str]) -> None:
    connection.execute(
        "UPDATE public.chains_pooledschema SET version = %s WHERE schema = ANY(%s)",
        (current_version(), list(schemas)),
    )
