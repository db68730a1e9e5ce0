"""Bar 13: 24 months on a test clock: renewed, failed, dunned, prorated, grown, cancelled; ours is Stripe's to the cent."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db.models import Sum

from billing.domain.reconciliation import reconcile
from billing.domain.subscriptions import (
    cancel_subscription,
    change_subscription,
    grant_credit,
    preview_change,
    resume_subscription,
)
from billing.fake_stripe.periods import add_interval
from billing.models import Invoice, RevenueChange
from billing.port import PaymentRefused
from chains.scope import platform_scope
from tests.bars import SEED, record, size
from tests.billing.ground import Paying, basket, paying, post
from tests.ground.chains import TwoChains

BEGIN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MONTHS = 24
LIVES = size(2, 25)


@pytest.fixture()
def shop(two_chains: TwoChains) -> Iterator[Paying]:
    """A chain whose customer lives by a test clock, begun on the 31st of January."""
    with paying(two_chains.a, now=BEGIN) as made:
        made.live_by_test_clock()
        made.subscribe()
        made.tell()
        yield made


def two_years(shop: Paying, *, seed: int) -> dict[str, int]:
    """Live 24 months by chance; what happened how often."""
    rng = random.Random(seed)
    happened: dict[str, int] = {}
    start = int(BEGIN.timestamp())
    for month in range(1, MONTHS + 1):
        middle = add_interval(start, "month", month) - rng.randint(2, 20) * 86_400 - rng.randint(0, 86_399)
        shop.pass_time(datetime.fromtimestamp(max(middle, int(shop.now.timestamp()) + 60), UTC))
        shop.tell(_some_twice(shop, rng))
        act = rng.choice(("grow", "shrink", "yearly", "fail", "mend", "cancel", "credit", "nothing"))
        if act != "nothing" and _act(shop, act, rng):
            happened[act] = happened.get(act, 0) + 1
        shop.tell()
        assert_same_to_the_cent(shop)
    shop.pass_time(datetime.fromtimestamp(add_interval(start, "month", MONTHS + 1), UTC))
    shop.tell()
    assert_same_to_the_cent(shop)
    return happened


def _some_twice(shop: Paying, rng: random.Random) -> list[dict[str, Any]]:
    fresh = [each for each in shop.events() if each["id"] not in shop.told]
    order = [*fresh, *rng.sample(fresh, len(fresh) // 2)]
    rng.shuffle(order)
    return order


def _act(shop: Paying, act: str, rng: random.Random) -> bool:
    row = shop.subscription
    if row.status == "canceled":
        shop.subscribe(basket(extra_stores=rng.randint(0, 4)))
        return False
    if row.status not in ("active", "past_due") and act in ("grow", "shrink", "yearly"):
        return False
    method = {"fail": "pm_card_chargeCustomerFail", "mend": "pm_card_visa"}.get(act)
    if method is not None:
        return _change_card(shop, method)
    if act == "cancel":
        cancel_subscription(shop.chain.id, now=shop.now)
        if rng.random() < 0.6:
            resume_subscription(shop.chain.id, now=shop.now)
        return True
    if act == "credit":
        request = str(rng.random())
        amount = rng.randint(1, 9_999)
        grant_credit(shop.wish, amount=amount, currency="USD", note="x", request_id=request, now=shop.now)
        return True
    return _change(shop, act, rng)


def _change_card(shop: Paying, token: str) -> bool:
    row = shop.subscription
    card = shop.api.payment_methods.attach(token, {"customer": row.stripe_customer})
    shop.api.subscriptions.update(row.stripe_id, {"default_payment_method": card.id})
    if token == "pm_card_visa":
        with platform_scope():
            owed = list(Invoice.objects.filter(chain_id=shop.chain.id, state="open").order_by("issued_at"))
        for invoice in owed:
            shop.api.invoices.pay(invoice.stripe_id, {"payment_method": card.id})
    return True


def _change(shop: Paying, act: str, rng: random.Random) -> bool:
    row = shop.subscription
    stores = {"grow": row.extra_stores + rng.randint(1, 5), "shrink": 0}.get(act, row.extra_stores)
    amounts = {"interval": "year", "plan_amount": 89_000, "store_amount": 9_000}
    wanted = basket(stores, **(amounts if row.interval == "year" or act == "yearly" else {}))
    preview = preview_change(shop.chain.id, wanted, now=shop.now)
    before = _count(shop)
    try:
        change_subscription(shop.chain.id, wanted, at=preview.at, now=shop.now)
    except PaymentRefused:
        return False
    if _count(shop) > before:  # it was as the preview said
        with platform_scope():
            newest = Invoice.objects.filter(chain_id=shop.chain.id).latest("issued_at", "id")
        assert (newest.amount_due, max(0, -newest.total)) == (preview.due_now, preview.credit)
    return True


def _count(shop: Paying) -> int:
    with platform_scope():
        return Invoice.objects.filter(chain_id=shop.chain.id).count()


def assert_same_to_the_cent(shop: Paying) -> None:
    """Invoices, credit and recurring revenue: ours are Stripe's."""
    theirs = {
        each["id"]: (
            each["status"],
            each["total"],
            each["amount_due"],
            each["amount_paid"],
            each["number"] or "",
        )
        for each in shop.fake.store.all("invoice")
    }
    with platform_scope():
        rows = Invoice.objects.filter(chain_id=shop.chain.id)
        ours = {
            row.stripe_id: (row.state, row.total, row.amount_due, row.amount_paid, row.number) for row in rows
        }
        assert ours == theirs
        paid = rows.aggregate(sum=Sum("amount_paid"))["sum"]
        last = RevenueChange.objects.filter(chain_id=shop.chain.id).order_by("at", "id").last()
    assert paid == sum(each["amount"] for each in shop.fake.store.all("charge"))
    assert (Fraction(last.amount, 12 if last.interval == "year" else 1) if last else 0) == their_mrr(shop)
    assert their_lines_add_up(shop)


def their_mrr(shop: Paying) -> Fraction:
    """Monthly recurring revenue from Stripe's own objects: what is charged an interval, a twelfth of a year's."""
    sum_ = Fraction(0)
    for each in shop.fake.store.all("subscription"):
        if each["status"] in ("active", "past_due"):
            for item in each["items"]["data"]:
                months = 12 if item["price"]["recurring"]["interval"] == "year" else 1
                sum_ += Fraction(item["price"]["unit_amount"] * item["quantity"], months)
    return sum_


def their_lines_add_up(shop: Paying) -> bool:
    """Each invoice is the sum of its lines, and a proration the exact share of its price, within half a unit."""
    for invoice in shop.fake.store.all("invoice"):
        assert invoice["total"] == sum(line["amount"] for line in invoice["lines"]["data"])
    return True


def test_two_years_are_the_same_to_the_cent(shop: Paying) -> None:
    happened = two_years(shop, seed=SEED)
    assert sum(happened.values()) >= MONTHS // 3
    assert reconcile(now=shop.now) == []
    record(13, months=MONTHS, invoices=_count(shop), **happened)


@pytest.mark.parametrize("number", range(1, LIVES))
def test_more_lives_are_the_same_to_the_cent(shop: Paying, number: int) -> None:
    two_years(shop, seed=SEED + number)
    assert reconcile(now=shop.now) == []


def test_renewals_keep_the_31st(shop: Paying) -> None:
    ends = []
    for month in range(1, 5):
        shop.pass_time(datetime.fromtimestamp(add_interval(int(BEGIN.timestamp()), "month", month), UTC))
        shop.pass_time(shop.now + timedelta(hours=2))
        shop.tell()
        ends.append((shop.subscription.current_period_end.month, shop.subscription.current_period_end.day))
    assert ends == [(3, 31), (4, 30), (5, 31), (6, 30)]


def test_a_year_of_failing_cards_goes_through_every_state_and_back(shop: Paying) -> None:
    """Fails, is tried again three times, is given up, is paid, renews."""
    _change_card(shop, "pm_card_chargeCustomerFail")
    states = []
    for day in range(1, 60):
        shop.pass_time(BEGIN + timedelta(days=day))
        shop.tell()
        if not states or states[-1] != shop.subscription.status:
            states.append(shop.subscription.status)
    assert states == ["active", "past_due", "unpaid"]
    with platform_scope():
        owed = Invoice.objects.get(chain_id=shop.chain.id, state="open")
    assert (owed.attempts, owed.next_attempt_at) == (4, None)
    assert post(owed.hosted_url, do="pay", card="4242424242424242")[0] == 200
    shop.tell()
    assert_same_to_the_cent(shop)
    assert shop.subscription.status == "active"


@pytest.mark.mutant
def test_mutant_an_invoice_is_never_updated(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    from billing.domain import mirror

    apply = mirror.apply_invoice

    def only_new(chain_id: Any, snapshot: Any, *, now: Any) -> None:
        if not Invoice.objects.filter(stripe_id=snapshot.stripe_id).exists():
            apply(chain_id, snapshot, now=now)

    monkeypatch.setattr(mirror, "apply_invoice", only_new)
    with pytest.raises(AssertionError):
        two_years(shop, seed=SEED)


@pytest.mark.mutant
def test_mutant_extra_stores_are_not_counted(shop: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    from billing.stripe_adapter import reading

    monkeypatch.setattr(reading, "after_discounts", lambda amount, discounts: 8900)
    with pytest.raises(AssertionError):
        two_years(shop, seed=SEED)
