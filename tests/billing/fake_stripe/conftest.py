"""The fake, and where a key is given real Stripe in test mode: the same tests ask both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from billing.fake_stripe.server import FakeStripe

REAL_KEY = os.environ.get("TESSERA_STRIPE_TEST_KEY", "")


@pytest.fixture()
def fake() -> Iterator[FakeStripe]:
    """A fake whose time stands unless a test clock moves it."""
    made = FakeStripe(":memory:", lives=False)
    made.start()
    yield made
    made.stop()


@pytest.fixture(params=["fake", "real"])
def v1(request: pytest.FixtureRequest) -> Any:
    """The official SDK on the fake, then on Stripe's test mode."""
    if request.param == "fake":
        fake = request.getfixturevalue("fake")
        return client(fake).v1
    if not REAL_KEY:
        pytest.skip("conformance on real Stripe: set TESSERA_STRIPE_TEST_KEY to a sk_test_… key")
    assert REAL_KEY.startswith("sk_test_")
    return stripe.StripeClient(REAL_KEY, max_network_retries=2).v1


def client(fake: FakeStripe) -> stripe.StripeClient:
    """The SDK on the fake, without retries of its own."""
    return stripe.StripeClient(
        "sk_test_conformance", base_addresses={"api": fake.base}, max_network_retries=0
    )
