"""The cast's rows, written by the domain once and by COPY from then on: each test still has ids of its own.

An id keeps its time and its order; its last four bytes are another's.
"""

from __future__ import annotations

import pickle
import re
import secrets
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from psycopg import sql

from chains.hosts import ChainInfo
from tests.ground.chains import tables_to_empty
from tests.ground.sweep import superuser

Filling = TypeVar("Filling")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_COLUMNS = (
    "SELECT attname FROM pg_attribute"
    " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
)
DUE = "public.chains_duework"


@dataclass(frozen=True)
class Rows:
    """The rows of one table as COPY writes them."""

    table: str
    columns: Sequence[str]
    text: str


class Kept:
    """What stood in the tables of some schemas, and an object that knows the rows, to be had again."""

    def __init__(self, known: Any, tables: Sequence[str], *, chains: Sequence[ChainInfo]) -> None:
        self._standing = {str(chain.id) for chain in chains}
        self._rows = [rows for table in tables if (rows := _read(table)).text]
        due = sql.SQL("SELECT schema, kind, due_at FROM public.chains_duework WHERE schema = ANY({})")
        schemas = [chain.schema_name for chain in chains]
        self._rows.append(Rows(DUE, ("schema", "kind", "due_at"), _copied(due.format(sql.Literal(schemas)))))
        self._known = pickle.dumps(known)
        found = {text for rows in self._rows for text in _ID.findall(rows.text)}
        ids = [UUID(text) for text in found - self._standing]
        # as they stand in a pickle
        self._ids = re.compile(b"|".join(re.escape(one.int.to_bytes(16, "little")) for one in ids))

    def write(self) -> Any:
        """Write the rows again, under new ids; the object that knows these."""
        mask = secrets.randbits(32)
        tail = mask.to_bytes(4, "little")

        def renew(found: re.Match[str]) -> str:
            text = found[0]
            return text if text in self._standing else f"{text[:28]}{int(text[28:], 16) ^ mask:08x}"

        def renew_bytes(found: re.Match[bytes]) -> bytes:
            return bytes(a ^ b for a, b in zip(found[0], tail, strict=False)) + found[0][4:]

        connection = superuser()
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for rows in self._rows:
                command = sql.SQL("COPY {} ({}) FROM STDIN").format(
                    sql.SQL(rows.table), sql.SQL(", ").join(map(sql.Identifier, rows.columns))
                )
                with cursor.copy(command) as copy:
                    copy.write(_ID.sub(renew, rows.text))
        return pickle.loads(self._ids.sub(renew_bytes, self._known))


# By schema, and by whatever tells what is in it.
_fillings: dict[tuple[str, Hashable], Kept] = {}


def fill_once(chain: ChainInfo, key: Hashable, fill: Callable[[ChainInfo], Filling]) -> Filling:
    """What `fill` writes into an empty chain and returns: by itself the first time, from then on as it was kept.

    The key names whatever the filling depends on. Where the chain was lent, what is returned still holds the first
    one's info.
    """
    kept = _fillings.get((chain.schema_name, key))
    if kept is not None:
        found: Filling = kept.write()
        return found
    made = fill(chain)
    _fillings[chain.schema_name, key] = Kept(made, tables_to_empty(chain.schema_name), chains=[chain])
    return made


def _read(table: str) -> Rows:
    columns = [name for (name,) in superuser().execute(_COLUMNS, (table,)).fetchall()]
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(table)
    )
    return Rows(table, columns, _copied(query))


def _copied(query: sql.Composable) -> str:
    with superuser().cursor() as cursor, cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(query)) as copy:
        return b"".join(copy).decode()
