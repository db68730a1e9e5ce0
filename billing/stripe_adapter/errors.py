"""What Stripe's errors mean to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe
import structlog

from billing.port import KeySpent, NotAtProvider, PaymentRefused, ProviderAway, ProviderRefused

log = structlog.get_logger("billing")

# A card that wants its holder, or that the issuer turned down, also where Stripe says it as a wrong request.
_MONEY = frozenset(
    {"card_declined", "authentication_required", "subscription_payment_intent_requires_action"}
)


@contextmanager
def told_as_refusals() -> Iterator[None]:
    """Within the block, errors of the SDK become the port's refusals."""
    try:
        yield
    except stripe.CardError as error:
        raise PaymentRefused(extra=_named(error)) from error
    except stripe.IdempotencyError as error:
        if error.http_status == 409:  # a twin of this call is still under way
            raise ProviderAway(extra={"retry_after": 5}) from error
        raise ProviderRefused(extra=_named(error)) from error
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing" or error.http_status == 404:
            raise NotAtProvider(extra=_named(error)) from error
        if error.code in _MONEY or error.http_status == 402:
            raise PaymentRefused(extra=_named(error)) from error
        log.warning("stripe_refused", code=error.code, param=error.param)
        raise ProviderRefused(extra=_named(error)) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        # ours to mend, and nothing was done: whoever asked may ask again
        log.error("stripe_key_not_accepted")
        raise ProviderAway(extra={"retry_after": 300}) from error
    except stripe.StripeError as error:
        headers = {str(name).lower(): value for name, value in (error.headers or {}).items()}
        if (error.http_status or 0) >= 500 and headers.get("idempotent-replayed") == "true":
            raise KeySpent(extra={"retry_after": 60}) from error
        raise ProviderAway(extra={"retry_after": 60}) from error


def _named(error: stripe.StripeError) -> dict[str, str]:
    decline = getattr(getattr(error, "error", None), "decline_code", None)
    return {"provider_code": str(decline or error.code or "")}
