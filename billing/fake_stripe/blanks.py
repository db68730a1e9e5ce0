"""The parts of large objects that are the same for each of them."""

from __future__ import annotations

from billing.fake_stripe.store import Object


def blank_subscription() -> Object:
    """What a subscription of an account without special settings has."""
    return {
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_mode": {
            "type": "flexible",
            "flexible": {"proration_discounts": "included"},
            "updated_at": None,
        },
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": dict.fromkeys(("comment", "feedback", "feedback_option", "reason")),
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {
            **dict.fromkeys(("account_tax_ids", "custom_fields", "description", "footer")),
            "issuer": {"account": None, "type": "self"},
        },
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "status": "incomplete",
        "trial_settings": {
            "end_behavior": {"billing_cycle_anchor": None, "missing_payment_method": "create_invoice"}
        },
    }


def blank_invoice() -> Object:
    """What a draft of an account without special settings has."""
    zero = (
        *("amount_due", "amount_overpaid", "amount_paid", "amount_remaining", "amount_shipping"),
        *("attempt_count", "post_payment_credit_notes_amount", "pre_payment_credit_notes_amount"),
        "starting_balance",
    )
    transitions = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
    return {
        **dict.fromkeys(zero, 0),
        "account_country": "US",
        "account_name": "Fake Stripe",
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            **dict.fromkeys(("disabled_reason", "liability", "provider", "status")),
            "enabled": False,
        },
        "collection_method": "charge_automatically",
        "customer_tax_exempt": "none",
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"account": None, "type": "self"},
        "payment_settings": dict.fromkeys(
            ("default_mandate", "payment_method_options", "payment_method_types")
        ),
        "payments": {"object": "list", "data": [], "has_more": False, "url": "/v1/invoice_payments"},
        "status": "draft",
        "status_transitions": dict.fromkeys(transitions),
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }
