"""Deliveries that the world has not taken yet: how often they were tried, and how they are tried sooner."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from chains.due import mark_due
from tenants.events.models import Delivery

from .record import OUTBOX


@dataclass(frozen=True, slots=True)
class Waits:
    """A delivery that is still to be made: how often it failed, when it is tried next (aware UTC)."""

    attempts: int
    next_at: datetime


def read_waits(subscriber: str, *, kind: str, name: str, values: Collection[str]) -> dict[str, Waits]:
    """What waits for the subscriber of events of that kind whose payload has one of `values` under `name`; one query."""
    rows = _waiting(subscriber, kind=kind, name=name, values=values).values_list(
        F(f"event__payload__{name}"), "attempts", "due_at"
    )
    return {value: Waits(attempts, due_at) for value, attempts, due_at in rows}


def try_sooner(subscriber: str, *, kind: str, name: str, value: str, now: datetime) -> bool:
    """Try what waits at once; one that is being tried at this moment is left alone. False where nothing waits."""
    waiting = _waiting(subscriber, kind=kind, name=name, values=[value])
    if not waiting.exists():
        return False
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    if waiting.filter(free, due_at__gt=now).update(due_at=now):
        mark_due(OUTBOX, now)
    return True


def _waiting(subscriber: str, *, kind: str, name: str, values: Collection[str]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        **{"subscriber": subscriber, "event__kind": kind, f"event__payload__{name}__in": list(values)}
    )
