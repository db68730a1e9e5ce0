"""How a chain stands by its payments: the ladder down, and the one way back up. Pure; no database.

    trial ──────► active ◄───────────────────────── paid, from any rung (closed needs an operator)
      │             │
      ▼             ▼
    past due  (grace: everything works, the owner alone is told)
      ▼
    read-only (the shops see their day, bookings are honoured, none begin)
      ▼
    suspended (doors shut; the owner can sign in and pay)
      ▼
    closed    (the address is free for others; the data stays until erased)

A rung is taken one at a time and each lasts its full time from when *we* took it: had our worker or the
provider's messages been late for a week, nobody is moved faster for it. The end of a trial gives less grace
than a card that fails, and a subscription that its owner ended none: the end was announced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chains.models import ChainState


class Cause(StrEnum):
    """Why a chain is not paid for."""

    NONE = ""
    TRIAL_OVER = "trial_over"
    PAYMENT_FAILED = "payment_failed"
    ENDED = "ended"


GRACE = {
    Cause.TRIAL_OVER: timedelta(days=3),
    Cause.PAYMENT_FAILED: timedelta(days=14),
    Cause.ENDED: timedelta(0),
}
READ_ONLY_FOR = timedelta(days=30)
SUSPENDED_FOR = timedelta(days=60)
# The owner hears of the trial's end this long before it.
TRIAL_NOTICE = timedelta(days=3)

GOOD = frozenset({ChainState.TRIAL, ChainState.ACTIVE})
_NEXT = {
    ChainState.PAST_DUE: ChainState.READ_ONLY,
    ChainState.READ_ONLY: ChainState.SUSPENDED,
    ChainState.SUSPENDED: ChainState.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the standing follows from. `status` is the subscription's in our words, '' where there is none."""

    trial_ends_at: datetime | None
    status: str = ""
    owes_invoice: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The rung a chain stands on, since when and why, and when the next step is due (None: none by itself)."""

    state: ChainState
    since: datetime
    cause: Cause = Cause.NONE
    next_at: datetime | None = None


def why_unpaid(facts: Facts, *, now: datetime) -> Cause:
    """Why the chain is not paid for at `now`; NONE where it is, or still on trial.

    subscription           trial          cause
    active, trialing       any            none
    past due, unpaid       any            payment failed
    paused                 any            payment failed
    canceled, owing        over           payment failed
    canceled               over           ended
    canceled, incomplete   running        none
    incomplete, none       over           trial over
    none                   none at all    none            (a chain we bill by other means)
    """
    if facts.status in ("active", "trialing"):
        return Cause.NONE
    if facts.status in ("past_due", "unpaid", "paused"):
        return Cause.PAYMENT_FAILED
    if facts.trial_ends_at is not None and facts.trial_ends_at > now:
        return Cause.NONE
    if facts.status == "canceled":
        return Cause.PAYMENT_FAILED if facts.owes_invoice else Cause.ENDED
    return Cause.TRIAL_OVER if facts.trial_ends_at is not None else Cause.NONE


def next_standing(was: Standing, facts: Facts, *, now: datetime) -> Standing:
    """Where the chain stands at `now`, at most one rung below where it stood; equal where nothing changed.

    Asked again with its own answer it gives the same answer. A closed chain stays closed.
    """
    if was.state == ChainState.CLOSED:
        return replace(was, next_at=None)
    cause = why_unpaid(facts, now=now)
    if cause == Cause.NONE:
        return _good_standing(was, facts, now=now)
    if was.state not in _NEXT:
        first = ChainState.PAST_DUE if GRACE[cause] else ChainState.READ_ONLY
        return _rung(first, cause, since=now)
    if was.next_at is not None and was.next_at <= now:
        return _rung(_NEXT[was.state], was.cause, since=now)
    return was


def _good_standing(was: Standing, facts: Facts, *, now: datetime) -> Standing:
    subscribed = facts.status in ("active", "trialing") or facts.trial_ends_at is None
    state = ChainState.ACTIVE if subscribed else ChainState.TRIAL
    since = was.since if was.state == state else now
    next_at = None
    if state == ChainState.TRIAL and facts.trial_ends_at is not None:
        notice_at = facts.trial_ends_at - TRIAL_NOTICE
        next_at = notice_at if notice_at > now else facts.trial_ends_at
    return Standing(state, since, Cause.NONE, next_at)


def first_rung(state: ChainState, *, since: datetime, cause: Cause = Cause.NONE) -> Standing:
    """A chain that stands on a rung anew: it lasts its full time from `since` on. A cause that nobody remembers
    is a payment that failed."""
    return _rung(state, cause or Cause.PAYMENT_FAILED, since=since)


def _rung(state: ChainState, cause: Cause, *, since: datetime) -> Standing:
    lasts = {
        ChainState.PAST_DUE: GRACE[cause],
        ChainState.READ_ONLY: READ_ONLY_FOR,
        ChainState.SUSPENDED: SUSPENDED_FOR,
    }.get(state)
    return Standing(state, since, cause, None if lasts is None else since + lasts)
