"""Chains that follow their payments: a subscription as the mirror writes it, a trial, and the steps taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing.domain.lifecycle import KIND, follow_subscription
from billing.domain.notices import KIND as NOTICES
from billing.domain.standing import TRIAL_NOTICE
from billing.models import StandingStep, Subscription
from chains.due import lease_due, run_due
from chains.models import Chain, DueWork
from chains.scope import platform_scope
from tests.ground.cast import NOW

DAY = timedelta(days=1)


def subscription_of(chain_id: Any, **fields: Any) -> Subscription:
    """A monthly subscription to the middle plan with two stores on top, as the mirror writes it."""
    values: dict[str, Any] = {
        "chain_id": chain_id,
        "stripe_id": f"sub_{str(chain_id)[-8:]}",
        "stripe_customer": "cus_1",
        "plan": "growth",
        "interval": "month",
        "currency": "CNY",
        "extra_stores": 2,
        "plan_amount": 59900,
        "store_amount": 5900,
        "recurring_amount": 71700,
        "status": "active",
        "current_period_start": NOW,
        "current_period_end": NOW + 30 * DAY,
        "started_at": NOW,
        "updated_at": NOW,
        **fields,
    }
    row, _made = Subscription.objects.update_or_create(chain_id=chain_id, defaults=values)
    return row


def follow(chain_id: Any, *, now: datetime = NOW, **fields: Any) -> Chain:
    """The chain after its subscription was written with these fields and followed."""
    with platform_scope():
        after = subscription_of(chain_id, **fields)
        follow_subscription(chain_id, before=None, after=after, now=now)
        return Chain.objects.get(id=chain_id)


def work_steps(now: datetime) -> None:
    """Everything of the platform that is due, as the dispatcher runs it, until nothing is."""
    for _round in range(20):
        batches = [batch for batch in lease_due(now=now) if batch.kind in (KIND, NOTICES)]
        if not batches:
            return
        for batch in batches:
            run_due(batch, now=now)


def on_trial(chain_id: Any, *, ends: datetime) -> None:
    """Put a chain on a trial of the middle plan that ends then."""
    with platform_scope():
        Chain.objects.filter(id=chain_id).update(
            trial_ends_at=ends, plan="growth", entitlements={"stores": 10}, created_at=NOW
        )
        DueWork.objects.create(schema="public", kind=KIND, due_at=ends - TRIAL_NOTICE)


def steps(chain_id: Any) -> list[tuple[str, str, str]]:
    """The steps it has taken: before, after, why."""
    rows = StandingStep.objects.filter(chain_id=chain_id).order_by("id")
    return [(row.before, row.after, row.cause) for row in rows]
