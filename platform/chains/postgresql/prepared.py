"""Questions that PostgreSQL keeps parsed and planned, for each connection by itself.

It takes longer to plan the few statements of a booking than to run them. What is asked a second time in the same
scope is prepared under a name (SQL's own PREPARE and EXECUTE, which travel in one message with all the rest), with
the very types that the values have when they are written into the statement, so that it means the same. Once all that a
message asks is kept, its values travel beside it and not in it (kept.py).

A prepared statement belongs to a session of PostgreSQL. Behind a pooler that hands sessions on between transactions
it would be missing or another's, so nothing is prepared unless the session is ours: PostgreSQL then names itself
by the process id that the connection was opened with, which a pooler makes up.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Protocol
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from psycopg import errors
from psycopg.adapt import Transformer

from chains.scope import PUBLIC

from .kept import Kept, Unbound, bind, ids_of, range_of

# A connection's plans, of all the chains it serves; some 30 kB each.
MOST = 300
_PREPARABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_PLACES = re.compile(r"%(?:(\d+)\$)?(s)|%%")
# PostgreSQL says so where a plan cannot be used any more: a migration changed its table meanwhile.
_USELESS = (errors.FeatureNotSupported, errors.ProgrammingError)

Key = tuple[str, str, tuple[bytes, ...]]
# A value as SQL, and the type that it is of in that writing.
Literal = tuple[bytes, bytes]


class Statement(Protocol):
    """What is to be asked: `sql` with a `%s` for each of the `params`, or `%n$s` for the n-th."""

    @property
    def sql(self) -> str: ...

    @property
    def params(self) -> Sequence[Any]: ...


class Prepared:
    """What one connection has prepared, to which `literal` writes values as SQL.

    `direct` is whether its session is ours; None before anybody has looked.
    """

    def __init__(self, literal: Callable[[Any], bytes]) -> None:
        self.direct: bool | None = None
        self._names: OrderedDict[Key, bytes] = OrderedDict()
        # what was asked once, and whether it may be prepared the next time
        self._seen: OrderedDict[Key, bool] = OrderedDict()
        # what the last message sent ahead, and prepared
        self._ahead: list[bytes] = []
        self._fresh: list[Key] = []
        # see kept.FIXED
        self.fixed: dict[bytes, bytes] = {}
        # what `scopeless` would have prepared, could it prepare
        self._wanted: dict[Key, None] = {}
        self._doubtful = False
        self._count = 0
        self._literal = literal

    def each(self, statements: Sequence[Statement], *, scope: str) -> tuple[list[bytes | Kept], int]:
        """The statements as they are sent in one message, and how many results come before the first one's.

        Where that number is not 0, all of it must be sent, and sent together: what it prepares counts as prepared
        until `failed` is told. Raises what `literal` does.
        """
        self._ahead, self._fresh = [], []
        if self.direct and not (self._doubtful or self._wanted):
            kept = self._all_kept(statements, scope)
            if kept is not None:
                return kept, 0
        written = self._literals(statements)
        if self._doubtful:
            self._ahead.append(b"DEALLOCATE ALL")
            self.fixed.clear()
            self._doubtful = False
        if self.direct:
            wanted, self._wanted = self._wanted, {}
            for key in wanted:
                if key not in self._names:
                    self._prepare(key)
        execution = self._execution if self.direct else _unprepared
        try:
            asked = [
                execution(one.sql, values, types, scope)
                for one, (values, types) in zip(statements, written, strict=True)
            ]
        except ValueError:
            self._doubtful = True  # what was to be prepared will not be sent
            self._names.clear()
            raise
        first = _each_alone(self._ahead)
        return [*first, *asked], len(first)

    def written(self, statement: Statement) -> bytes:
        """The statement with its values written in, to be asked once."""
        return _plain(statement.sql, self._literals([statement])[0][0])

    def scopeless(self, statement: Statement) -> bytes | Kept:
        """A statement that means the same in every scope and can always be prepared, to stand anywhere in a message.

        Where it is not kept yet, the next `each` prepares it, whoever sends that. Nobody hears what it may be refused.
        """
        bound = bind(statement.params) if self.direct else None
        if bound is not None:
            key = (PUBLIC, statement.sql, bound.types)
            name = self._name_of(key)
            if name is None:
                self._wanted[key] = None
            # what a message prepares that is not sent yet may stand behind this
            elif key not in self._fresh:
                return Kept(name, bound.values, bound.formats, partial(self._text, name, statement), False)
        return self.written(statement)

    def _all_kept(self, statements: Sequence[Statement], scope: str) -> list[bytes | Kept] | None:
        """The statements bound to the plans that are kept of them; None where one is not, or has a value to be written."""
        found: list[bytes | Kept] = []
        for one in statements:
            bound = bind(one.params)
            name = self._name_of((scope, one.sql, bound.types)) if bound is not None else None
            if bound is None or name is None:
                return None
            found.append(Kept(name, bound.values, bound.formats, partial(self._text, name, one)))
        return found

    def _name_of(self, key: Key) -> bytes | None:
        """The name under which it is prepared, which is used now."""
        name = self._names.get(key)
        # who is used last matters only where there may soon be too many
        if name is not None and len(self._names) > MOST // 2:
            self._names.move_to_end(key)
        return name

    def _text(self, name: bytes, statement: Statement) -> bytes:
        return _executing(name, self._literals([statement])[0][0])

    def _literals(self, statements: Sequence[Statement]) -> list[tuple[list[bytes], list[bytes]]]:
        """The values of each as SQL and the types they are of; one that a message says several times is written once."""
        known: dict[int, Literal] = {}

        def write(value: Any) -> Literal:
            writer = _WRITERS.get(type(value))
            found = writer(value) if writer is not None else None
            if found is None:
                literal = self._literal(value)
                found = literal, _type_of(literal)
            known[id(value)] = found
            return found

        written = []
        for one in statements:
            pairs = [_NULL if value is None else known.get(id(value)) or write(value) for value in one.params]
            written.append(([pair[0] for pair in pairs], [pair[1] for pair in pairs]))
        return written

    def failed(self, error: BaseException | None, *, behind: int | None) -> None:
        """The last message failed behind so many of its statements; None where that is not known.

        What the session has is known again once all of it was let go of: the next message begins with that.
        """
        unknown = bool(self._ahead) and not behind
        if unknown and isinstance(error, errors.ProgrammingError):
            # it may be that it means nothing without its values: not tried again
            self._seen.update(dict.fromkeys(self._fresh, False))
        if unknown or isinstance(error, _USELESS):
            self._doubtful = True
            self._names.clear()

    def _execution(self, sql: str, values: Sequence[bytes], types: Sequence[bytes], scope: str) -> bytes:
        _require_each(sql, values)
        key = (scope, sql, tuple(types))
        name = self._name_of(key)
        if name is None and sql.lstrip().startswith(_PREPARABLE):
            if self._seen.get(key):
                name = self._prepare(key)
            else:
                self._seen.setdefault(key, True)
                if len(self._seen) > MOST:
                    self._seen.popitem(last=False)
        return _plain(sql, values) if name is None else _executing(name, values)

    def _prepare(self, key: Key) -> bytes:
        """A new name for it; the eldest unused makes room."""
        self._seen.pop(key, None)
        if len(self._names) >= MOST:
            _key, old = self._names.popitem(last=False)
            self._ahead.append(b"DEALLOCATE " + old)
        self._count += 1
        name = b"tessera_%d" % self._count
        _scope, sql, types = key
        declared = b"(" + b",".join(types) + b")" if types else b""
        self._ahead.append(b"PREPARE " + name + declared + b" AS " + _numbered(sql))
        self._names[key] = name
        self._fresh.append(key)
        return name


def prepared_on(connection: Any) -> Prepared:
    """What is prepared on this psycopg connection."""
    found = connection.__dict__.get("tessera_prepared")
    if found is None:
        found = connection.__dict__["tessera_prepared"] = Prepared(Transformer(connection).as_literal)
    return found  # type: ignore[no-any-return]


def _executing(name: bytes, values: Sequence[bytes]) -> bytes:
    return b"EXECUTE %s(%s)" % (name, b",".join(values)) if values else b"EXECUTE " + name


def _unprepared(sql: str, values: Sequence[bytes], types: Sequence[bytes], scope: str) -> bytes:
    return _plain(sql, values)


def _each_alone(statements: Sequence[bytes]) -> list[bytes]:
    """One statement that runs all of them, each from a text of its own; none for none.

    PostgreSQL keeps with a plan the whole text that it was prepared from: in the message itself that would be the
    values of everything else in it, which are one chain's, in a session that serves others.
    """
    if not statements:
        return []
    body = b" ".join([b"EXECUTE " + _quoted(statement) + b";" for statement in statements])
    return [b"DO " + _quoted(b"BEGIN " + body + b" END")]


def _quoted(text: bytes) -> bytes:
    return b"'" + text.replace(b"'", b"''") + b"'"


@lru_cache(maxsize=2000)
def _parts(sql: str) -> tuple[bytes, tuple[tuple[int, bytes], ...], int]:
    """What stands before the first place for a value; for each, which value (from 0) and what stands behind it; how
    many values there must be.
    """
    order: list[int] = []
    parts, begun = [""], 0
    for found in _PLACES.finditer(sql):
        parts[-1] += sql[begun : found.start()]
        begun = found.end()
        if found[2]:
            order.append(int(found[1]) - 1 if found[1] else len(order))
            parts.append("")
        else:
            parts[-1] += "%"
    parts[-1] += sql[begun:]
    first, *others = [part.encode() for part in parts]
    return first, tuple(zip(order, others, strict=True)), max(order, default=-1) + 1


def _require_each(sql: str, values: Sequence[bytes]) -> None:
    """Raise ValueError unless there is a value for each place."""
    count = _parts(sql)[2]
    if len(values) != count:
        raise ValueError(f"{len(values)} values for {count} places")


def _plain(sql: str, values: Sequence[bytes]) -> bytes:
    """The statement with its values written in."""
    _require_each(sql, values)
    first, others, _count = _parts(sql)
    pieces = [first]
    for place, part in others:
        pieces += (values[place], part)
    return b"".join(pieces)


def _numbered(sql: str) -> bytes:
    """The statement with `$1`, `$2` in the places of its values."""
    first, others, _count = _parts(sql)
    return first + b"".join([b"$%d%b" % (place + 1, part) for place, part in others])


def _type_of(literal: bytes) -> bytes:
    """The type PostgreSQL reads a value of in that writing; `unknown` where it goes by what stands around it."""
    last = literal[-1:]
    if last == b"'" or literal == b"NULL":
        return b"unknown"
    _value, cast, name = literal.rpartition(b"'::")
    if cast:
        return name
    if literal in (b"true", b"false"):
        return b"bool"
    try:
        number = int(literal)
    except ValueError:
        return b"numeric"
    # as PostgreSQL reads digits with their sign
    if -(2**31) <= number < 2**31:
        return b"int4"
    return b"int8" if -(2**63) <= number < 2**63 else b"numeric"


def _write_int(value: int) -> Literal | None:
    return (b"%d" % value, b"int4") if 0 <= value < 2**31 else None


def _write_moment(value: datetime) -> Literal | None:
    return (
        None if value.tzinfo is None else (f"'{value.isoformat(' ')}'::timestamptz".encode(), b"timestamptz")
    )


def _write_list(value: list[Any]) -> Literal | None:
    try:
        return b"'%b'::uuid[]" % ids_of(value), b"uuid[]"
    except Unbound:
        return None


def _write_text(value: str) -> Literal | None:
    """What needs no escape; the driver knows how to write all other text."""
    if "'" in value or "\\" in value or "\0" in value:
        return None
    return f"'{value}'".encode(), b"unknown"


def _write_range(value: DateTimeTZRange) -> Literal | None:
    try:
        return b"'%b'::tstzrange" % range_of(value), b"tstzrange"
    except Unbound:
        return None


_NULL: Literal = b"NULL", b"unknown"
# What most values are, as the driver writes it, which asks for each how that is done.
_WRITERS: dict[type, Callable[[Any], Literal | None]] = {
    UUID: lambda value: (f"'{value.hex}'::uuid".encode(), b"uuid"),
    bool: lambda value: (b"true" if value else b"false", b"bool"),
    int: _write_int,
    datetime: _write_moment,
    list: _write_list,
    str: _write_text,
    DateTimeTZRange: _write_range,
}
