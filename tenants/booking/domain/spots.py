"""A session or pickup window that is wanted: its row locked against being called off, and all that booking it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model

from chains.postgresql.ask import Question, ask_all, done
from chains.scope import current
from tenants.booking.models import PickupWindow, Pool, Session
from tenants.people.models import Employee
from tenants.stores.models import Resource

from .first_look import FirstLook, FirstQuestions, first_questions
from .known import known
from .one_at_a_time import lock_question, overlap_question

Row = Session | PickupWindow
R = TypeVar("R", bound=Row)

_MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Looked:
    """As it was read, behind the locks; of a session and a named member with what they have then."""

    row: Row | None
    look: FirstLook | None


@dataclass(frozen=True, slots=True)
class _Where:
    """Of a row that was read before: what the other questions about it need. Held against the row every time."""

    store_id: UUID
    service_id: UUID
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, row: Row) -> _Where:
        return cls(row.store_id, row.service_id, row.starts_at, row.ends_at)


_known: dict[tuple[str, UUID | None], _Where] = {}


def look_at(
    session_id: UUID | None, window_id: UUID | None, *, member_id: UUID | None, now: datetime
) -> Looked:
    """Lock the session or window shared, then the member if one is named, and read what booking it needs.

    One message where this process has seen the row before, and it still is where and when it was; two else.
    """
    model, row_id = (Session, session_id) if session_id is not None else (PickupWindow, window_id)
    key = (current().schema, row_id)
    found = _known.get(key)
    guess = _Beside.of(found, model, member_id, now) if found is not None else None
    first: list[Question[Any]] = [_share_question(model, row_id), _row_question(model, row_id)]
    _none, row, *more = ask_all([*first, *(guess.questions if guess else ())])
    if row is None:
        return Looked(None, None)
    where = _Where.of(row)
    if guess is not None and found == where:
        looked = guess.read(row, more)
        if looked is not None:
            return looked
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[key] = where
    beside = _Beside.of(where, model, member_id, now, afresh=True)
    looked = beside.read(row, ask_all(beside.questions))
    assert looked is not None
    return looked


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is asked beside a row: lock the member, the first look, what else they have at that time."""

    first: FirstQuestions
    locks: list[Question[Any]]

    @classmethod
    def of(
        cls, where: _Where, model: type[Row], member_id: UUID | None, now: datetime, *, afresh: bool = False
    ) -> _Beside:
        first = first_questions(where.store_id, where.service_id, member_id=member_id, now=now, afresh=afresh)
        if member_id is None:
            return cls(first, [])
        if model is Session:
            first = first.at(overlap_question(member_id, where.starts_at, where.ends_at, but=None))
        return cls(first, [lock_question(member_id)])

    @property
    def questions(self) -> list[Question[Any]]:
        return [*self.locks, *self.first.questions]

    def read(self, row: Row, answers: list[Any]) -> Looked | None:
        """What the answers tell; None as FirstQuestions.read."""
        member = answers.pop(0) if self.locks else None
        look = self.first.read(answers, member=member)
        return Looked(row, look) if look is not None else None


def _share_question(model: type[Row], row_id: UUID | None) -> Question[None]:
    """FOR SHARE: many book at once, and whoever calls it off waits for all of them."""
    return Question(f"SELECT 1 FROM {model._meta.db_table} WHERE id = %s FOR SHARE", (row_id,), done)  # noqa: S608


def _row_question(model: type[Row], row_id: UUID | None) -> Question[Row | None]:
    """The row with its pool, and the names of who and what serves; behind the lock, so as it stands now."""
    found = rows_question(model, "s.id = %s", (row_id,))
    return Question(found.sql, found.params, lambda rows: next(iter(found.read(rows)), None))


def rows_question(model: type[R], where: str, params: Sequence[Any]) -> Question[list[R]]:
    """Sessions (or windows), `s`, each with its pool, `p`, and the names of who and what serves."""
    of: type[Model] = model
    select, own, pool = _select(of)

    def read_one(values: tuple[Any, ...]) -> R:
        found = known(model, **dict(zip(own, values, strict=False)))
        found.pool = known(Pool, **dict(zip(pool, values[len(own) :], strict=False)))
        _name(found, *values[-2:])
        return found

    return Question(f"{select} WHERE {where}", params, lambda rows: [read_one(one) for one in rows])


@cache
def _select(model: type[Model]) -> tuple[str, list[str], list[str]]:
    """The statement up to WHERE, the columns of a row and of its pool; the last two it answers are names."""
    table, own, pool = model._meta.db_table, _columns(model), _columns(Pool)
    names, joins = "NULL, NULL", ""
    if model is Session:
        names = "e.name, r.name"
        joins = (
            " LEFT JOIN people_employee e ON e.id = s.practitioner_id"
            " LEFT JOIN stores_resource r ON r.id = s.resource_id"
        )
    columns = ", ".join([*(f"s.{name}" for name in own), *(f"p.{name}" for name in pool), names])
    return f"SELECT {columns} FROM {table} s JOIN booking_pool p ON p.id = s.pool_id{joins}", own, pool  # noqa: S608


def _name(row: Row, practitioner: str | None, resource: str | None) -> None:
    if isinstance(row, Session):
        if row.practitioner_id is not None:
            row.practitioner = known(Employee, id=row.practitioner_id, name=practitioner)
        if row.resource_id is not None:
            row.resource = known(Resource, id=row.resource_id, name=resource)


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
