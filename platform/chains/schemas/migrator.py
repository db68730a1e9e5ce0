"""One migration over many schemas: its SQL is written once, then run in each, resumably.

Django's executor scans the catalogue and rebuilds the model state for every schema (about a second
each); here a schema costs the statements themselves. Each schema is one transaction with a lock
time-out: done or not done, never half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from chains.schemas.grants import chain_grants
from chains.schemas.owner import OwnerConnection
from chains.schemas.stock import resolving_in, stock_connection
from chains.schemas.template import chain_migrations, current_version

Key = tuple[str, str]


class NotWritableAsSql(RuntimeError):
    """A chain migration holds Python: write it as SQL, or as a re-runnable data task per chain."""


@dataclass(slots=True)
class Report:
    """What a run did: schemas that were changed, that had nothing to do, and that failed (with the error)."""

    changed: set[str] = field(default_factory=set)
    untouched: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


def all_schemas(connection: OwnerConnection) -> list[str]:
    """Every chain's schema and every ready one, oldest first."""
    rows = connection.execute(
        "SELECT schema_name FROM public.chains_chain WHERE schema_name <> '' AND state <> 'closed'"
        " UNION ALL SELECT schema FROM public.chains_pooledschema"
    ).fetchall()
    return [row[0] for row in rows]


def applied_migrations(connection: OwnerConnection, schema: str) -> set[Key]:
    """The (app, name) pairs recorded in a schema."""
    rows = connection.execute(
        sql.SQL("SELECT app, name FROM {}.django_migrations").format(sql.Identifier(schema))
    ).fetchall()
    return {(row[0], row[1]) for row in rows}


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


def migrate_schemas(
    connection: OwnerConnection,
    schemas: Sequence[str],
    *,
    now: datetime,
    wanted: Sequence[Key] | None = None,
    written: dict[Key, list[str]] | None = None,
    lock_timeout_ms: int = 2_000,
    after_each: Callable[[str], None] = lambda schema: None,
) -> Report:
    """Bring every schema to this code's migrations; run it again to finish what failed.

    `written` overrides the SQL per migration (tests, benchmarks). `after_each` is told of every
    schema that was dealt with. A schema that fails keeps what it had before that migration and is
    left alone for the rest of the run.
    """
    report = Report()
    have = {schema: applied_migrations(connection, schema) for schema in schemas}
    sources = dict(written or {})
    for key in wanted if wanted is not None else chain_migrations():
        behind = [schema for schema in schemas if key not in have[schema] and schema not in report.failed]
        if behind and key not in sources:
            sources[key] = write_sql(key, like=behind[0])
        for schema in behind:
            error = _apply(connection, schema, key, sources[key], now=now, lock_timeout_ms=lock_timeout_ms)
            if error is None:
                report.changed.add(schema)
            else:
                report.failed[schema] = error
            after_each(schema)
    report.changed -= set(report.failed)
    report.untouched = set(schemas) - report.changed - set(report.failed)
    _mark_pooled(connection, [schema for schema in schemas if schema not in report.failed])
    return report


def _apply(
    connection: OwnerConnection,
    schema: str,
    key: Key,
    statements: Iterable[str],
    *,
    now: datetime,
    lock_timeout_ms: int,
) -> str | None:
    try:
        with connection.transaction(), connection.pipeline():
            connection.execute(
                "SELECT set_config('search_path', %s, true), set_config('lock_timeout', %s, true),"
                " set_config('statement_timeout', '60s', true)",
                (f'"{schema}", extensions', f"{lock_timeout_ms}ms"),
            )
            for statement in statements:
                connection.execute(sql.SQL(statement))
            connection.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", (*key, now)
            )
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('tessera.grants'))")
            for grant in chain_grants(schema):
                connection.execute(grant)
            _record(connection, schema, key, "done", "", now)
    except psycopg.Error as error:
        sentence = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        with connection.transaction():
            _record(connection, schema, key, "failed", sentence, now)
        return sentence
    return None


def _record(
    connection: OwnerConnection, schema: str, key: Key, state: str, error: str, now: datetime
) -> None:
    connection.execute(
        "INSERT INTO public.chains_schemamigration AS old (schema, app, name, state, error, attempts, finished_at)"
        " VALUES (%s, %s, %s, %s, %s, 1, %s) ON CONFLICT (schema, app, name) DO UPDATE"
        " SET state = excluded.state, error = excluded.error, attempts = old.attempts + 1,"
        " finished_at = excluded.finished_at",
        (schema, *key, state, error, now),
    )


def _mark_pooled(connection: OwnerConnection, schemas: Sequence[str]) -> None:
    connection.execute(
        "UPDATE public.chains_pooledschema SET version = %s WHERE schema = ANY(%s)",
        (current_version(), list(schemas)),
    )
