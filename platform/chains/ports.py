"""What the chains ask of the layers above them, registered at start.

`starters` fill a new chain with what it begins with (owner, first store, an industry's template).
Each runs inside the new chain's scope and may be run again after a crash: it must be idempotent.
`trial_terms` says on which terms a new chain starts; `offered_verticals` what one can run;
`state_by_payment` where a chain stands by its payments, `unpaid_cause` why one is not paid for; `tell_of_act` tells
billing of operators' acts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from chains.hosts import ChainInfo
from chains.models import ChainState


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


@dataclass(frozen=True, slots=True)
class TrialTerms:
    """On which terms a chain starts: the plan's code, the end of the trial (aware UTC), what is allowed."""

    plan: str
    ends_at: datetime
    entitlements: dict[str, Any]


class TrialTermsAt(Protocol):
    """Reads, in the platform's scope, the terms of a chain that starts at `now`."""

    def __call__(self, *, now: datetime) -> TrialTerms: ...


_single: dict[str, Any] = {}


def register_trial_terms(terms: TrialTermsAt) -> None:
    """Say on which terms chains start; registered twice is a programming error."""
    _register_single("trial terms", terms)


def trial_terms(*, now: datetime) -> TrialTerms:
    """The terms of a chain that starts at `now`."""
    terms: TrialTermsAt = _single["trial terms"]
    return terms(now=now)


StateByPayment = Callable[[UUID], ChainState | None]


def register_state_by_payment(state: StateByPayment) -> None:
    """Say where a chain's state by its payments is read; registered twice is a programming error."""
    _register_single("state by payment", state)


def state_by_payment(chain_id: UUID) -> ChainState | None:
    """The state the chain has by its payments, in the platform's scope; None where nothing is known of it."""
    state: StateByPayment | None = _single.get("state by payment")
    return state(chain_id) if state is not None else None


def register_unpaid_cause(cause: Callable[[], str]) -> None:
    """Say where the active chain's cause of not being paid for is read; registered twice is a programming error."""
    _register_single("unpaid cause", cause)


def unpaid_cause() -> str:
    """Why the active chain is not paid for (billing's Cause), in its scope; '' where nothing is known of it."""
    cause: Callable[[], str] | None = _single.get("unpaid cause")
    return cause() if cause is not None else ""


class ActListener(Protocol):
    """Told, in the act's own transaction, that an operator has changed a chain's state."""

    def __call__(self, chain_id: UUID, *, now: datetime) -> None: ...


def register_act_listener(listener: ActListener) -> None:
    """Say who hears of operators' acts; registered twice is a programming error."""
    _register_single("act listener", listener)


def tell_of_act(chain_id: UUID, *, now: datetime) -> None:
    """Tell whoever listens that an operator has changed a chain's state."""
    listener: ActListener | None = _single.get("act listener")
    if listener is not None:
        listener(chain_id, now=now)


def register_verticals(codes: Callable[[], tuple[str, ...]]) -> None:
    """Say where the codes of the installed verticals are read; registered twice is a programming error."""
    _register_single("verticals", codes)


def offered_verticals() -> tuple[str, ...]:
    """The codes of the verticals a chain can run, in the order they are offered."""
    codes: Callable[[], tuple[str, ...]] = _single["verticals"]
    return codes()


def _register_single(name: str, value: Any) -> None:
    if name in _single:
        raise ValueError(f"{name} are registered already")
    _single[name] = value
