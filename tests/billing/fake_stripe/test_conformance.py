"""The fake answers as Stripe does: the SDK's own typed objects, its errors, its idempotency, its arithmetic.

Every test here that takes `v1` runs against Stripe's test mode too when TESSERA_STRIPE_TEST_KEY is set.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest
import stripe

from billing.fake_stripe.server import FakeStripe
from billing.fake_stripe.shapes import API_VERSION, FIELDS
from tests.billing.fake_stripe.conftest import client
from tests.billing.fake_stripe.shapes import faults, fields_of

KINDS: dict[str, type] = {
    "customer": stripe.Customer,
    "product": stripe.Product,
    "price": stripe.Price,
    "coupon": stripe.Coupon,
    "promotion_code": stripe.PromotionCode,
    "discount": stripe.Discount,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "invoice": stripe.Invoice,
    "line_item": stripe.InvoiceLineItem,
    "payment_method": stripe.PaymentMethod,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "checkout.session": stripe.checkout.Session,
    "billing_portal.session": stripe.billing_portal.Session,
    "event": stripe.Event,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "tax_id": stripe.TaxId,
    "invoice_payment": stripe.InvoicePayment,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
JANUARY = 1_767_225_600  # 2026-01-01
DAY = 86_400


def wait(v1: Any, clock: str) -> None:
    """Until a test clock has got where it was sent; real Stripe takes its time."""
    for _ in range(120):
        if v1.test_helpers.test_clocks.retrieve(clock).status == "ready":
            return
        time.sleep(1)
    raise AssertionError("the clock never got there")


def make_customer(v1: Any, *, card: str | None = "pm_card_visa") -> tuple[Any, Any]:
    """A test clock in January and a customer that lives by it."""
    clock = v1.test_helpers.test_clocks.create({"frozen_time": JANUARY})
    customer = v1.customers.create({"name": "Alpha", "email": "a@alpha.test", "test_clock": clock.id})
    if card:
        method = v1.payment_methods.attach(card, {"customer": customer.id})
        v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    return clock, customer


def make_price(v1: Any, amount: int, *, interval: str = "month", currency: str = "usd") -> Any:
    """A price of a product of its own."""
    product = v1.products.create({"name": f"Plan {amount}"})
    return v1.prices.create(
        {
            "product": product.id,
            "currency": currency,
            "unit_amount": amount,
            "recurring": {"interval": interval},
        }
    )


def test_the_fields_are_those_of_the_installed_sdk() -> None:
    """Nothing that the SDK names is missing, nothing is there that it does not name."""
    assert stripe.api_version == API_VERSION
    for kind, cls in KINDS.items():
        assert set(FIELDS[kind]) - set(fields_of(cls)) == set(), kind
    expanded_only = {"sources", "subscriptions", "tax_ids", "tax", "discount"}
    assert set(fields_of(stripe.Customer)) - set(FIELDS["customer"]) == expanded_only
    assert set(fields_of(stripe.Invoice)) == set(FIELDS["invoice"])
    assert set(fields_of(stripe.Subscription)) == set(FIELDS["subscription"])


def test_every_object_is_what_the_sdk_promises(v1: Any) -> None:
    """One of each kind, through a subscription's life."""
    clock, customer = make_customer(v1)
    plan, store = make_price(v1, 8900), make_price(v1, 900)
    coupon = v1.coupons.create({"percent_off": 10, "duration": "repeating", "duration_in_months": 2})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    subscription = v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": plan.id}, {"price": store.id, "quantity": 3}],
            "discounts": [{"promotion_code": code.id}],
            "metadata": {"chain": "x"},
            "expand": ["discounts.source.coupon", "latest_invoice.payments", "customer"],
        }
    )
    invoice = v1.invoices.retrieve(subscription.latest_invoice.id)
    paid = v1.invoices.retrieve(invoice.id, {"expand": ["payments"]}).payments.data[0]
    intent = v1.payment_intents.retrieve(paid.payment.payment_intent)
    refund = v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    tax_id = v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    balance = v1.customers.balance_transactions.create(customer.id, {"amount": -500, "currency": "usd"})
    session = v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": plan.id, "quantity": 1}],
            "success_url": "https://example.com/done",
        }
    )
    preview = v1.invoices.create_preview({"subscription": subscription.id})
    made = [
        (customer, stripe.Customer),
        (v1.products.retrieve(plan.product), stripe.Product),
        (plan, stripe.Price),
        (coupon, stripe.Coupon),
        (code, stripe.PromotionCode),
        (subscription, stripe.Subscription),
        (invoice, stripe.Invoice),
        (preview, stripe.Invoice),
        (paid, stripe.InvoicePayment),
        (intent, stripe.PaymentIntent),
        (v1.charges.retrieve(intent.latest_charge), stripe.Charge),
        (refund, stripe.Refund),
        (tax_id, stripe.TaxId),
        (balance, stripe.CustomerBalanceTransaction),
        (session, stripe.checkout.Session),
        (v1.payment_methods.list({"customer": customer.id}).data[0], stripe.PaymentMethod),
        (clock, stripe.test_helpers.TestClock),
        (v1.events.list({"limit": 1}).data[0], stripe.Event),
    ]
    assert [fault for value, cls in made for fault in faults(value, cls, path=cls.__name__)] == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"amount_due": "8900"}, ".amount_due is '8900', not int"),
        ({"starting_balance": None}, ".starting_balance is None, not int"),
        ({"status": 7}, ".status is 7"),
        ({"nonsense": 1}, ".nonsense is not known to the SDK"),
        ({"issuer": {"type": 1}}, ".issuer.type is 1"),
        ({"lines": []}, ".lines is no list of the API"),
    ],
)
def test_what_the_sdk_does_not_promise_is_found(fake: FakeStripe, change: dict[str, Any], fault: str) -> None:
    v1 = client(fake).v1
    _, customer = make_customer(v1)
    v1.subscriptions.create({"customer": customer.id, "items": [{"price": make_price(v1, 100).id}]})
    invoice = v1.invoices.list().data[0].to_dict()
    assert [each[: len(fault)] for each in faults({**invoice, **change}, stripe.Invoice)] == [fault]
    whole = {name: value for name, value in invoice.items() if name != "issuer"}
    assert faults(whole, stripe.Invoice) == [".issuer is missing"]


def test_the_portal_answers_as_the_sdk_promises(fake: FakeStripe) -> None:
    """Real Stripe wants its portal configured by hand first."""
    v1 = client(fake).v1
    _, customer = make_customer(v1)
    session = v1.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "https://example.com"}
    )
    assert faults(session, stripe.billing_portal.Session) == []


def test_the_same_key_is_the_same_answer(v1: Any) -> None:
    key = str(uuid4())
    first = v1.customers.create({"name": "Alpha"}, {"idempotency_key": key})
    again = v1.customers.create({"name": "Alpha"}, {"idempotency_key": key})
    assert (first.id, again.last_response.headers["idempotent-replayed"]) == (again.id, "true")


def test_the_same_key_with_other_parameters_is_refused(v1: Any) -> None:
    key = str(uuid4())
    v1.customers.create({"name": "Alpha"}, {"idempotency_key": key})
    with pytest.raises(stripe.IdempotencyError):
        v1.customers.create({"name": "Beta"}, {"idempotency_key": key})


def test_what_never_began_is_not_kept_with_the_key(v1: Any) -> None:
    key = str(uuid4())
    with pytest.raises(stripe.InvalidRequestError):
        v1.customers.create({"nonsense": "1"}, {"idempotency_key": key})
    assert v1.customers.create({"name": "Alpha"}, {"idempotency_key": key}).name == "Alpha"


def test_what_is_not_there_is_missing(v1: Any) -> None:
    for ask in (v1.customers.retrieve, v1.subscriptions.retrieve, v1.invoices.retrieve, v1.prices.retrieve):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            ask("nobody_1")
        assert (caught.value.code, caught.value.http_status) == ("resource_missing", 404)


def test_a_wrong_key_is_no_way_in(fake: FakeStripe) -> None:
    for key in ("sk_live_abc123", "nonsense"):
        wrong = stripe.StripeClient(key, base_addresses={"api": fake.base}, max_network_retries=0)
        with pytest.raises(stripe.AuthenticationError):
            wrong.v1.customers.list()


def test_a_deleted_customer_is_answered_as_deleted(v1: Any) -> None:
    _, customer = make_customer(v1, card=None)
    v1.customers.delete(customer.id)
    assert v1.customers.retrieve(customer.id).deleted is True


def test_a_declined_card_is_a_card_error(v1: Any) -> None:
    _, customer = make_customer(v1, card=None)
    with pytest.raises(stripe.CardError) as caught:
        v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id})
    assert caught.value.code == "card_declined"


def test_a_price_is_found_by_its_lookup_key_which_is_taken_once(v1: Any) -> None:
    product = v1.products.create({"name": "Plan"})
    key = f"k.{uuid4()}"
    values = {
        "product": product.id,
        "currency": "usd",
        "unit_amount": 1,
        "recurring": {"interval": "month"},
        "lookup_key": key,
    }
    price = v1.prices.create(values)
    assert [one.id for one in v1.prices.list({"lookup_keys": [key]}).data] == [price.id]
    with pytest.raises(stripe.InvalidRequestError):
        v1.prices.create(values)


def test_lists_come_newest_first_in_pages(fake: FakeStripe) -> None:
    v1 = client(fake).v1
    made = [v1.customers.create({"name": str(number)}).id for number in range(7)]
    page = v1.customers.list({"limit": 3})
    assert ([one.id for one in page.data], page.has_more) == (made[:-4:-1], True)
    assert [one.id for one in v1.customers.list({"limit": 3}).auto_paging_iter()] == made[::-1]
    before = v1.customers.list({"limit": 3, "ending_before": made[1]})
    assert [one.id for one in before.data] == [made[4], made[3], made[2]]


@pytest.mark.parametrize(
    ("day", "quantity", "cents"),
    [(0, 1, 3100), (1, 1, 3000), (15, 1, 1600), (15, 3, 4800), (30, 1, 100), (10, 7, 14700)],
)
def test_stores_are_prorated_to_the_cent(v1: Any, day: int, quantity: int, cents: int) -> None:
    """31.00 a month, in a month of 31 days: a dollar a day."""
    clock, customer = make_customer(v1)
    plan, store = make_price(v1, 100), make_price(v1, 3100)
    subscription = v1.subscriptions.create({"customer": customer.id, "items": [{"price": plan.id}]})
    if day:
        v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": JANUARY + day * DAY})
        wait(v1, clock.id)
    preview = v1.invoices.create_preview(
        {
            "subscription": subscription.id,
            "subscription_details": {
                "items": [{"price": store.id, "quantity": quantity}],
                "proration_behavior": "always_invoice",
                "proration_date": JANUARY + day * DAY,
            },
        }
    )
    assert (preview.total, preview.amount_due) == (cents, cents)


def test_a_renewal_is_a_draft_for_an_hour_and_then_paid(v1: Any) -> None:
    clock, customer = make_customer(v1)
    price = make_price(v1, 8900)
    v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": JANUARY + 31 * DAY + 60})
    wait(v1, clock.id)
    newest = v1.invoices.list({"customer": customer.id}).data[0]
    assert (newest.status, newest.billing_reason, newest.total) == ("draft", "subscription_cycle", 8900)
    v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": JANUARY + 31 * DAY + 2 * 3600})
    wait(v1, clock.id)
    assert v1.invoices.retrieve(newest.id).status == "paid"


def test_a_trial_ends_with_an_invoice(v1: Any) -> None:
    clock, customer = make_customer(v1)
    price = make_price(v1, 8900)
    subscription = v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "trial_end": JANUARY + 14 * DAY}
    )
    assert (subscription.status, subscription["items"].data[0].current_period_end) == (
        "trialing",
        JANUARY + 14 * DAY,
    )
    v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": JANUARY + 15 * DAY})
    wait(v1, clock.id)
    assert v1.subscriptions.retrieve(subscription.id).status == "active"
    totals = [one.total for one in v1.invoices.list({"customer": customer.id}).data]
    assert totals == [8900, 0]


def test_a_card_that_fails_at_renewal_leaves_it_past_due(v1: Any) -> None:
    clock, customer = make_customer(v1)
    price = make_price(v1, 8900)
    subscription = v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    fails = v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    v1.subscriptions.update(subscription.id, {"default_payment_method": fails.id})
    v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": JANUARY + 32 * DAY})
    wait(v1, clock.id)
    assert v1.subscriptions.retrieve(subscription.id).status == "past_due"
    invoice = v1.invoices.list({"customer": customer.id}).data[0]
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt is not None) == (
        "open",
        1,
        True,
    )
    works = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    v1.invoices.pay(invoice.id, {"payment_method": works.id})
    assert v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_rise_that_cannot_be_paid_is_not_made(v1: Any) -> None:
    _, customer = make_customer(v1)
    cheap, dear = make_price(v1, 100), make_price(v1, 99900)
    subscription = v1.subscriptions.create({"customer": customer.id, "items": [{"price": cheap.id}]})
    fails = v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    v1.subscriptions.update(subscription.id, {"default_payment_method": fails.id})
    with pytest.raises(stripe.CardError):
        v1.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": subscription["items"].data[0].id, "price": dear.id}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "error_if_incomplete",
            },
        )
    unchanged = v1.subscriptions.retrieve(subscription.id)
    assert unchanged["items"].data[0].price.id == cheap.id


def test_credit_is_used_before_the_card(v1: Any) -> None:
    _, customer = make_customer(v1)
    v1.customers.balance_transactions.create(customer.id, {"amount": -10000, "currency": "usd"})
    price = make_price(v1, 8900)
    subscription = v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "expand": ["latest_invoice"]}
    )
    invoice = subscription.latest_invoice
    assert (invoice.total, invoice.amount_due, invoice.status) == (8900, 0, "paid")
    assert v1.customers.retrieve(customer.id).balance == -1100


def test_a_refund_is_never_more_than_was_paid(v1: Any) -> None:
    _, customer = make_customer(v1)
    price = make_price(v1, 8900)
    v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    intent = v1.payment_intents.list({"customer": customer.id}).data[0]
    v1.refunds.create({"payment_intent": intent.id, "amount": 8000})
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.create({"payment_intent": intent.id, "amount": 901})
    v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"


def test_what_was_given_back_stands_on_the_charge_that_an_invoices_payments_lead_to(v1: Any) -> None:
    _, customer = make_customer(v1)
    price = make_price(v1, 8900)
    v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    intent = v1.payment_intents.list({"customer": customer.id}).data[0]
    v1.refunds.create({"payment_intent": intent.id, "amount": 700})
    (charge,) = v1.charges.list({"customer": customer.id}).data
    (invoice,) = v1.invoices.list({"customer": customer.id, "expand": ["data.payments"]}).data
    (paid,) = invoice.payments.data
    assert (charge.amount_refunded, charge.payment_intent, paid.payment.payment_intent) == (
        700,
        intent.id,
        intent.id,
    )
    assert invoice.post_payment_credit_notes_amount == 0
    told = v1.events.list({"types": ["charge.refunded"], "limit": 100}).data
    assert customer.id in {event.data.object.customer for event in told}


def test_a_customer_keeps_to_its_currency(v1: Any) -> None:
    _, customer = make_customer(v1)
    usd, eur = make_price(v1, 100), make_price(v1, 100, currency="eur")
    v1.subscriptions.create({"customer": customer.id, "items": [{"price": usd.id}]})
    with pytest.raises(stripe.InvalidRequestError):
        v1.subscriptions.create({"customer": customer.id, "items": [{"price": eur.id}]})
