"""Questions that PostgreSQL keeps parsed and planned, for each connection by itself.

It takes longer to plan the few statements of a booking than to run them. What is asked a second time in the same
scope is prepared under a name (SQL's own PREPARE and EXECUTE, which travel in one message with all the rest), with
the very types that the values have when they are written into the statement, so that it means the same.

A prepared statement belongs to a session of PostgreSQL. Behind a pooler that hands sessions on between transactions
it would be missing or another's, so nothing is prepared unless the session is ours: PostgreSQL then names itself
by the process id that the connection was opened with, which a pooler makes up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol

from psycopg import errors
from psycopg.adapt import Transformer

# A connection's plans, of all the chains it serves; some 30 kB each.
MOST = 300
_PREPARABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
# PostgreSQL says so where a plan cannot be used any more: a migration changed its table meanwhile.
_USELESS = (errors.FeatureNotSupported, errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)

Key = tuple[str, str, tuple[bytes, ...]]


class Statement(Protocol):
    """What is to be asked: `sql` with a `%s` for each of the `params`."""

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
        self._seen: OrderedDict[Key, None] = OrderedDict()
        self._fresh: list[Key] = []
        self._count = 0
        self._literal = literal

    def message(self, statements: Sequence[Statement], *, scope: str) -> tuple[bytes, int]:
        """All statements as one message, and how many results come before the first statement's.

        What the message prepares counts as prepared until `failed` is told.
        """
        ahead: list[bytes] = []
        asked: list[bytes] = []
        self._fresh = []
        for one in statements:
            values = [b"NULL" if value is None else self._literal(value) for value in one.params]
            asked.append(
                self._execution(one.sql, values, scope, ahead) if self.direct else _plain(one.sql, values)
            )
        return b";\n".join([*ahead, *asked]), len(ahead)

    def failed(self, error: BaseException | None) -> None:
        """The last message failed: whether it came to prepare anything is not known."""
        for key in self._fresh:
            self._names.pop(key, None)
        if isinstance(error, _USELESS):
            self._names.clear()

    def _execution(self, sql: str, values: Sequence[bytes], scope: str, ahead: list[bytes]) -> bytes:
        if not sql.lstrip().startswith(_PREPARABLE):
            return _plain(sql, values)
        key = (scope, sql, tuple([_type_of(value) for value in values]))
        name = self._names.get(key)
        if name is not None:
            self._names.move_to_end(key)
        elif key in self._seen:
            name = self._prepare(key, ahead)
        else:
            self._seen[key] = None
            if len(self._seen) > MOST:
                self._seen.popitem(last=False)
            return _plain(sql, values)
        return b"EXECUTE %s(%s)" % (name, b",".join(values)) if values else b"EXECUTE " + name

    def _prepare(self, key: Key, ahead: list[bytes]) -> bytes:
        """A new name for it; the eldest unused makes room."""
        del self._seen[key]
        if len(self._names) >= MOST:
            _key, old = self._names.popitem(last=False)
            ahead.append(b"DEALLOCATE " + old)
        self._count += 1
        name = b"tessera_%d" % self._count
        _scope, sql, types = key
        declared = b"(" + b",".join(types) + b")" if types else b""
        ahead.append(b"PREPARE " + name + declared + b" AS " + _numbered(sql))
        self._names[key] = name
        self._fresh.append(key)
        return name


def prepared_on(connection: Any) -> Prepared:
    """What is prepared on this psycopg connection."""
    found = connection.__dict__.get("tessera_prepared")
    if found is None:
        found = connection.__dict__["tessera_prepared"] = Prepared(Transformer(connection).as_literal)
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=2000)
def _parts(sql: str) -> tuple[bytes, ...]:
    return tuple(part.replace("%%", "%").encode() for part in sql.split("%s"))


def _plain(sql: str, values: Sequence[bytes]) -> bytes:
    """The statement with its values written in."""
    parts = _parts(sql)
    pieces = [parts[0]]
    for value, part in zip(values, parts[1:], strict=True):
        pieces += (value, part)
    return b"".join(pieces)


def _numbered(sql: str) -> bytes:
    """The statement with `$1`, `$2` in the places of its values."""
    parts = _parts(sql)
    return _plain(sql, [b"$%d" % place for place in range(1, len(parts))])


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
        bits = int(literal).bit_length()
    except ValueError:
        return b"numeric"
    # as PostgreSQL reads digits; the least of each kind, whose sign it reads apart, goes by the next
    return b"int4" if bits < 32 else b"int8" if bits < 64 else b"numeric"
