"""Statements that travel ahead of the next one, in the same message to PostgreSQL.

BEGIN, a scope's path and role, SAVEPOINT and RELEASE answer nothing that anybody waits for: each of them
costs a round trip only where it is sent alone. They are kept on the connection and sent, in their order,
in front of the next statement; so are writes, where whoever made the transaction begins it anew if they are refused
(chains.anew). PostgreSQL runs the statements of one message one after the other, each
with a snapshot of its own, and stops at the first error, exactly as if they had come one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from django.db.backends.postgresql.base import Cursor as StockCursor
from psycopg._queries import (
    MAX_CACHED_STATEMENT_LENGTH,
    MAX_CACHED_STATEMENT_PARAMS,
    PostgresClientQuery,
    _query2pg_client_nocache,
)
from psycopg.adapt import Transformer
from psycopg.generators import execute
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from .kept import BEGIN, Kept, piped, text_of
from .prepared import prepared_on


class Write(bytes):
    """A statement that may be refused."""


class Ahead:
    """What is still to be sent on one connection, in order."""

    def __init__(self) -> None:
        self.statements: list[bytes | Kept] = []
        self._savepoint: tuple[bytes, str] = (b"", "")

    def add(self, statement: bytes | Kept) -> None:
        """Send it in front of the next statement."""
        self.statements.append(statement)

    def add_writes(self, statements: Iterable[bytes | Kept]) -> None:
        """Send them in front of the next statement, at the latest COMMIT."""
        self.statements += [one if type(one) is Kept else Write(one) for one in statements]  # type: ignore[arg-type]

    @property
    def holds_writes(self) -> bool:
        """Whether any of what waits may be refused."""
        return any(one.refusable if type(one) is Kept else type(one) is Write for one in self.statements)

    def add_savepoint(self, name: str, statement: bytes) -> None:
        """As add; last_savepoint knows it by that name."""
        self._savepoint = statement, name
        self.add(statement)

    def last_savepoint(self) -> str | None:
        """The savepoint that waits behind everything else: one set now would be one with it."""
        statement, name = self._savepoint
        return name if self.statements and self.statements[-1] is statement else None

    def take_back(self, statement: bytes) -> bool:
        """Leave out one that was not sent yet; False where it was sent or never added."""
        if statement not in self.statements:
            return False
        self.statements.remove(statement)
        return True

    def cut_after(self, statement: bytes) -> bool:
        """Leave out what was added after it; where it was sent already, leave out everything. Whether it waits here."""
        there = statement in self.statements
        del self.statements[self.statements.index(statement) + 1 if there else 0 :]
        return there

    def clear(self) -> None:
        """Leave out everything."""
        self.statements.clear()

    def take(self) -> list[bytes | Kept]:
        """All of it, to be sent now."""
        taken, self.statements = self.statements, []
        return taken


def ahead_of(connection: Any) -> Ahead:
    """The statements that wait on this psycopg connection."""
    found = connection.__dict__.get("tessera_ahead")
    if found is None:
        found = connection.__dict__["tessera_ahead"] = Ahead()
    return found  # type: ignore[no-any-return]


def went_ahead(error: BaseException | None) -> bool:
    """Whether the error is that of a statement that was sent ahead, and not of the one behind it."""
    return bool(getattr(error, "tessera_ahead", False))


def ran_before(error: BaseException | None) -> int | None:
    """How many statements of a message ran before the one that failed, ahead not counted; None where nobody knows."""
    while error is not None:
        found: int | None = getattr(error, "tessera_ran", None)
        if found is not None:
            return found
        error = error.__cause__
    return None


class _Query(PostgresClientQuery):
    """The driver's, which takes apart again and again what is longer than it remembers: messages of several statements."""

    def convert(self, query: Any, vars: Any) -> None:
        """As the driver's."""
        text = self._ensure_bytes(query)
        forgotten = len(text) > MAX_CACHED_STATEMENT_LENGTH or len(vars or ()) > MAX_CACHED_STATEMENT_PARAMS
        if forgotten and isinstance(vars, list | tuple) and len(text) <= _LONGEST:
            self.template, self._order, self._parts = _taken_apart(text, self._tx.encoding)
            self.dump(vars)
        else:
            super().convert(query, vars)


_LONGEST = 16_384
_taken_apart = lru_cache(maxsize=64)(_query2pg_client_nocache)


def mark(error: psycopg.Error, connection: Any, *, sent: Sequence[bytes | Kept], results: int) -> None:
    """Note on the error of a message, which gave so many results, what went_ahead and ran_before tell of it.

    A transaction that the message was to begin, and did not, is still to begin.
    """
    error.tessera_ran = max(0, results - 1 - len(sent))  # type: ignore[attr-defined]
    # what cannot be parsed is the statement itself, though nothing of its message was run
    parsed = not isinstance(error, psycopg.errors.SyntaxError)
    error.tessera_ahead = parsed and results <= len(sent)  # type: ignore[attr-defined]
    if connection.pgconn.transaction_status == TransactionStatus.IDLE and BEGIN in sent:
        ahead_of(connection).statements[:0] = sent
        error.tessera_ahead = False  # type: ignore[attr-defined]


def exchange(connection: Any, message: Sequence[bytes | Kept]) -> list[PGresult]:
    """Send the statements as a message, behind what waits ahead of it, and hear their own results; raises the first
    error, marked.

    As a cursor would, which is made and asked for each message anew and takes longer than all of the rest here.
    """
    sent = ahead_of(connection).take()
    results = send(connection, [*sent, *message])
    if results[-1].status == ExecStatus.FATAL_ERROR:
        error = error_of(connection, results[-1])
        mark(error, connection, sent=sent, results=len(results))
        raise error
    del results[: len(sent)]
    return results


def send(connection: Any, statements: Sequence[bytes | Kept]) -> list[PGresult]:
    """Send the statements in one message as they are, and hear their results; the last may be an error."""
    kept = any(type(one) is Kept for one in statements)
    with connection.lock:
        pgconn = connection.pgconn
        results: list[PGresult] = connection.wait(
            piped(pgconn, statements, prepared_on(connection).fixed)
            if kept
            else _exchange(pgconn, b";".join(statements))  # type: ignore[arg-type]
        )
    return results


def error_of(connection: Any, result: PGresult) -> psycopg.Error:
    """What an error among the results says."""
    return psycopg.errors.error_from_result(result, encoding=connection.info.encoding)


def _exchange(pgconn: Any, message: bytes) -> Any:
    pgconn.send_query(message)
    return (yield from execute(pgconn))


def rows_of(connection: Any, result: PGresult) -> list[tuple[Any, ...]]:
    """What a statement answered, as the connection reads it; nothing where it answers no rows."""
    if result.status != ExecStatus.TUPLES_OK:
        return []
    reader = connection.__dict__.get("tessera_reader")
    if reader is None:
        reader = connection.__dict__["tessera_reader"] = Transformer(connection)
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, tuple)  # type: ignore[no-any-return]


class Cursor(StockCursor):
    """Django's cursor, whose statement takes what waits on the connection along."""

    _query_cls = _Query

    _conn: Any
    _pgconn: Any
    _sent: Sequence[bytes | Kept] = ()

    def _execute_send(self, query: Any, *, force_extended: bool = False, binary: bool | None = None) -> None:
        self._sent = ahead_of(self._conn).take()
        if not self._sent:
            super()._execute_send(query, force_extended=force_extended, binary=binary)
            return
        self._query = query
        self._pgconn.send_query(b";".join([*map(text_of, self._sent), query.query]))

    def _check_results(self, results: Any) -> None:
        try:
            super()._check_results(results)
        except psycopg.Error as error:
            mark(error, self._conn, sent=self._sent, results=len(results))
            raise

    def _set_results(self, results: Any) -> None:
        super()._set_results(results[len(self._sent) :])

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        """As Django's; what waits is sent before, for a pipeline carries one statement a message."""
        self._send_ahead()
        super().executemany(*args, **kwargs)

    @contextmanager
    def copy(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """As psycopg's; what waits is sent before."""
        self._send_ahead()
        with super().copy(*args, **kwargs) as copy:
            yield copy

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """As psycopg's; what waits is sent before."""
        self._send_ahead()
        yield from super().stream(*args, **kwargs)

    def _send_ahead(self) -> None:
        if ahead_of(self._conn).holds_writes:
            raise RuntimeError("writes wait on this connection: ask something before a copy or a stream")
        waiting = ahead_of(self._conn).take()
        if waiting:
            psycopg.ClientCursor(self._conn).execute(b";".join(map(text_of, waiting)))
