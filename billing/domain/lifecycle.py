"""What a chain may do follows from how its subscription stands."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from billing.models import Plan, Subscription, SubscriptionStatus
from chains.hosts import announce_change
from chains.models import Chain, ChainState

if TYPE_CHECKING:  # the mirror calls us
    from billing.domain.mirror import Standing

_STATES = {
    SubscriptionStatus.TRIALING.value: ChainState.ACTIVE,
    SubscriptionStatus.ACTIVE.value: ChainState.ACTIVE,
    SubscriptionStatus.PAST_DUE.value: ChainState.PAST_DUE,
    SubscriptionStatus.UNPAID.value: ChainState.READ_ONLY,
    SubscriptionStatus.CANCELED.value: ChainState.READ_ONLY,
}
_FOLLOWS = frozenset({ChainState.TRIAL, ChainState.ACTIVE, ChainState.PAST_DUE, ChainState.READ_ONLY})


def follow_subscription(
    chain_id: UUID, *, before: Standing | None, after: Subscription, now: datetime
) -> None:
    """Bring the chain's state, plan and entitlements to where its subscription stands. Idempotent.

    Runs in the platform's transaction that wrote the mirror; `before` is None for a first subscription.
    A chain that operators suspended or closed keeps its state.
    """
    chain = Chain.objects.select_for_update().filter(id=chain_id).first()
    wanted = _STATES.get(after.status)
    if chain is None or wanted is None or chain.state not in _FOLLOWS:
        return
    chain.state = wanted
    plan = Plan.objects.filter(code=after.plan).first()
    if plan is not None and after.is_live:
        chain.plan = plan.code
        chain.entitlements = dict(plan.limits)
    chain.save(update_fields=["state", "plan", "entitlements"])
    announce_change()
