"""Rows that a test committed, taken away after it: quicker than TRUNCATE, which writes every table and index anew."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from functools import lru_cache

import psycopg
from psycopg.errors import DeadlockDetected
from psycopg.types.json import Jsonb

# Waits for whoever still writes (a server's last request), as TRUNCATE would; then every row goes, whatever refers to it.
_SWEEP = """
DO $sweep$
DECLARE one text; swept text[] := string_to_array(current_setting('tests.swept'), ' ');
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    EXECUTE 'LOCK TABLE ' || array_to_string(swept, ', ') || ' IN SHARE ROW EXCLUSIVE MODE';
    FOREACH one IN ARRAY swept LOOP
        EXECUTE 'DELETE FROM ' || one;
    END LOOP;
END
$sweep$
"""
_REFERRING = """
WITH RECURSIVE referring AS (
    SELECT unnest(%s::regclass[]) AS one
    UNION
    SELECT conrelid::regclass FROM pg_constraint, referring WHERE contype = 'f' AND confrelid = one
)
SELECT one::text FROM referring ORDER BY 1
"""


@lru_cache(maxsize=1)
def superuser() -> psycopg.Connection:
    """One connection of this worker's database for all its sweeping: only a superuser may pass by the foreign keys."""
    name = psycopg.conninfo.conninfo_to_dict(os.environ["OWNER_DATABASE_URL"])["dbname"]
    dsn = psycopg.conninfo.make_conninfo(os.environ["TESSERA_TEST_ADMIN"], dbname=name)
    connection = psycopg.connect(dsn, autocommit=True)
    atexit.register(connection.close)
    return connection


def sweep(tables: Sequence[str]) -> None:
    """Delete every row of the tables, given as `schema.table`.

    A server's last request outlives its test: where the two wait for each other, the sweep is tried again.
    """
    connection = superuser()
    connection.execute("SELECT set_config('tests.swept', %s, false)", (" ".join(tables),))
    for attempt in range(5):
        try:
            connection.execute(_SWEEP)
        except DeadlockDetected:
            if attempt == 4:
                raise
        else:
            return


@lru_cache(maxsize=8)
def tables_of(schema: str, *, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The tables of a schema that stands for the whole run."""
    rows = superuser().execute(
        "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname = %s AND tablename <> ALL(%s) ORDER BY 1",
        (schema, list(but)),
    )
    return tuple(name for (name,) in rows.fetchall())


@lru_cache(maxsize=1)
def with_referring(tables: tuple[str, ...]) -> tuple[str, ...]:
    """The tables, and those that refer to them: what TRUNCATE … CASCADE would empty."""
    return tuple(name for (name,) in superuser().execute(_REFERRING, (list(tables),)).fetchall())


def keep_row(table: str, row_id: object) -> Jsonb:
    """A row as it is now, for `put_back`."""
    query = f"SELECT to_jsonb(one) FROM {table} one WHERE id = %s"
    found = superuser().execute(query, (row_id,)).fetchone()
    assert found is not None
    return Jsonb(found[0])


def put_back(table: str, row_id: object, row: Jsonb) -> None:
    """The row as it was kept; nothing is written where nothing changed. It must still be there."""
    columns = [name for name in row.obj if name not in _generated(table)]
    names = ", ".join(columns)
    superuser().execute(
        f"UPDATE {table} one SET ({names}) = (SELECT {names} FROM jsonb_populate_record(NULL::{table}, %s))"
        " WHERE id = %s AND to_jsonb(one) <> %s",
        (row, row_id, row),
    )
    assert keep_row(table, row_id).obj == row.obj


@lru_cache(maxsize=4)
def _generated(table: str) -> frozenset[str]:
    rows = superuser().execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attgenerated <> ''", (table,)
    )
    return frozenset(name for (name,) in rows.fetchall())
