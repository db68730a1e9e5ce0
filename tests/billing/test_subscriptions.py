"""A chain subscribes, changes, cancels and comes back, through the fake Stripe and the official SDK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from billing.domain.intents import Overtaken
from billing.domain.subscriptions import (
    AlreadySubscribed,
    CurrencyFixed,
    NoSubscription,
    cancel_subscription,
    change_subscription,
    ensure_customer,
    extend_paid_trial,
    grant_credit,
    open_portal,
    preview_change,
    resume_subscription,
)
from billing.models import Customer, Intent, Invoice, Subscription
from billing.port import CustomerWish, PaymentRefused
from billing.provider import BillingNotSetUp, provider, replaced_provider
from chains.models import Chain
from chains.scope import chain_scope, platform_scope
from tests.billing.ground import (
    ASKS_BANK,
    DAY,
    DECLINED_CARD,
    LATER_FAILS,
    Paying,
    basket,
    get,
    paying,
    post,
)
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain that has bought nothing yet."""
    with paying(two_chains.a, now=NOW) as made:
        yield made


def mirrored_invoices(shop: Paying) -> list[tuple[str, int, int]]:
    with platform_scope():
        rows = Invoice.objects.filter(chain_id=shop.chain.id).order_by("issued_at", "number")
        return [(row.state, row.total, row.amount_paid) for row in rows]


def test_paying_on_the_page_makes_the_chain_active_once_the_webhook_tells(shop: Paying) -> None:
    shop.subscribe(basket(extra_stores=2))
    shop.tell()
    row = shop.subscription
    assert (row.status, row.plan, row.extra_stores, row.recurring_amount) == ("active", "growth", 2, 10700)
    assert mirrored_invoices(shop) == [("paid", 10700, 10700)]
    with platform_scope():
        assert Chain.objects.get(id=shop.chain.id).state == "active"


def test_every_object_carries_the_chain(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    row = shop.subscription
    chain = str(shop.chain.id)
    assert shop.api.customers.retrieve(row.stripe_customer).metadata["chain"] == chain
    subscription = shop.api.subscriptions.retrieve(row.stripe_id)
    assert subscription.metadata["chain"] == chain
    invoice = shop.api.invoices.retrieve(subscription.latest_invoice)
    assert invoice.parent.subscription_details.metadata["chain"] == chain
    session = shop.api.checkout.sessions.list({"customer": row.stripe_customer}).data[0]
    assert (session.metadata["chain"], session.client_reference_id) == (chain, chain)


def test_what_is_left_of_the_trial_is_kept(shop: Paying) -> None:
    shop.subscribe(trial_end=NOW + 10 * DAY)
    shop.tell()
    row = shop.subscription
    assert (row.status, row.trial_end) == ("trialing", (NOW + 10 * DAY).replace(microsecond=0))
    assert mirrored_invoices(shop) == [("paid", 0, 0)]
    shop.pass_time(NOW + 11 * DAY)
    shop.tell()
    assert shop.subscription.status == "active"
    assert mirrored_invoices(shop) == [("paid", 0, 0), ("paid", 8900, 8900)]


def test_two_clicks_are_one_checkout(shop: Paying) -> None:
    assert shop.checkout() == shop.checkout()
    assert len(shop.api.checkout.sessions.list({"limit": 100}).data) == 1


def test_a_later_checkout_closes_the_earlier_page(shop: Paying) -> None:
    first = shop.checkout()
    second = shop.checkout(basket(extra_stores=1))
    assert get(first.url)[0] == 410
    assert get(second.url)[0] == 200


def test_a_page_that_was_paid_leads_on_when_paid_again(shop: Paying) -> None:
    page = shop.checkout()
    assert [post(page.url, do="pay", card="4242424242424242")[:2] for _ in range(2)] == [
        (303, "http://alpha.tessera.test/done")
    ] * 2
    assert len(shop.api.subscriptions.list().data) == 1


def test_whoever_is_subscribed_cannot_subscribe_again(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    with pytest.raises(AlreadySubscribed):
        shop.checkout()


def test_what_was_paid_and_no_event_has_told_us_of_is_not_sold_again(shop: Paying) -> None:
    shop.subscribe()  # no webhook came, nobody came back
    for wanted in (basket(), basket(extra_stores=1), basket(interval="year", plan_amount=89000)):
        with pytest.raises(AlreadySubscribed):
            shop.checkout(wanted)
    assert len(shop.api.subscriptions.list().data) == 1
    shop.work()
    assert shop.subscription.status == "active"


def test_of_two_pages_opened_at_once_one_can_be_paid(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_customer(shop.wish, now=shop.now)
    expire, later = shop.provider._expire_others, []

    def meanwhile(customer: str, *, but: str) -> None:
        expire(customer, but=but)
        if not later:
            later.append(None)
            later[0] = shop.checkout(basket(extra_stores=1))

    monkeypatch.setattr(shop.provider, "_expire_others", meanwhile)
    with pytest.raises(Overtaken):
        shop.checkout()
    assert get(later[0].url)[0] == 200


def test_two_owners_at_once_are_one_customer(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    make, other = shop.provider.make_customer, []

    def meanwhile(wish: CustomerWish, *, key: str) -> str:
        if not other:
            other.append("")
            partner = replace(shop.wish, email="partner@alpha.test", locale="zh-Hans")
            other[0] = ensure_customer(partner, now=shop.now)
        return make(wish, key=key)

    monkeypatch.setattr(shop.provider, "make_customer", meanwhile)
    assert [ensure_customer(shop.wish, now=shop.now)] == other
    assert len(shop.api.customers.list().data) == 1


def test_a_declined_card_leaves_nothing_behind(shop: Paying) -> None:
    page = shop.checkout()
    status, _, html = post(page.url, do="pay", card=DECLINED_CARD)
    assert (status, "declined" in html) == (200, True)
    assert shop.api.subscriptions.list().data == []
    assert post(page.url, do="pay", card="4242 4242 4242 4242")[0] == 303


def test_the_bank_is_asked_and_may_be_refused(shop: Paying) -> None:
    page = shop.checkout()
    asked = post(page.url, do="pay", card=ASKS_BANK)
    assert "Your bank asks" in asked[2]
    refused = post(page.url, card=ASKS_BANK, bank="no")
    assert (refused[0], shop.api.subscriptions.list().data) == (200, [])
    assert post(page.url, card=ASKS_BANK, bank="yes")[0] == 303


def test_a_change_costs_what_its_preview_said(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    shop.pass_time(NOW + 10 * DAY)
    preview = preview_change(shop.chain.id, basket(extra_stores=3), now=shop.now)
    row = change_subscription(shop.chain.id, basket(extra_stores=3), at=preview.at, now=shop.now)
    assert (row.extra_stores, row.recurring_amount) == (3, 11600)
    state, total, paid = mirrored_invoices(shop)[-1]
    assert (state, total, paid) == ("paid", preview.due_now, preview.due_now)
    assert preview.renewal_amount == 11600
    assert [(line.plan, line.part, line.quantity) for line in preview.lines] == [("growth", "store", 3)]


def test_a_preview_of_a_discounted_subscription_renews_at_what_will_be_charged(shop: Paying) -> None:
    coupon = shop.api.coupons.create({"percent_off": 25, "duration": "forever"})
    shop.api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"})
    page = shop.checkout()
    post(page.url, do="code", code="welcome")
    post(page.url, do="pay", card="4242424242424242")
    shop.tell()
    preview = preview_change(shop.chain.id, basket(extra_stores=3), now=shop.now)
    row = change_subscription(shop.chain.id, basket(extra_stores=3), at=preview.at, now=shop.now)
    assert (preview.renewal_amount, row.recurring_amount) == (8700, 8700)


def test_a_smaller_plan_becomes_credit_for_the_next_invoice(shop: Paying) -> None:
    shop.subscribe(basket(extra_stores=3))
    shop.tell()
    shop.pass_time(NOW + 10 * DAY)
    preview = preview_change(shop.chain.id, basket(), now=shop.now)
    change_subscription(shop.chain.id, basket(), at=preview.at, now=shop.now)
    with platform_scope():
        assert Customer.objects.get(chain_id=shop.chain.id).credit == preview.credit
    assert (preview.due_now, preview.credit > 0) == (0, True)


def test_changing_to_what_it_is_asks_nothing_of_stripe(shop: Paying) -> None:
    shop.subscribe(basket(extra_stores=1))
    shop.tell()
    events = len(shop.events())
    change_subscription(shop.chain.id, basket(extra_stores=1), at=shop.now, now=shop.now)
    assert len(shop.events()) == events


def test_a_rise_that_is_declined_changes_nothing(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    fail = shop.api.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": shop.subscription.stripe_customer}
    )
    shop.api.subscriptions.update(shop.subscription.stripe_id, {"default_payment_method": fail.id})
    with pytest.raises(PaymentRefused):
        change_subscription(shop.chain.id, basket(extra_stores=3), at=shop.now, now=shop.now)
    shop.tell()
    assert (shop.subscription.extra_stores, mirrored_invoices(shop)) == (0, [("paid", 8900, 8900)])


def test_from_month_to_year_begins_a_new_period(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    shop.pass_time(NOW + 10 * DAY)
    yearly = basket(interval="year", plan_amount=89000, store_amount=9000)
    preview = preview_change(shop.chain.id, yearly, now=shop.now)
    row = change_subscription(shop.chain.id, yearly, at=preview.at, now=shop.now)
    assert (row.interval, row.recurring_amount) == ("year", 89000)
    assert row.current_period_end == preview.renews_at
    assert mirrored_invoices(shop)[-1][1] == preview.due_now


def test_the_currency_stays_while_it_runs(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    with pytest.raises(CurrencyFixed):
        preview_change(shop.chain.id, basket(currency="EUR"), now=shop.now)


def test_a_cancelled_one_runs_to_its_end_and_can_be_kept_until_then(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    assert cancel_subscription(shop.chain.id, now=shop.now).cancel_at_period_end is True
    assert resume_subscription(shop.chain.id, now=shop.now).cancel_at_period_end is False
    cancel_subscription(shop.chain.id, now=shop.now)
    shop.pass_time(NOW + 40 * DAY)
    shop.tell()
    assert shop.subscription.status == "canceled"
    with pytest.raises(NoSubscription):
        resume_subscription(shop.chain.id, now=shop.now)
    # and the way back
    shop.subscribe(basket(extra_stores=1))
    shop.tell()
    assert (shop.subscription.status, shop.subscription.extra_stores) == ("active", 1)


def test_a_renewal_that_fails_is_tried_again_and_mended_in_the_portal(shop: Paying) -> None:
    page = shop.checkout(trial_end=NOW + 5 * DAY)
    assert post(page.url, do="pay", card=LATER_FAILS)[0] == 303
    shop.tell()
    shop.pass_time(NOW + 6 * DAY)
    shop.tell()
    assert (shop.subscription.status, shop.subscription.past_due_since) == ("past_due", shop.now)
    with platform_scope():
        owed = Invoice.objects.get(chain_id=shop.chain.id, state="open")
    assert (owed.total, owed.attempts, owed.next_attempt_at is not None) == (8900, 1, True)
    portal = open_portal(
        shop.chain.id, return_url="http://alpha.tessera.test/", locale="zh-Hans", now=shop.now
    )
    assert "立即支付" in get(portal.url)[2]
    assert post(portal.url, do="card", card="4242424242424242")[0] == 303
    assert post(portal.url, do="pay", invoice=owed.stripe_id)[0] == 303
    shop.tell()
    assert (shop.subscription.status, shop.subscription.past_due_since) == ("active", None)
    assert mirrored_invoices(shop)[-1] == ("paid", 8900, 8900)


def test_after_the_last_retry_it_is_unpaid(shop: Paying) -> None:
    page = shop.checkout(trial_end=NOW + 5 * DAY)
    post(page.url, do="pay", card=LATER_FAILS)
    shop.pass_time(NOW + 6 * DAY)
    shop.tell()
    behind_since = shop.now
    shop.pass_time(NOW + 30 * DAY)
    shop.tell()
    assert (shop.subscription.status, shop.subscription.past_due_since) == ("unpaid", behind_since)


def test_a_paid_trial_can_be_made_longer(shop: Paying) -> None:
    shop.subscribe(trial_end=NOW + 5 * DAY)
    shop.tell()
    row = extend_paid_trial(shop.chain.id, until=NOW + 20 * DAY, request_id="r1", now=shop.now)
    assert row.trial_end == (NOW + 20 * DAY).replace(microsecond=0)
    shop.pass_time(NOW + 15 * DAY)
    shop.tell()
    assert (shop.subscription.status, mirrored_invoices(shop)) == ("trialing", [("paid", 0, 0)])


def test_credit_is_taken_off_the_next_invoice_once_for_each_act(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    for _ in range(3):
        credit = grant_credit(
            shop.wish, amount=5000, currency="USD", note="sorry", request_id="act-1", now=shop.now
        )
        assert credit == 5000
    shop.pass_time(NOW + 32 * DAY)
    shop.tell()
    with platform_scope():
        last = Invoice.objects.filter(chain_id=shop.chain.id).latest("issued_at")
        assert Customer.objects.get(chain_id=shop.chain.id).credit == 0
    assert (last.total, last.amount_due, last.amount_paid) == (8900, 3900, 3900)


def test_credit_of_one_act_is_given_once_also_when_its_form_is_sent_again_with_other_words(
    shop: Paying,
) -> None:
    for amount, note in ((5000, "sorry"), (5000, "very sorry"), (7000, "sorry")):
        grant_credit(shop.wish, amount=amount, currency="USD", note=note, request_id="act-1", now=shop.now)
    assert [each["amount"] for each in shop.fake.store.all("customer_balance_transaction")] == [-5000]


def test_a_promotion_code_lowers_the_recurring_amount(shop: Paying) -> None:
    coupon = shop.api.coupons.create({"percent_off": 25, "duration": "forever"})
    shop.api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"})
    page = shop.checkout(basket(extra_stores=1))
    assert "does not hold" in post(page.url, do="code", code="NOPE")[2]
    assert "73.50 USD" in post(page.url, do="code", code="welcome")[2]
    post(page.url, do="pay", card="4242424242424242", tax_id="DE123456789")
    shop.tell()
    assert (shop.subscription.recurring_amount, mirrored_invoices(shop)) == (7350, [("paid", 7350, 7350)])
    with platform_scope():
        assert Customer.objects.get(chain_id=shop.chain.id).tax_ids == ["DE123456789"]


def test_a_deleted_customer_ends_and_is_made_anew(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    old = shop.subscription.stripe_customer
    shop.api.customers.delete(old)
    shop.tell()
    assert shop.subscription.status == "canceled"
    with pytest.raises(NoSubscription):
        open_portal(shop.chain.id, return_url="http://a.test/", locale="en", now=shop.now)
    shop.subscribe()
    shop.tell()
    assert (shop.subscription.status, shop.subscription.stripe_customer != old) == ("active", True)


def test_a_customer_deleted_unheard_of_does_not_stop_a_checkout(shop: Paying) -> None:
    old = ensure_customer(shop.wish, now=shop.now)
    shop.api.customers.delete(old)
    shop.subscribe()
    shop.tell()
    assert shop.subscription.status == "active"


def test_no_call_is_made_within_a_transaction(shop: Paying) -> None:
    with chain_scope(shop.chain), pytest.raises(RuntimeError, match="no transaction"):
        provider()


def test_without_a_provider_nothing_can_be_bought(shop: Paying) -> None:
    with replaced_provider(None), pytest.raises(BillingNotSetUp):
        shop.checkout()
    with platform_scope():
        assert (Subscription.objects.count(), Intent.objects.count()) == (0, 0)


def test_a_customer_is_made_once_whatever_is_asked_how_often(shop: Paying) -> None:
    ids = {ensure_customer(shop.wish, now=shop.now + timedelta(hours=each)) for each in range(4)}
    assert len(ids) == 1
    renamed = replace(shop.wish, name="Another name")
    assert ensure_customer(renamed, now=shop.now) in ids


def test_the_period_is_that_of_the_provider(shop: Paying) -> None:
    shop.subscribe()
    shop.tell()
    row = shop.subscription
    assert isinstance(row.current_period_end, datetime)
    assert (row.current_period_start, row.current_period_end.month) == (
        NOW.replace(microsecond=0),
        NOW.month % 12 + 1,
    )
