"""Due work: public rows say which chain has something of a kind due, so cost follows what is due.

A row is added in the transaction that causes it, leased when dispatched, and taken away when done:
a lost task or a wiped broker only means that the lease runs out and the row is dispatched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.db import connection

from chains.models import Chain, ChainState, DueWork
from chains.scope import PUBLIC, chain_scope, current, platform_scope

log = structlog.get_logger("due")

LEASE = timedelta(seconds=30)
BATCH = 500


class DueHandler(Protocol):
    """Does all that is due of its kind in the active scope; safe to run again at any time."""

    def __call__(self, *, now: datetime) -> None: ...


_handlers: dict[str, DueHandler] = {}
_whole: set[str] = set()


def register_due(kind: str, handler: DueHandler, *, whole: bool = False) -> None:
    """Say who handles a kind of due work.

    `whole`: all that the handler does is part of its transaction, and nothing follows the commit. Its
    rows go in that transaction then: whoever dies took part in nothing, and what is done is never done twice.
    """
    if kind in _handlers:
        raise ValueError(f"due work {kind} has a handler already")
    _handlers[kind] = handler
    if whole:
        _whole.add(kind)


def mark_due(kind: str, due_at: datetime) -> None:
    """Within a chain's transaction: something of this kind is due at `due_at` (aware UTC).

    Adds a row and locks nothing, so that bookings of one chain never wait for each other here.
    """
    if kind not in _handlers:
        raise ValueError(f"due work {kind} has no handler")
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.mark_due(%s, %s)", (kind, due_at))


def mark_platform_due(kind: str, due_at: datetime) -> None:
    """Within the platform's scope: something of this kind is due there at `due_at` (aware UTC)."""
    if kind not in _handlers:
        raise ValueError(f"due work {kind} has no handler")
    DueWork.objects.create(schema=PUBLIC, kind=kind, due_at=due_at)


@dataclass(frozen=True, slots=True)
class DueBatch:
    """Rows of one chain and kind that were leased together."""

    schema: str
    kind: str
    ids: tuple[int, ...]


def lease_due(*, now: datetime) -> list[DueBatch]:
    """Lease what is due, at most 500 rows, grouped by chain and kind. Other dispatchers skip these rows."""
    with platform_scope(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chains_duework SET due_at = %s WHERE id IN ("
            " SELECT id FROM chains_duework WHERE due_at <= %s ORDER BY due_at LIMIT %s"
            " FOR UPDATE SKIP LOCKED) RETURNING id, schema, kind",
            (now + LEASE, now, BATCH),
        )
        rows = cursor.fetchall()
    groups: dict[tuple[str, str], list[int]] = {}
    for row_id, schema, kind in rows:
        groups.setdefault((schema, kind), []).append(row_id)
    return [DueBatch(schema, kind, tuple(sorted(ids))) for (schema, kind), ids in sorted(groups.items())]


def run_due(batch: DueBatch, *, now: datetime) -> None:
    """Run the handler in the chain's scope (the platform's for its own), then take the rows away.

    Rows of a chain that is gone are dropped. A kind without a handler is left alone: during a
    roll-out another process may know it, and the lease brings it back. Rows that were dealt with
    already (a task delivered twice) cost one look. Of a kind that is whole they go with what was done,
    and a second task waits for the first to end, then does nothing.
    """
    handler = _handlers.get(batch.kind)
    if handler is None:
        log.error("due_work_unknown", schema=batch.schema, kind=batch.kind)
        return
    with platform_scope():
        if not DueWork.objects.filter(id__in=batch.ids).exists():
            return
        chain = Chain.objects.filter(schema_name=batch.schema).exclude(state=ChainState.CLOSED).first()
    if batch.schema != PUBLIC and chain is None:
        log.warning("due_work_dropped", schema=batch.schema, kind=batch.kind)
    else:
        with chain_scope(chain) if chain is not None else platform_scope():
            if batch.kind not in _whole or take_due(batch.ids):
                handler(now=now)
    finish_due(batch.ids)


def take_due(ids: Sequence[int]) -> bool:
    """Take the active scope's own rows away, in its transaction; False where another has done so before."""
    with connection.cursor() as cursor:
        if current().schema == PUBLIC:
            cursor.execute("DELETE FROM chains_duework WHERE id = ANY(%s)", (list(ids),))
            return bool(cursor.rowcount)
        cursor.execute("SELECT public.take_own_due(%s)", (list(ids),))
        return bool(cursor.fetchone()[0])


def finish_due(ids: Sequence[int]) -> None:
    """Take rows away that were dealt with."""
    with platform_scope(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM chains_duework WHERE id = ANY(%s)", (list(ids),))
