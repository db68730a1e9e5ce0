"""Stripe behind the port: the official SDK, and nothing of it beyond this folder."""

from billing.stripe_adapter.adapter import StripeProvider, stripe_from_settings

__all__ = ["StripeProvider", "stripe_from_settings"]
