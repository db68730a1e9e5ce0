"""Several questions to PostgreSQL in one message.

A question is a statement, its parameters and how its rows are read; whoever owns a table writes it once,
and whoever needs several of them asks them together. The statements run one after the other, each with a
snapshot of its own: one that reads behind one that locks sees what was committed while it waited.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from types import NoneType
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction
from django.db.models import CharField, JSONField, Model, TextField

from chains.anew import writes_may_wait
from chains.scope import current

from .ahead import ran_before, rows_of
from .kept import Kept
from .prepared import Prepared, prepared_on

T = TypeVar("T")
_PLAIN = frozenset({NoneType, UUID, int, bool, datetime})
_TEXT = frozenset({CharField, TextField})
_NAME = re.compile(r"%\((\w+)\)s")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Question(Generic[T]):
    """One statement without `;`; `params` by position; `read` makes the answer of all of its rows.

    A place is `%s`, or `%n$s` for the n-th of the params, which may have several. A value whose type nothing around
    it tells needs a cast: `%s::uuid IS NULL`. `unread` is done instead of `read` where nobody hears the answer.
    """

    sql: str
    params: Sequence[Any]
    read: Callable[[list[Row]], T]
    unread: Callable[[], object] | None = None


def ask(question: Question[T]) -> T:
    """The answer to one question."""
    answer: T = ask_all([question])[0]
    return answer


def ask_all(questions: Sequence[Question[Any]]) -> list[Any]:
    """The answers, in the order of the questions; nothing is sent where there are none.

    The first error ends the message: what stands behind it is not run.
    """
    if not questions:
        return []
    wrapper = connections[DEFAULT_DB_ALIAS]
    if wrapper.get_autocommit():
        with transaction.atomic():
            return _answers(wrapper, questions)
    return _answers(wrapper, questions)


def _answers(wrapper: Any, questions: Sequence[Question[Any]]) -> list[Any]:
    prepared = prepared_on(wrapper.connection)
    looks = prepared.direct is None
    with wrapper.wrap_database_errors:
        message, before = prepared.each([*questions, _WHO] if looks else questions, scope=current().schema)
    found = _exchanged(wrapper, prepared, message, before)
    if looks:
        prepared.direct = found.pop()[0][0] == wrapper.connection.info.backend_pid
    return [question.read(rows) for question, rows in zip(questions, found, strict=True)]


def _exchanged(
    wrapper: Any, prepared: Prepared, message: Sequence[bytes | Kept], before: int
) -> list[list[Row]]:
    """The rows of each statement; the results of so many before them are left out."""
    try:
        results = wrapper.exchange(message)
    except BaseException as error:
        prepared.failed(error.__cause__, behind=ran_before(error))
        raise
    with wrapper.wrap_database_errors:
        return [rows_of(wrapper.connection, result) for result in results[before:]]


def beside(question: Question[T], value: Question[Any]) -> Question[tuple[T, Any]]:
    """Both in one statement, of one snapshot: a question that exactly one row answers, and one that one value does.

    Their places are `%s`.
    """
    return Question(
        f"SELECT one.*, ({value.sql}) FROM ({question.sql}) one",  # noqa: S608 (both are somebody's constants)
        (*value.params, *question.params),
        lambda rows: (question.read([rows[0][:-1]]), value.read([rows[0][-1:]])),
    )


def gathered(question: Question[T]) -> Question[T]:
    """The same as one value: a question whose rows are of one column."""
    return Question(
        f"SELECT ARRAY({question.sql})",
        question.params,
        lambda rows: question.read([(value,) for value in rows[0][0]]),
    )


def ask_at_commit(question: Question[None]) -> None:
    """Ask in the message that commits the running transaction, or at once where a savepoint is open.

    For what is only written, is read no more in this transaction and is refused by nothing: an error is the commit's.
    """
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    if not wrapper.write_at_commit(question.sql, question.params):
        ask(question)


def ask_ahead(questions: Sequence[Question[Any]]) -> None:
    """Let them travel in front of what is asked next, at the latest COMMIT; at once where writes may not wait.

    For writes whose answers nobody reads, in a transaction that whoever made it begins anew if they are refused
    (chains.anew): what a constraint says to them is never heard here.
    """
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    if not writes_may_wait() or wrapper.get_autocommit():
        ask_all(questions)
        return
    try:
        _write_ahead(wrapper, questions)
    except DatabaseError as error:
        wrapper.raise_lost(error)


def _write_ahead(wrapper: Any, questions: Sequence[Question[Any]]) -> None:
    """At once where something is prepared with it, which must be in step with what the session has."""
    prepared = prepared_on(wrapper.connection)
    if prepared.direct is None:
        ask_all(questions)
        return
    with wrapper.wrap_database_errors:
        each, before = prepared.each(questions, scope=current().schema)
    if before:
        found = _exchanged(wrapper, prepared, each, before)
        for question, rows in zip(questions, found, strict=True):
            question.read(rows)
        return
    wrapper.write_ahead(each)
    for question in questions:
        if question.unread is not None:
            question.unread()


_WHO: Question[None] = Question("SELECT pg_backend_pid()", (), lambda rows: None)


def done(rows: list[Row]) -> None:
    """How a statement is read that answers nothing."""


def insertion(rows: Sequence[Model]) -> Question[None]:
    """Write new rows (at least one, of one model) as they stand, each with its own key or the database's.

    As bulk_create of rows with keys, without compiling the statement anew; the rows' state is not touched.
    """
    columns = _columns_of(type(rows[0]))
    values = []
    for row in rows:
        there = vars(row)
        told = [there[name] if name in there else getattr(row, name) for name, *_how in columns]
        values.append(
            [
                value if type(value) in plain else convert(value)
                for value, (_name, plain, convert, _default) in zip(told, columns, strict=True)
            ]
        )
    return _insertion(type(rows[0]), values)


def insertion_of(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> Question[None]:
    """As insertion, of rows (at least one) by their columns; one that is not told takes the model's default.

    Raises TypeError for a column that the model does not have.
    """
    if unknown := [name for row in rows for name in row if name not in _names_of(model)]:
        raise TypeError(f"{model.__name__} has no {', '.join(unknown)}")
    columns = _columns_of(model)
    values = [
        [
            default() if name not in row else row[name] if type(row[name]) in plain else convert(row[name])
            for name, plain, convert, default in columns
        ]
        for row in rows
    ]
    return _insertion(model, values)


def _insertion(model: type[Model], values: Sequence[Sequence[Any]]) -> Question[None]:
    """Of rows whose values are prepared, one for each column."""
    # a column of which nothing is known is not written at all: it is NULL, or the key that the database gives
    if len(values) == 1:
        told = [place for place, value in enumerate(values[0]) if value is not None]
    else:
        told = [
            place
            for place, row in enumerate(zip(*values, strict=True))
            if any(one is not None for one in row)
        ]
    insert, places = _insert_of(model, tuple(told))
    params = [row[place] for row in values for place in told]
    return Question(insert + ", ".join([places] * len(values)), params, done)


class _Column(NamedTuple):
    """The name, the classes of values that are written as they are, how any other is prepared, and the default's."""

    name: str
    plain: frozenset[type]
    convert: Callable[[Any], Any]
    default: Callable[[], Any]


@cache
def _columns_of(model: type[Model]) -> list[_Column]:
    return [
        _Column(field.attname, _plain_of(field), _converter(field), _default_of(field))
        for field in model._meta.concrete_fields
    ]


def _plain_of(field: Any) -> frozenset[type]:
    return _PLAIN | {str} if type(field) in _TEXT else _PLAIN


def _converter(field: Any) -> Callable[[Any], Any]:
    """As Django prepares a value of the field that is not written as it is."""
    if type(field) is JSONField:
        return lambda value: json.dumps(value, cls=field.encoder)
    return lambda value: field.get_db_prep_save(value, connection)


def _default_of(field: Any) -> Callable[[], Any]:
    """What makes the field's default, prepared; one that is always the same is made once."""
    plain, convert = _plain_of(field), _converter(field)

    def default() -> Any:
        value = field.get_default()
        return value if type(value) in plain else convert(value)

    if field.has_default() and callable(field.default):
        return default
    same = default()
    return lambda: same


@cache
def _names_of(model: type[Model]) -> frozenset[str]:
    return frozenset(column.name for column in _columns_of(model))


@lru_cache(maxsize=2000)
def _insert_of(model: type[Model], told: tuple[int, ...]) -> tuple[str, str]:
    """How an insertion of these columns begins, and the places of one row."""
    columns = [model._meta.concrete_fields[place].column for place in told]
    names, places = ", ".join(f'"{column}"' for column in columns), ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ', f"({places})"  # noqa: S608


def named(sql: str) -> tuple[str, list[str]]:
    """A statement with `%(name)s` places as one with places by number, and each name once, in the numbers' order."""
    names = list(dict.fromkeys(_NAME.findall(sql)))
    number = {name: f"%{place}$s" for place, name in enumerate(names, start=1)}
    return _NAME.sub(lambda found: number[found[1]], sql), names
