"""What Stripe's errors and objects mean to us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
import stripe

from billing.port import KeySpent, NotAtProvider, PaymentRefused, ProviderAway, ProviderRefused
from billing.stripe_adapter.adapter import StripeProvider
from billing.stripe_adapter.errors import told_as_refusals
from billing.stripe_adapter.prices import Prices, PriceTag
from billing.stripe_adapter.reading import _status, after_discounts, chain_of, read_event
from tests.billing.fake_stripe.conftest import client, fake
from tests.billing.fake_stripe.test_conformance import make_customer

__all__ = ["fake"]  # a fixture
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (stripe.CardError("x", "p", "card_declined"), PaymentRefused),
        (stripe.InvalidRequestError("x", "id", "resource_missing", http_status=404), NotAtProvider),
        (stripe.InvalidRequestError("x", "p", "parameter_unknown", http_status=400), ProviderRefused),
        (stripe.InvalidRequestError("x", "p", "authentication_required", http_status=402), PaymentRefused),
        (stripe.IdempotencyError("x", http_status=400), ProviderRefused),
        (stripe.IdempotencyError("x", http_status=409), ProviderAway),
        (stripe.AuthenticationError("x"), ProviderAway),
        (stripe.RateLimitError("x", http_status=429), ProviderAway),
        (stripe.APIConnectionError("x"), ProviderAway),
        (stripe.APIError("x", http_status=500), ProviderAway),
        (stripe.APIError("x", http_status=500, headers={"Idempotent-Replayed": "true"}), KeySpent),
    ],
)
def test_errors_become_refusals(error: stripe.StripeError, refusal: type) -> None:
    with pytest.raises(ProviderAway if refusal is KeySpent else refusal) as caught, told_as_refusals():
        raise error
    assert type(caught.value) is refusal


def test_where_nobody_listens_the_provider_is_away() -> None:
    gone = StripeProvider(
        secret_key="sk_test_12345678", webhook_secret="whsec_x", base="http://127.0.0.1:9", retries=0
    )
    with pytest.raises(ProviderAway):
        gone.fetch_customer("cus_1")


@pytest.mark.parametrize(
    ("metadata", "chain"),
    [
        ({"chain": "01a2232b-3764-724b-ab40-a15ced33831e"}, UUID("01a2232b-3764-724b-ab40-a15ced33831e")),
        ({"chain": "nonsense"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_chain_is_read_from_the_metadata(metadata: dict[str, str] | None, chain: UUID | None) -> None:
    assert chain_of(metadata) == chain


def test_a_status_that_we_do_not_know_is_no_guess() -> None:
    assert (_status("incomplete_expired"), _status("past_due")) == ("incomplete", "past_due")
    with pytest.raises(ValueError, match="knows a subscription status"):
        _status("snoozed")


def coupon(**fields: object) -> SimpleNamespace:
    values = {"percent_off": None, "amount_off": None, "duration": "forever", **fields}
    return SimpleNamespace(source=SimpleNamespace(coupon=SimpleNamespace(**values)))


@pytest.mark.parametrize(
    ("discounts", "amount"),
    [
        ([], 9999),
        ([coupon(percent_off=50.0)], 4999),
        ([coupon(percent_off=12.5, duration="repeating")], 8749),
        ([coupon(amount_off=500)], 9499),
        ([coupon(amount_off=20000)], 0),
        ([coupon(percent_off=50.0, duration="once")], 9999),
        ([coupon(percent_off=50.0), coupon(amount_off=1000)], 3999),
        (["di_not_expanded"], 9999),
    ],
)
def test_only_lasting_discounts_lower_what_recurs(discounts: list[object], amount: int) -> None:
    assert after_discounts(9999, discounts) == amount


def test_a_price_is_made_once_however_many_ask(fake) -> None:
    tag = PriceTag("growth", "store", "month", "CNY", 5900)
    ids = {Prices(client(fake)).id_of(tag) for _ in range(3)}
    assert len(ids) == 1
    price = client(fake).v1.prices.retrieve(ids.pop())
    assert (price.lookup_key, price.unit_amount, price.metadata["part"]) == (
        "tessera.growth.store.month.cny.5900",
        5900,
        "store",
    )


def test_an_event_of_a_customer_is_about_that_customer(fake) -> None:
    v1 = client(fake).v1
    _, customer = make_customer(v1)
    notes = [read_event(one.to_dict()) for one in v1.events.list({"limit": 100}).data]
    assert {note.customer for note in notes} == {customer.id}
    assert {name for note in notes for name in note.payload["object"]} <= {"id", "object", "currency"}  # type: ignore[attr-defined]


def test_events_are_listed_oldest_first(fake) -> None:
    provider = StripeProvider(secret_key="sk_test_12345678", webhook_secret="whsec_x", base=fake.base)
    made = [provider.client.v1.customers.create({"name": str(number)}).id for number in range(3)]
    listed: Iterator[str] = (
        note.subject for note in provider.list_events(since=datetime(2020, 1, 1, tzinfo=UTC))
    )
    assert list(listed) == made
