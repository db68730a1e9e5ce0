"""How bar 20's calls are written down: an endpoint, and the ids, query and body that it is asked with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.bars.rights_things import Things
from tests.bars.rights_world import World

API = "/api/v1"
Body = dict[str, Any] | list[Any] | None


@dataclass
class Call:
    """Ids in the path, the query, the body."""

    ids: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: Body = None


Make = Callable[[World, str, Things], Call]
CALLS: dict[str, Make] = {}


def call(endpoint: str) -> Callable[[Make], Make]:
    """Register how `METHOD path` is asked."""

    def keep(make: Make) -> Make:
        CALLS[endpoint] = make
        return make

    return keep


def simple(endpoint: str, **fields: Any) -> None:
    """An endpoint that names nothing."""
    CALLS[endpoint] = lambda world, column, at: Call(**fields)


def on_store(endpoint: str, body: Body = None) -> None:
    """An endpoint of a store."""
    CALLS[endpoint] = lambda world, column, at: Call({"store_id": at.store}, body=body)


def on_booking(endpoint: str, state: str, body: Body = None) -> None:
    """An endpoint of a booking in that state."""
    CALLS[endpoint] = lambda world, column, at: Call({"booking_id": at.booking(state)}, body=body)
