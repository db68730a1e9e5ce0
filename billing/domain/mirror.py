"""Our mirror of the provider's objects: written only from what was read there, never from what an event says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from billing.domain import lifecycle
from billing.models import Customer, Invoice, Subscription, SubscriptionStatus
from billing.models.mirror import LIVE
from billing.port import CustomerSnapshot, InvoiceSnapshot, SubscriptionSnapshot

_BEHIND = frozenset({SubscriptionStatus.PAST_DUE.value, SubscriptionStatus.UNPAID.value})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a chain's subscription stood before a change: what the lifecycle compares with."""

    plan: str
    status: str
    interval: str
    extra_stores: int
    cancel_at_period_end: bool
    current_period_end: datetime
    trial_end: datetime | None
    past_due_since: datetime | None


def apply_customer(chain_id: UUID, snapshot: CustomerSnapshot, *, now: datetime) -> None:
    """Write all that was read of a chain's customer. Needs the platform's transaction."""
    customer = Customer.objects.select_for_update().get(chain_id=chain_id)
    customer.credit = snapshot.credit
    customer.currency = snapshot.currency or customer.currency
    customer.tax_ids = list(snapshot.tax_ids)
    customer.deleted_at = (customer.deleted_at or now) if snapshot.deleted else None
    customer.refreshed_at = now
    customer.save()
    for invoice in snapshot.invoices:
        apply_invoice(chain_id, invoice, now=now)
    chosen = choose_subscription(snapshot.subscriptions)
    if chosen is not None:
        apply_subscription(chain_id, chosen, now=now)
    elif snapshot.deleted:
        _end_with_customer(chain_id, now=now)


def choose_subscription(snapshots: Sequence[SubscriptionSnapshot]) -> SubscriptionSnapshot | None:
    """The one that counts: the oldest that is live, else the one begun last."""
    live = [one for one in snapshots if one.status in LIVE]
    if live:
        return min(live, key=lambda one: (one.started_at, one.stripe_id))
    return max(snapshots, key=lambda one: (one.started_at, one.stripe_id), default=None)


def apply_subscription(chain_id: UUID, snapshot: SubscriptionSnapshot, *, now: datetime) -> Subscription:
    """Write a subscription as it was read and let the chain's lifecycle follow. Needs the platform's transaction.

    The same snapshot again changes nothing and is followed again, so that a lifecycle which fell behind
    catches up: `follow_subscription` must be idempotent.
    """
    row = Subscription.objects.select_for_update().filter(chain_id=chain_id).first()
    before = _standing(row) if row is not None else None
    values = _values(snapshot)
    if row is None:
        row = Subscription(chain_id=chain_id, version=0)
    behind = snapshot.status in _BEHIND
    same_one = row.stripe_id in ("", snapshot.stripe_id)
    values["past_due_since"] = ((row.past_due_since if same_one else None) or now) if behind else None
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed or row.version == 0:
        for name in changed:
            setattr(row, name, values[name])
        row.version += 1
        row.updated_at = now
        row.save()
    lifecycle.follow_subscription(chain_id, before=before, after=row, now=now)
    return row


def apply_invoice(chain_id: UUID, snapshot: InvoiceSnapshot, *, now: datetime) -> None:
    """Write an invoice as it was read. Needs the platform's transaction."""
    values = _invoice_values(snapshot)
    row = Invoice.objects.filter(stripe_id=snapshot.stripe_id).first()
    if row is None:
        Invoice.objects.create(chain_id=chain_id, stripe_id=snapshot.stripe_id, updated_at=now, **values)
        return
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        row.updated_at = now
        row.save(update_fields=[*changed, "updated_at"])


def _end_with_customer(chain_id: UUID, *, now: datetime) -> None:
    """A customer deleted at the provider takes its subscription along, without a further word from there."""
    row = Subscription.objects.select_for_update().filter(chain_id=chain_id).first()
    if row is None:
        return
    before = _standing(row)
    if row.status != SubscriptionStatus.CANCELED:
        row.status = SubscriptionStatus.CANCELED
        row.canceled_at = row.canceled_at or now
        row.ended_at = now
        row.past_due_since = None
        row.version += 1
        row.updated_at = now
        row.save()
    lifecycle.follow_subscription(chain_id, before=before, after=row, now=now)


def _standing(row: Subscription) -> Standing:
    return Standing(
        plan=row.plan,
        status=row.status,
        interval=row.interval,
        extra_stores=row.extra_stores,
        cancel_at_period_end=row.cancel_at_period_end,
        current_period_end=row.current_period_end,
        trial_end=row.trial_end,
        past_due_since=row.past_due_since,
    )


def _values(snapshot: SubscriptionSnapshot) -> dict[str, Any]:
    basket = snapshot.basket
    return {
        "stripe_id": snapshot.stripe_id,
        "stripe_customer": snapshot.customer,
        "plan": basket.plan,
        "interval": basket.interval,
        "currency": basket.currency,
        "extra_stores": basket.extra_stores,
        "plan_amount": basket.plan_amount,
        "store_amount": basket.store_amount,
        "recurring_amount": snapshot.recurring_amount,
        "status": snapshot.status,
        "current_period_start": snapshot.current_period_start,
        "current_period_end": snapshot.current_period_end,
        "trial_end": snapshot.trial_end,
        "cancel_at_period_end": snapshot.cancel_at_period_end,
        "cancel_at": snapshot.cancel_at,
        "canceled_at": snapshot.canceled_at,
        "ended_at": snapshot.ended_at,
        "discount_ends_at": snapshot.discount_ends_at,
        "started_at": snapshot.started_at,
    }


def _invoice_values(snapshot: InvoiceSnapshot) -> dict[str, Any]:
    same = {
        name: getattr(snapshot, name)
        for name in (
            *("number", "state", "reason", "currency", "subtotal", "discount", "tax", "total", "amount_due"),
            *("amount_paid", "amount_refunded", "attempts", "next_attempt_at", "hosted_url", "pdf_url"),
            *("period_start", "period_end", "due_at", "paid_at", "issued_at"),
        )
    }
    lines = [
        {
            **asdict(line),
            "period_start": line.period_start.isoformat(),
            "period_end": line.period_end.isoformat(),
        }
        for line in snapshot.lines
    ]
    return {**same, "stripe_subscription": snapshot.subscription, "lines": lines}
