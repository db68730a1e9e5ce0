"""Who is told of what: subscribers register at start, by name, and are told of each event once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as subscribers see it. `key` is unique to this event and subscriber: one effect carries it."""

    id: int
    kind: str
    subject_id: UUID
    store_id: UUID | None
    version: int
    payload: dict[str, Any]
    at: datetime
    key: str


Call = Callable[[], None]


class Subscriber(Protocol):
    """Brings about an effect, in the chain's scope and in one transaction with the note that it did.

    For an effect outside the database it returns a call instead, which runs after that transaction and
    must be absorbed by its receiver when repeated with the same key. Raises to be told again later.
    """

    def __call__(self, event: Happened, *, now: datetime) -> Call | None: ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscriber, and what it wants to hear of: `kinds`, or all events where that is None.

    A `hint` is worth nothing once late and harmless when repeated: no effect is noted for it, and it has no delivery
    of its own where the event has another, with whose first try it goes. `meter` names what is counted once for each
    call that was made to the outside (see usage.py).
    """

    name: str
    run: Subscriber
    kinds: frozenset[str] | None
    hint: bool = False
    meter: str | None = None

    def wants(self, kind: str) -> bool:
        """Whether events of this kind are delivered."""
        return self.kinds is None or kind in self.kinds


_subscriptions: dict[str, Subscription] = {}


def register_subscriber(
    name: str,
    run: Subscriber,
    *,
    kinds: frozenset[str] | None = None,
    hint: bool = False,
    meter: str | None = None,
) -> None:
    """Add a subscriber; a name registered twice is a programming error. Names stand in the outbox: keep them."""
    if name in _subscriptions:
        raise ValueError(f"a subscriber named {name} is registered already")
    _subscriptions[name] = Subscription(name, run, kinds, hint, meter)


def deliveries_of(kind: str) -> list[str]:
    """The names of those who are told of events of this kind by a delivery; hints go with these, or have one alone."""
    wanted = [one for one in _subscriptions.values() if one.wants(kind)]
    return [one.name for one in wanted if not one.hint] or [one.name for one in wanted]


def hints_of(kind: str) -> list[Subscription]:
    """Whose hints go with the deliveries of events of this kind."""
    return [one for one in _subscriptions.values() if one.hint and one.wants(kind)]


def subscription(name: str) -> Subscription | None:
    """The subscription of that name; None where it is no longer part of the program."""
    return _subscriptions.get(name)
