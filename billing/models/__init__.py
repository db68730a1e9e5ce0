"""Billing's tables, all in the public schema: plans, and few mirrors of what the payment provider holds."""

from billing.models.mirror import (
    Customer,
    Interval,
    Invoice,
    InvoiceState,
    Subscription,
    SubscriptionStatus,
)
from billing.models.plans import Plan
from billing.models.traffic import Difference, EventState, Intent, IntentState, StripeEvent

__all__ = [
    "Customer",
    "Difference",
    "EventState",
    "Intent",
    "IntentState",
    "Interval",
    "Invoice",
    "InvoiceState",
    "Plan",
    "StripeEvent",
    "Subscription",
    "SubscriptionStatus",
]
