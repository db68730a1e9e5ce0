"""The hub of the live stream: one LISTEN, many browsers.

A notification is a hint, `<schema>:<event id>`: whoever may connect to the database can send one, so
nothing in it is believed. The hub reads the event in that chain's own scope, where another chain's
does not exist, and tells those of its viewers who may see it at this moment. Viewers that read too
slowly lose their oldest events; who must not miss one reads the day again.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections

from chains.hosts import ChainInfo, chain_at
from chains.models import ChainState
from chains.scope import chain_scope
from tenants.booking.domain.live import Changed, Viewer, read_changes

log = structlog.get_logger("live")

P = ParamSpec("P")
R = TypeVar("R")

CHANNEL = "live"
QUEUE = 64
REMEMBERED = 2_000
_HINT = re.compile(r"(t_[a-z2-7]{10}):([0-9]{1,18})", re.ASCII)
_OPEN = {ChainState.TRIAL, ChainState.ACTIVE, ChainState.PAST_DUE, ChainState.READ_ONLY}


@dataclass(eq=False)
class Stream:
    """One browser's stream: what waits to be sent (the oldest goes first when it is too much)."""

    viewer: Viewer
    host: str
    waiting: deque[Changed] = field(default_factory=lambda: deque(maxlen=QUEUE))
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def push(self, change: Changed) -> None:
        """Queue an event and wake the sender."""
        self.waiting.append(change)
        self.wake.set()

    def close(self) -> None:
        """End the stream; the browser opens a new one and reads the day again."""
        self.closed = True
        self.wake.set()


class Hub:
    """Holds the streams of this process and the one connection that listens."""

    def __init__(self) -> None:
        self._streams: dict[str, set[Stream]] = {}
        self._pending: dict[str, set[int]] = {}
        self._told: dict[str, OrderedDict[int, None]] = {}
        self._work = asyncio.Event()
        self.listening = False

    def add(self, stream: Stream) -> None:
        """From now on the stream hears of its store."""
        self._streams.setdefault(stream.viewer.schema, set()).add(stream)

    def remove(self, stream: Stream) -> None:
        """The browser is gone."""
        of_chain = self._streams.get(stream.viewer.schema, set())
        of_chain.discard(stream)
        if not of_chain:
            for kept in (self._streams, self._pending, self._told):
                kept.pop(stream.viewer.schema, None)

    def close_all(self) -> None:
        """End every stream: events may have been missed, or the process is stopping."""
        for of_chain in self._streams.values():
            for stream in of_chain:
                stream.close()

    def hear(self, payload: str) -> None:
        """Take a hint; what is no hint, or of a chain that nobody watches, is dropped."""
        hint = _HINT.fullmatch(payload)
        if hint is None or hint[1] not in self._streams:
            return
        event_id = int(hint[2])
        if event_id in self._told.get(hint[1], ()):
            return
        self._pending.setdefault(hint[1], set()).add(event_id)
        self._work.set()

    async def listen(self) -> None:
        """Listen until cancelled; after a lost connection all streams end, for hints were missed."""
        pause = 0.2
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    settings.LISTEN_DATABASE_URL, autocommit=True, connect_timeout=5
                ) as connection:
                    await connection.execute("LISTEN live")
                    self.listening, pause = True, 0.2
                    async for notification in connection.notifies():
                        self.hear(notification.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("live_listen_lost", error=str(error))
            self.listening = False
            self.close_all()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def tell(self) -> None:
        """Read what was hinted at, chain by chain, and push it to those who may see it; until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._pending:
                schema, event_ids = self._pending.popitem()
                try:
                    await self._tell_chain(schema, event_ids)
                except Exception:
                    log.exception("live_read_failed")
                    self.close_all()

    async def _tell_chain(self, schema: str, event_ids: set[int]) -> None:
        streams = list(self._streams.get(schema, ()))
        if not streams:
            return
        chain = await sync_to_async(letting_go(open_chain))(streams[0].host)
        if chain is None or chain.schema_name != schema:
            for stream in streams:
                stream.close()
            return
        viewers = {stream.viewer.employee_id for stream in streams}
        changes = await sync_to_async(letting_go(changes_in))(chain, event_ids, viewers)
        self._remember(schema, [change.event_id for change in changes])
        for change in changes:
            for stream in streams:
                viewer = stream.viewer
                if viewer.store_id == change.store_id and viewer.employee_id in change.seen_by:
                    stream.push(change)

    def _remember(self, schema: str, event_ids: Collection[int]) -> None:
        told = self._told.setdefault(schema, OrderedDict())
        for event_id in event_ids:
            told[event_id] = None
        while len(told) > REMEMBERED:
            told.popitem(last=False)


def letting_go(act: Callable[P, R]) -> Callable[P, R]:
    """`act`, with the thread's database connection given back after it: no request ends here to do so."""

    @wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        finally:
            close_old_connections()

    return run


def open_chain(host: str) -> ChainInfo | None:
    """The chain of the host, if its doors are open."""
    chain = chain_at(host)
    return chain if chain is not None and chain.state in _OPEN else None


def changes_in(chain: ChainInfo, event_ids: Collection[int], viewers: Collection[UUID]) -> list[Changed]:
    """read_changes in the chain's scope."""
    with chain_scope(chain):
        return read_changes(event_ids, viewers=viewers)
