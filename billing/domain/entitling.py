"""What a plan, with the stores bought on top, entitles a chain to; written here, read and enforced below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.models import Plan, Subscription
from chains.domain.entitlements import Limit, allowed_by
from chains.hosts import announce_change
from chains.models import Chain

# What is refused one too many of; the rest is told of, never refused (a booking above all).
HARD = (Limit.STORES, Limit.EMPLOYEES, Limit.VERTICALS)


@dataclass(frozen=True, slots=True)
class OverUse:
    """More of a thing is in use than would be allowed."""

    limit: Limit
    used: int
    allowed: int


def entitlements_of(limits: Mapping[str, Any], *, extra_stores: int) -> dict[str, Any]:
    """The plan's limits, with the stores bought beyond those it includes."""
    stores = allowed_by(limits, Limit.STORES)
    return {**limits, Limit.STORES.value: None if stores is None else stores + extra_stores}


def grant(chain: Chain, subscription: Subscription) -> None:
    """Write what the subscription entitles to into the chain's row, locked by the caller.

    A plan we do not know (any more) takes nothing away: what the chain had stays.
    """
    plan = Plan.objects.filter(code=subscription.plan).first()
    if plan is None:
        return
    entitled = entitlements_of(plan.limits, extra_stores=subscription.extra_stores)
    if (chain.plan, chain.entitlements) != (plan.code, entitled):
        chain.plan, chain.entitlements = plan.code, entitled
        chain.save(update_fields=["plan", "entitlements"])
        announce_change()


def find_over_use(entitled: Mapping[str, Any], used: Mapping[Limit, int]) -> list[OverUse]:
    """What is in use beyond these entitlements, of the limits that are refused, in their order."""
    found = []
    for limit in HARD:
        allowed = allowed_by(entitled, limit)
        if allowed is not None and used.get(limit, 0) > allowed:
            found.append(OverUse(limit, used[limit], allowed))
    return found
