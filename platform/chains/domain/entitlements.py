"""What a chain's plan allows it: data in the chain's row, written by billing, read and enforced below it.

A limit that is not written, or is null, does not exist: what we forgot to write takes nothing away.
Whatever is counted against a limit is counted behind one lock a limit and chain, taken late: of two stores
that are opened at once, the second sees the first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from chains.models import ChainState
from chains.ports import unpaid_cause
from chains.refusals import Refusal
from chains.scope import current


class Limit(StrEnum):
    """What a plan counts. Keys of `Chain.entitlements`; the value is a whole number, or null for no limit."""

    STORES = "stores"
    EMPLOYEES = "employees"
    VERTICALS = "verticals"
    BOOKINGS = "bookings_a_month"
    MESSAGES = "messages_a_month"
    API_CALLS = "api_calls_a_minute"
    RETENTION = "retention_months"


class LimitReached(Refusal):
    """The plan allows no more of this; `limit`, `allowed` and `used` say what and how much."""

    status = 422
    title = _("Your plan is full")

    def __init__(self, limit: Limit, *, allowed: int, used: int) -> None:
        super().__init__(
            params={"allowed": allowed, "used": used},
            extra={"limit": limit.value, "allowed": allowed, "used": used},
        )


class StoreLimitReached(LimitReached):
    """Every store that the plan and its add-on allow is in use."""

    code = "store_limit_reached"
    detail = _("Your plan allows %(allowed)d stores in use, and %(used)d are.")
    fix = _("Add a store to your plan under “Plan and usage”, or take a store out of use first.")


class EmployeeLimitReached(LimitReached):
    """As many people as the plan allows can sign in."""

    code = "employee_limit_reached"
    detail = _("Your plan allows %(allowed)d people who work here, and %(used)d do.")
    fix = _("Choose a larger plan under “Plan and usage”, or end the access of somebody who left.")


class VerticalLimitReached(LimitReached):
    """The plan allows no further industry."""

    code = "vertical_limit_reached"
    detail = _("Your plan allows %(allowed)d industries, and you have %(used)d.")
    fix = _("Choose a larger plan under “Plan and usage”, then add it.")


class ApiRateExceeded(Refusal):
    """More calls of the API within a minute than the plan allows; `retry_after` seconds until the next."""

    code = "api_rate_exceeded"
    status = 429
    title = _("Too many calls")
    detail = _("Your plan allows %(allowed)d calls a minute.")
    fix = _("Wait %(seconds)d seconds and call less often, or choose a larger plan under “Plan and usage”.")

    def __init__(self, *, allowed: int, retry_after: int) -> None:
        super().__init__(
            params={"allowed": allowed, "seconds": retry_after},
            extra={"limit": Limit.API_CALLS.value, "allowed": allowed, "retry_after": retry_after},
        )


# Why a chain is read-only and what its owner can do, by billing's cause; '' where none is known.
_WHY_READ_ONLY = {
    "": (
        _("This brand is read-only."),
        _("The owner can pay under “Plan and usage”; everything works again at once."),
    ),
    "payment_failed": (
        _("The subscription has not been paid."),
        _("The owner can pay under “Plan and usage”; everything works again at once."),
    ),
    "ended": (
        _("The subscription was cancelled and has ended."),
        _("The owner can subscribe again under “Plan and usage”; everything works again at once."),
    ),
    "trial_over": (
        _("The trial is over, and no plan was chosen."),
        _("The owner can choose a plan under “Plan and usage”; everything works again at once."),
    ),
}


class ChainReadOnly(Refusal):
    """The chain is read-only: what is there is honoured, nothing new begins. `cause` says why, as billing knows it."""

    code = "chain_read_only"
    status = 422
    title = _("Read-only at the moment")
    detail = _("%(why)s Nothing new can begin; what is booked is honoured.")
    fix = _("%(way)s")

    def __init__(self, *, cause: str = "") -> None:
        why, way = _WHY_READ_ONLY.get(cause, _WHY_READ_ONLY[""])
        super().__init__(params={"why": why, "way": way}, extra={"cause": cause})


_REFUSALS: dict[Limit, type[LimitReached]] = {
    Limit.STORES: StoreLimitReached,
    Limit.EMPLOYEES: EmployeeLimitReached,
    Limit.VERTICALS: VerticalLimitReached,
}


@dataclass(frozen=True, slots=True)
class Entitlements:
    """The active chain's plan, state, limits and zone as they stand in its row."""

    plan: str
    state: ChainState
    limits: Mapping[str, Any]
    time_zone: str

    def allowed(self, limit: Limit) -> int | None:
        """How much of it; None is no limit."""
        return allowed_by(self.limits, limit)


def allowed_by(limits: Mapping[str, Any], limit: Limit) -> int | None:
    """How much of a thing these entitlements allow; None is no limit."""
    value = limits.get(limit.value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_entitlements() -> Entitlements:
    """Of the active chain, from its row and not from the cached host. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT plan, state, entitlements::text, time_zone FROM public.own_chain()")
        plan, state, text, zone = cursor.fetchone()
    return Entitlements(plan, ChainState(state), json.loads(text), zone)


@dataclass(frozen=True, slots=True)
class OwnRow:
    """What of its row in public a plan's counts need."""

    time_zone: str
    verticals: tuple[str, ...]


def read_own_row() -> OwnRow:
    """The active chain's zone and industries, from its row. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT time_zone, verticals FROM public.own_chain()")
        zone, verticals = cursor.fetchone()
    return OwnRow(zone, tuple(verticals))


def require_room(limit: Limit, *, used: Callable[[], int]) -> None:
    """Raise unless the active chain may have one more of it; `used` counts how many there are.

    Call it in the transaction that adds the one, right before it does: the lock it takes is held until the
    end, so the count is true then too. Raises the limit's own LimitReached, or ChainReadOnly.

    allowed  used   may add
    none     any    yes
    3        2      yes
    3        3      no
    3        5      no    (a smaller plan since: nothing is taken away, nothing is added)
    """
    _lock(limit)
    own = read_entitlements()
    if own.state == ChainState.READ_ONLY:
        raise ChainReadOnly(cause=unpaid_cause())
    allowed = own.allowed(limit)
    if allowed is None:
        return
    count = used()
    if count >= allowed:
        raise _REFUSALS[limit](limit, allowed=allowed, used=count)


def find_full(limits: Mapping[str, Any], limit: Limit, *, used: Callable[[], int]) -> LimitReached | None:
    """The refusal that one more would meet under these entitlements, to be said before anybody tries; None: there
    is room. What decides is require_room."""
    allowed = allowed_by(limits, limit)
    if allowed is None:
        return None
    count = used()
    return _REFUSALS[limit](limit, allowed=allowed, used=count) if count >= allowed else None


def _lock(limit: Limit) -> None:
    """Until the end of the transaction nobody else of the active chain counts against this limit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", (current().schema, limit.value)
        )
