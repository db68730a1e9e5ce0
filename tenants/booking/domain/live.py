"""Live pages: a ticket that opens one stream, and who may hear of which event.

The stream runs in a process of its own (config.asgi_live), often on another port, where neither the
session nor the token goes: a ticket stands in for them, once, within a minute. Being let in says
nothing for later: the right to see is read again with every batch of events.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.http.request import split_domain_port

from chains.scope import current
from tenants.events.models import Event
from tenants.people.domain.rights import Action, Actor, Grant, NotSeen, may, require
from tenants.people.models import Role, RoleGrant
from tenants.stores.models import Store

TICKET_LASTS = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches which store's day."""

    schema: str
    employee_id: UUID
    store_id: UUID


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that changed at a store, and the employees who may see it. `event_id` orders them."""

    event_id: int
    kind: str
    subject_id: UUID
    store_id: UUID
    version: int
    seen_by: frozenset[UUID]


def live_origin(host: str) -> str | None:
    """Where the live process serves a chain's host (with or without port); None where it is that very origin."""
    if settings.LIVE_PORT is None:
        return None
    name, _port = split_domain_port(host)
    return f"{settings.SCHEME}://{name}:{settings.LIVE_PORT}"


def stream_url(ticket: str, *, host: str) -> str:
    """The address at which a ticket opens its stream, for a browser or program that came to `host`."""
    return f"{live_origin(host) or f'{settings.SCHEME}://{host}'}/live/{ticket}"


def issue_ticket(store_id: UUID, *, by: Actor, now: datetime) -> tuple[str, datetime]:
    """A ticket for the store's stream, and when it ends. Raises Forbidden, NotSeen.

    Only its hash is kept, in Valkey; whoever spends it first is let in, nobody after.
    """
    require(by, Action.READ_DAY, store_id=store_id)
    if not Store.objects.filter(id=store_id).exists():
        raise NotSeen  # a right in the whole chain says nothing of an id that is no store's
    ticket = secrets.token_urlsafe(32)
    viewer = {"schema": current().schema, "employee": str(by.employee_id), "store": str(store_id)}
    seconds = int(TICKET_LASTS.total_seconds())
    _valkey().set(_key(ticket), json.dumps(viewer), ex=seconds)
    return ticket, now + TICKET_LASTS


def spend_ticket(ticket: str, *, schema: str) -> Viewer | None:
    """Whom the ticket lets in at this chain; None for one that is unknown, spent, over or another chain's."""
    kept = _valkey().execute_command("GETDEL", _key(ticket))
    if kept is None:
        return None
    row: dict[str, Any] = json.loads(kept)
    if row["schema"] != schema:
        return None
    return Viewer(schema, UUID(row["employee"]), UUID(row["store"]))


def read_changes(event_ids: Collection[int], *, viewers: Collection[UUID]) -> list[Changed]:
    """What the hints' events say, each with those of the viewers (employees) who may see it; two queries.

    A hint that names no event of the active chain says nothing.
    """
    events = list(Event.objects.filter(id__in=event_ids, store_id__isnull=False).order_by("id"))
    if not events:
        return []
    actors = read_actors(viewers)
    changes = []
    for event in events:
        assert event.store_id is not None
        seen_by = frozenset(
            employee_id
            for employee_id, actor in actors.items()
            if may(actor, Action.READ_DAY, store_id=event.store_id)
        )
        changes.append(
            Changed(event.id, event.kind, event.subject_id, event.store_id, event.version, seen_by)
        )
    return changes


def read_actors(employee_ids: Collection[UUID]) -> dict[UUID, Actor]:
    """The employees who still work here, with the rights they have now; one query."""
    grants: dict[UUID, list[Grant]] = {}
    rows = RoleGrant.objects.filter(employee_id__in=employee_ids, employee__active=True)
    for employee_id, role, store_id in rows.values_list("employee_id", "role", "store_id"):
        grants.setdefault(employee_id, []).append(Grant(Role(role), store_id))
    return {who: Actor(employee_id=who, grants=tuple(held)) for who, held in grants.items()}


def _key(ticket: str) -> str:
    return f"{settings.ROLE_TAG}:live:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"


@lru_cache(maxsize=1)
def _valkey() -> Any:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2)
