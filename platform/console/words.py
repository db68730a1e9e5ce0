"""The console's words for fields and acts: models carry none for people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

LABELS: dict[str, Any] = {
    "name": _("Name"),
    "slug": _("Address"),
    "state_reason": _("Reason"),
    "plan": _("Plan"),
    "trial_ends_at": _("Trial ends"),
    "verticals": _("Industries"),
    "locale": _("Language"),
    "time_zone": _("Time zone"),
    "currency": _("Currency"),
    "country": _("Country"),
    "schema_name": _("Schema"),
    "schema": _("Schema"),
    "opened_at": _("Open since"),
    "created_at": _("Signed up"),
    "kind": _("Kind"),
    "deliveries": _("Deliveries"),
    "received_at": _("Received"),
    "handled_at": _("Handled"),
    "stripe_customer": _("Customer"),
    "subject": _("About"),
    "replays": _("Replays"),
    "id": _("Id"),
    "brand": _("Brand"),
    "email": _("E-mail"),
    "owner_name": _("Owner"),
    "state": _("State"),
    "problem": _("Problem"),
    "steps": _("Steps"),
    "attempts": _("Attempts"),
    "code": _("Code"),
    "names": _("Names"),
    "pitch": _("Pitch"),
    "prices": _("Prices"),
    "limits": _("Limits"),
    "trial_days": _("Trial days"),
    "position": _("Position"),
    "on_sale": _("On sale"),
    "at": _("When"),
    "operator_email": _("Operator"),
    "shown_act": _("Act"),
    "reason": _("Reason"),
    "before": _("Before"),
    "after": _("After"),
    "app": _("App"),
    "error": _("Error"),
    "finished_at": _("Finished"),
    "found_at": _("Found on"),
    "mended_at": _("Mended"),
}


# How subscriptions and invoices stand at the provider, and how often they renew.
AT_PROVIDER: dict[str, Any] = {
    "incomplete": _("first payment missing"),
    "trialing": _("on trial"),
    "active": _("active"),
    "past_due": _("past due"),
    "unpaid": _("unpaid"),
    "paused": _("paused"),
    "canceled": _("ended"),
    "draft": _("draft"),
    "open": _("to be paid"),
    "paid": _("paid"),
    "void": _("void"),
    "uncollectible": _("given up"),
    "month": _("a month"),
    "year": _("a year"),
}
# What became of an event of the provider.
EVENT_STATES: dict[str, Any] = {
    "received": _("waits"),
    "handled": _("handled"),
    "unknown_customer": _("customer unknown"),
    "failed": _("failed"),
}
CAUSES: dict[str, Any] = {
    "trial_over": _("the trial is over"),
    "payment_failed": _("a payment failed"),
    "ended": _("its owner ended it"),
}
