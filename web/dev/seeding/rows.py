"""Rows in bulk: COPY within the running scope's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from django.db import connection, models
from psycopg import sql
from psycopg.types.json import Jsonb


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a model's table, every constraint in force; how many were written.

    Must run inside a scope. Columns are database columns; dicts are written as jsonb.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    written = 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1"
        )  # the wrapper enters the scope before the first statement; COPY bypasses it
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([Jsonb(value) if isinstance(value, dict) else value for value in row])
                written += 1
    return written


def copy_dicts(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> int:
    """Add rows given as dicts by column, all with the same keys."""
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return 0
    columns = list(first)
    return copy_rows(model, columns, (list(row.values()) for row in chain([first], iterator)))
