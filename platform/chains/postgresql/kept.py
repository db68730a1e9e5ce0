"""A statement that the session keeps, sent with its values beside it: nothing of it is read as SQL again.

What a message asks is then bound to plans that are there (PostgreSQL's extended protocol) and sent in one pipeline,
which runs as the same statements in one message of text would: one after the other, up to the first error.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator, MutableMapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import TextChoices
from psycopg.generators import fetch
from psycopg.generators import send as flush
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

_TEXT, _BINARY = Format.TEXT, Format.BINARY
# The protocol counts them in two bytes.
_MOST = 65_535
# A value as it is sent. Raises Unbound where only the driver knows how.
Writer = Callable[[Any], bytes | None]


class Unbound(Exception):
    """The value is of a kind that only the driver can write."""


class Kept(NamedTuple):
    """One statement of that name with its values; `text` says the same as SQL, `refusable` whether it may be refused."""

    name: bytes
    values: Sequence[bytes | None]
    formats: Sequence[Format]
    text: Callable[[], bytes]
    refusable: bool = True


class Values(NamedTuple):
    """The values of a statement, ready to be sent, and the types they are of."""

    values: Sequence[bytes | None]
    formats: Sequence[Format]
    types: tuple[bytes, ...]


def bind(params: Sequence[Any]) -> Values | None:
    """The values as they are sent beside a statement; None where one is of a kind that only the driver can write.

    Each is of the type that it is of when it is written into the statement (prepared.py), so that it means the same.
    """
    shape = _shape_of(tuple(map(type, params))) if len(params) <= _MOST else None
    if shape is None:
        return None
    writers, formats, types, lists = shape
    try:
        values = [write(param) for write, param in zip(writers, params, strict=True)]
    except (Unbound, struct.error):
        return None
    if lists:
        told = list(types)
        for place in lists:
            told[place] = _type_of_list(params[place])
        types = tuple(told)
    return Values(values, formats, types)


class _Shape(NamedTuple):
    """How values of certain classes are sent, and where among them are lists, whose type depends on what is in them."""

    writers: Sequence[Writer]
    formats: Sequence[Format]
    types: tuple[bytes, ...]
    lists: Sequence[int]


@lru_cache(maxsize=2000)
def _shape_of(classes: tuple[type, ...]) -> _Shape | None:
    kinds = [_KINDS.get(TextChoices if issubclass(one, TextChoices) else one) for one in classes]
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds):
        return None
    lists = [place for place, one in enumerate(classes) if one is list]
    return _Shape(
        [kind[0] for kind in known], [kind[2] for kind in known], tuple(kind[1] for kind in known), lists
    )


def text_of(statement: bytes | Kept) -> bytes:
    """The statement as SQL."""
    return statement.text() if isinstance(statement, Kept) else statement


BEGIN, COMMIT = b"BEGIN", b"COMMIT"
# What SQL's own PREPARE cannot prepare, by the name that the protocol keeps it under.
FIXED = {BEGIN: b"fixed_begin", COMMIT: b"fixed_commit"}


def piped(
    pgconn: PGconn, statements: Sequence[bytes | Kept], fixed: MutableMapping[bytes, bytes]
) -> Generator[Any, Any, list[PGresult]]:
    """Send them in one pipeline and hear their results, for psycopg to wait on; the last may be an error.

    `fixed` are those of FIXED that the session keeps: they come to it with the first transaction of which all is kept.
    """
    fresh = not fixed and statements[0] == BEGIN and all(type(one) is Kept for one in statements[1:])
    try:
        pgconn.enter_pipeline_mode()
        if fresh:
            for statement, name in FIXED.items():
                pgconn.send_prepare(name, statement)
            fixed.update(FIXED)
        for one in statements:
            if isinstance(one, Kept):
                pgconn.send_query_prepared(one.name, one.values, one.formats)
            elif one in fixed:
                pgconn.send_query_prepared(fixed[one], None)
            else:
                pgconn.send_query_params(one, None)
        pgconn.pipeline_sync()
        yield from flush(pgconn)
        results = yield from _heard(pgconn)
        pgconn.exit_pipeline_mode()
    except BaseException:
        pgconn.finish()  # nobody knows how much of it was run
        raise
    # an error among them is still the last result
    return results[min(len(FIXED), len(results) - 1) :] if fresh else results


def _heard(pgconn: PGconn) -> Generator[Any, Any, list[PGresult]]:
    """Everything up to where the pipeline ends; what stands behind an error was not run and says nothing."""
    results: list[PGresult] = []
    while True:
        # one None stands behind each statement's result
        result = (yield from fetch(pgconn)) if pgconn.is_busy() else pgconn.get_result()
        if result is None:
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return results
        if result.status != ExecStatus.PIPELINE_ABORTED:
            results.append(result)


_EPOCH, _EPOCH_DAY = datetime(2000, 1, 1, tzinfo=UTC), date(2000, 1, 1).toordinal()
_SMALL, _LARGE = struct.Struct(">i"), struct.Struct(">q")
_DAY, _SECOND = 86_400_000_000, 1_000_000


def _moment(value: datetime) -> bytes:
    if value.tzinfo is None:
        raise Unbound
    since = value - _EPOCH
    return _LARGE.pack(since.days * _DAY + since.seconds * _SECOND + since.microseconds)


def _text(value: str) -> bytes:
    if "\0" in value:
        raise Unbound
    return value.encode()


def ids_of(value: list[Any]) -> bytes:
    """Ids (at least one) as PostgreSQL reads an array. Raises Unbound for anything else."""
    if not value or any(type(one) is not UUID for one in value):
        raise Unbound
    return b"{%b}" % b",".join([one.hex.encode() for one in value])


def _list(value: list[Any]) -> bytes:
    """Of ids, or of plain words; one of nothing."""
    if all(type(one) is str and one.isidentifier() and one.upper() != "NULL" for one in value):
        return b"{%b}" % ",".join(value).encode()
    return ids_of(value)


def _type_of_list(value: list[Any]) -> bytes:
    """One of nothing is of no type."""
    return b"uuid[]" if value and type(value[0]) is UUID else b"unknown"


def range_of(value: DateTimeTZRange) -> bytes:
    """A range of moments, half-open, as PostgreSQL reads it. Raises Unbound for any other."""
    lower, upper = value.lower, value.upper
    if value.bounds != "[)" or type(lower) is not datetime or type(upper) is not datetime:
        raise Unbound
    if lower.tzinfo is None or upper.tzinfo is None:
        raise Unbound
    return f'["{lower.isoformat(" ")}","{upper.isoformat(" ")}")'.encode()


# How a value of the class is sent, of which type, and in which format.
_KINDS: dict[type, tuple[Writer, bytes, Format]] = {
    type(None): (lambda value: None, b"unknown", _TEXT),
    UUID: (lambda value: value.int.to_bytes(16, "big"), b"uuid", _BINARY),
    bool: ({True: b"\x01", False: b"\x00"}.__getitem__, b"bool", _BINARY),
    int: (_SMALL.pack, b"int4", _BINARY),
    str: (_text, b"unknown", _TEXT),
    TextChoices: (lambda value: _text(value.value), b"unknown", _TEXT),
    datetime: (_moment, b"timestamptz", _BINARY),
    date: (lambda value: _SMALL.pack(value.toordinal() - _EPOCH_DAY), b"date", _BINARY),
    list: (_list, b"unknown", _TEXT),
    DateTimeTZRange: (range_of, b"tstzrange", _TEXT),
}
