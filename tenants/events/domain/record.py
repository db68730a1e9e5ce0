"""What happened is recorded in the transaction in which it happened, with who must still be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import structlog
from django.db import connection

from chains.anew import writes_may_wait
from chains.postgresql.ask import Question, ask
from chains.postgresql.base import DatabaseWrapper
from chains.scope import current
from tenants.events.models import Event

from .subscribers import deliveries_of

log = structlog.get_logger("events")

OUTBOX = "outbox"
CHANNEL = "live"

# The event, its deliveries and their due work in one round trip: every booking waits for this.
_RECORDED = """
WITH event AS (
    INSERT INTO events_event (kind, subject_id, store_id, version, payload, at)
    VALUES (%s, %s, %s, %s, %s::jsonb, %s) RETURNING id
), told AS (
    INSERT INTO events_delivery (event_id, subscriber, attempts, due_at, last_error)
    SELECT event.id, name, 0, %s, '' FROM event, unnest(%s::text[]) AS name
)
SELECT id, CASE WHEN %s THEN public.mark_due(%s, %s) END{mark} FROM event
"""
_RECORD = _RECORDED.replace("{mark}", "")
_MARKED = _RECORDED.replace("{mark}", ", set_config(%s, id::text, false)")


def record_event(
    kind: str,
    *,
    subject_id: UUID,
    store_id: UUID | None,
    version: int,
    payload: Mapping[str, Any] | None = None,
    now: datetime,
) -> Event:
    """Record that something happened; its subscribers are told after the commit, each once.

    Call it inside the chain's transaction that makes it happen: both commit or neither does. `kind` is
    `noun.past_participle`; `version` the subject's after it; `payload` JSON-ready and free of personal
    data. Open pages get a hint right after the commit, and again from the relay should that be lost.
    """
    return ask(
        event_question(
            kind, subject_id=subject_id, store_id=store_id, version=version, payload=payload, now=now
        )
    )


def event_question(
    kind: str,
    *,
    subject_id: UUID,
    store_id: UUID | None,
    version: int,
    payload: Mapping[str, Any] | None = None,
    now: datetime,
) -> Question[Event]:
    """What records the event, for a message that does more; as record_event in all else."""
    told = dict(payload or {})
    names = deliveries_of(kind)
    params = (
        *(kind, subject_id, store_id, version, json.dumps(told), now),
        *(now, names, bool(names), OUTBOX, now),
    )

    def read(rows: list[tuple[Any, ...]]) -> Event:
        event = Event(
            id=rows[0][0],
            kind=kind,
            subject_id=subject_id,
            store_id=store_id,
            version=version,
            payload=told,
            at=now,
        )
        if store_id is not None:
            hint_at_commit(f"{current().schema}:{event.id}")
        return event

    if not writes_may_wait():
        return Question(_RECORD, params, read)
    wrapper = cast(DatabaseWrapper, connection)
    mark = wrapper.new_mark()

    def unread() -> None:
        if store_id is not None:
            wrapper.notify_mark_at_commit(CHANNEL, f"{current().schema}:", mark)

    return Question(_MARKED, (*params, mark), read, unread)


def hint_at_commit(hint: str) -> None:
    """Tell the live hub to look at `<schema>:<event id>` once the running transaction is committed."""
    if connection.in_atomic_block:
        cast(DatabaseWrapper, connection).notify_at_commit(CHANNEL, hint)
    else:
        send_hint(hint)


def send_hint(hint: str) -> None:
    """Tell the live hub to look at `<schema>:<event id>`, outside any transaction; failing is no harm."""
    try:
        cast(DatabaseWrapper, connection).notify_unscoped(CHANNEL, hint)
    except Exception:
        log.warning("live_hint_not_sent", exc_info=True)
