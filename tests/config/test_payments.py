"""The payment provider's settings: what is refused, and that a fake one is never for production."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config.environment import Environment

KNOWN: dict[str, Any] = {
    "tessera_mode": "production",
    "secret_key": "x" * 40,
    "database_url": "postgresql://app:pw@db.example/tessera",
    "redis_url": "redis://redis.example/0",
    "tessera_base": "tessera.example",
    "email_url": "smtps://mailer:pw@mail.example",
    "sms_channel": "a.Channel",
}
PAID = {"stripe_secret_key": "sk_live_0123456789", "stripe_webhook_secret": "whsec_0123456789abcdef"}
FAKE = {
    "tessera_mode": "demo",
    "stripe_secret_key": "sk_test_0123456789",
    "stripe_webhook_secret": "whsec_0123456789abcdef",
    "stripe_api_base": "http://127.0.0.1:8002",
}


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE", "OWNER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("TESSERA_SCHEME", raising=False)


def made(**fields: Any) -> Environment:
    return Environment(**{**KNOWN, **fields})


def test_without_a_provider_nothing_is_set_up() -> None:
    environment = made()
    assert (environment.stripe_secret_key, environment.payment_pages) == (None, [])


def test_with_a_key_forms_may_lead_to_stripes_pages() -> None:
    assert made(**PAID).payment_pages == ["https://checkout.stripe.com https://billing.stripe.com"]


def test_the_fake_is_for_everything_but_production() -> None:
    assert made(**FAKE).payment_pages == ["http://127.0.0.1:8002"]
    with pytest.raises(ValidationError, match="not for production"):
        made(**{**FAKE, "tessera_mode": "production"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stripe_secret_key": "sk_live_0123456789"}, "belong together"),
        ({"stripe_webhook_secret": "whsec_0123456789abcdef"}, "belong together"),
        ({**PAID, "stripe_secret_key": "pk_live_0123456789"}, "STRIPE_SECRET_KEY is not of the form"),
        (
            {**PAID, "stripe_webhook_secret": "0123456789abcdef0123"},
            "STRIPE_WEBHOOK_SECRET is not of the form",
        ),
        ({**FAKE, "stripe_api_base": "http://stripe.example:80"}, "names the fake Stripe on this machine"),
        ({**FAKE, "stripe_api_base": "https://127.0.0.1:443"}, "names the fake Stripe on this machine"),
        ({**FAKE, "stripe_api_base": "http://127.0.0.1"}, "names the fake Stripe on this machine"),
        ({**FAKE, "stripe_secret_key": "sk_live_0123456789"}, "would hand the key to a fake Stripe"),
        ({"tessera_mode": "demo", "stripe_api_base": "http://127.0.0.1:8002"}, "needs STRIPE_SECRET_KEY"),
    ],
)
def test_nonsense_does_not_start(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made(**fields)


def test_whom_owners_write_to_is_an_address_or_nobody() -> None:
    assert made().support_email is None
    assert made(support_email="help@tessera.example").support_email == "help@tessera.example"
    for wrong in ("help", "Help <help@tessera.example>", "help@", "a@b c"):
        with pytest.raises(ValidationError, match="support_email"):
            made(support_email=wrong)
