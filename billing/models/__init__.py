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
from billing.models.standing import ChainStanding, Notice, RevenueChange, StandingStep, UsageMonth
from billing.models.traffic import Difference, EventState, Intent, IntentState, Round, StripeEvent

__all__ = [
    "ChainStanding",
    "Customer",
    "Difference",
    "EventState",
    "Intent",
    "IntentState",
    "Interval",
    "Invoice",
    "InvoiceState",
    "Notice",
    "Plan",
    "RevenueChange",
    "Round",
    "StandingStep",
    "StripeEvent",
    "Subscription",
    "SubscriptionStatus",
    "UsageMonth",
]
