"""Several questions to PostgreSQL in one message.

A question is a statement, its parameters and how its rows are read; whoever owns a table writes it once,
and whoever needs several of them asks them together. The statements run one after the other, each with a
snapshot of its own: one that reads behind one that locks sees what was committed while it waited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.models import Model

from chains.scope import current

from .ahead import ran_before, rows_of
from .prepared import prepared_on

T = TypeVar("T")
_PLAIN = frozenset({NoneType, UUID, int, bool, datetime})
_NAME = re.compile(r"%\((\w+)\)s")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Question(Generic[T]):
    """One statement without `;`; `params` by position; `read` makes the answer of all of its rows.

    A value whose type nothing around it tells needs a cast: `%s::uuid IS NULL`.
    """

    sql: str
    params: Sequence[Any]
    read: Callable[[list[Row]], T]


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
    driver = wrapper.connection
    prepared = prepared_on(driver)
    looks = prepared.direct is None
    try:
        with wrapper.wrap_database_errors:
            message, before = prepared.message(
                [*questions, _WHO] if looks else questions, scope=current().schema
            )
        results = wrapper.exchange(message)
    except BaseException as error:
        prepared.failed(error.__cause__, behind=ran_before(error))
        raise
    with wrapper.wrap_database_errors:
        found = [rows_of(driver, result) for result in results[before:]]
    if looks:
        prepared.direct = found.pop()[0][0] == driver.info.backend_pid
    return [question.read(rows) for question, rows in zip(questions, found, strict=True)]


def ask_at_commit(question: Question[None]) -> None:
    """Ask in the message that commits the running transaction, or at once where a savepoint is open.

    For what is only written, is read no more in this transaction and is refused by nothing: an error is the commit's.
    """
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    if not wrapper.write_at_commit(question.sql, question.params):
        ask(question)


_WHO: Question[None] = Question("SELECT pg_backend_pid()", (), lambda rows: None)


def done(rows: list[Row]) -> None:
    """How a statement is read that answers nothing."""


def insertion(rows: Sequence[Model]) -> Question[None]:
    """Write new rows (at least one, of one model) as they stand, each with its own key or the database's.

    As bulk_create of rows with keys, without compiling the statement anew; the rows' state is not touched.
    """
    insert, places, fields = _insert_of(type(rows[0]), rows[0].pk is not None)
    return Question(
        insert + ", ".join([places] * len(rows)),
        [_param(field, getattr(row, field.attname)) for row in rows for field in fields],
        done,
    )


@cache
def _insert_of(model: type[Model], has_key: bool) -> tuple[str, str, list[Any]]:
    """How an insertion begins, the places of one row, and its fields; without a key where the database gives it."""
    fields = [field for field in model._meta.concrete_fields if has_key or not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    table = model._meta.db_table
    return f'INSERT INTO "{table}" ({columns}) VALUES ', "(" + ", ".join(["%s"] * len(fields)) + ")", fields  # noqa: S608


def _param(field: Any, value: Any) -> Any:
    """As Django prepares it; what the driver writes as it is needs no preparation."""
    return value if type(value) in _PLAIN else field.get_db_prep_save(value, connection)


def named(sql: str) -> tuple[str, list[str]]:
    """A statement with `%(name)s` places as one with places by position, and the names in their order."""
    return _NAME.sub("%s", sql), _NAME.findall(sql)
