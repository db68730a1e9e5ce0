"""What the chains ask of the layers above them, registered at start.

`starters` fill a new chain with what it begins with (owner, first store, an industry's template).
Each runs inside the new chain's scope and may be run again after a crash: it must be idempotent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chains.hosts import ChainInfo


@dataclass(frozen=True, slots=True)
class ChainStart:
    """What is known of a chain when it starts."""

    chain: ChainInfo
    owner_email: str
    owner_password_hash: str
    owner_name: str
    now: datetime


class Starter(Protocol):
    """Fills one part of a new chain; idempotent."""

    def __call__(self, start: ChainStart) -> None: ...


@dataclass(frozen=True, slots=True)
class StartStep:
    """A named step of filling a chain; `order` says when, the name is shown on the progress page."""

    name: str
    order: int
    run: Starter


_steps: dict[str, StartStep] = {}


def register_starter(name: str, *, order: int, run: Starter) -> None:
    """Add a step; a name registered twice is a programming error."""
    if name in _steps:
        raise ValueError(f"a starter named {name} is registered already")
    _steps[name] = StartStep(name, order, run)


def start_steps() -> list[StartStep]:
    """The steps in their order."""
    return sorted(_steps.values(), key=lambda step: step.order)
