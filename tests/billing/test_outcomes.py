"""What waits for a provider that is away: owners take it back, operators' acts that came to nothing are in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from billing.domain.intents import KEY_LIVES, KIND
from billing.domain.operating import (
    Pays,
    TrialDaysWrong,
    extend_subscribed_trial,
    give_credit,
    has_paid_trial,
)
from billing.domain.own import billing_of
from billing.domain.refresh import refresh_now
from billing.domain.subscriptions import (
    cancel_subscription,
    change_subscription,
    resume_subscription,
    start_checkout,
    withdraw_change,
)
from billing.models import Customer, Intent, IntentState, Notice, Subscription
from billing.port import CustomerWish, NotAtProvider, PaymentRefused, ProviderAway
from billing.provider import replaced_provider
from chains.domain.operators import Operator
from chains.models import DueWork, OperatorAct
from chains.scope import chain_scope, platform_scope
from tests.billing.ground import basket, work
from tests.billing.stand_in import StandIn
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains

BY = Operator(uuid4(), "op@tessera.test")
DAY = timedelta(days=1)
ENDS = NOW + 10 * DAY


@pytest.fixture()
def stripe() -> Iterator[StandIn]:
    """The provider of this test."""
    stand_in = StandIn(now=NOW)
    with replaced_provider(stand_in):
        yield stand_in


def subscribe(chains: TwoChains, stripe: StandIn, *, trial_end: datetime | None = None) -> Any:
    """A chain that has subscribed to the middle plan; its id."""
    wish = CustomerWish(chains.a.id, "Alpha", "owner@alpha.test", "en", "US")
    urls = {"success_url": "http://a.test/done", "cancel_url": "http://a.test/back"}
    page = start_checkout(wish, basket(), trial_end=trial_end, now=NOW, **urls)
    stripe.pay(page.id)
    refresh_now(chains.a.id, now=NOW)
    return chains.a.id


def acts(chain_id: Any) -> list[tuple[str, str, str]]:
    """The operators' log of the chain."""
    rows = OperatorAct.objects.filter(chain_id=chain_id).order_by("at", "id")
    return [(row.act, row.operator_email, row.reason) for row in rows]


def wait(chain: Any, *, for_: timedelta) -> None:
    """Let the background work that much later."""
    with platform_scope():
        DueWork.objects.filter(kind=KIND).update(due_at=NOW)
        Intent.objects.filter(state=IntentState.OPEN).update(due_at=NOW)
    work(now=NOW + for_)


def test_a_change_that_waits_is_shown_and_taken_back(two_chains: TwoChains, stripe: StandIn) -> None:
    chain = subscribe(two_chains, stripe)
    stripe.away = True
    with pytest.raises(ProviderAway):
        change_subscription(chain, basket(plan="brand", plan_amount=29900), at=NOW, now=NOW)
    with chain_scope(two_chains.a):
        waiting = [(one.kind, one.since, one.plan) for one in billing_of(language="en").waiting]
    assert waiting == [("change", NOW, "brand")]
    with chain_scope(two_chains.b):
        assert billing_of(language="en").waiting == ()
    assert (withdraw_change(chain, now=NOW), withdraw_change(chain, now=NOW)) == (1, 0)
    stripe.away = False
    charged = stripe.charged
    wait(chain, for_=timedelta(hours=1))
    assert (stripe.charged, Subscription.objects.get(chain_id=chain).plan) == (charged, "growth")
    with chain_scope(two_chains.a):
        assert billing_of(language="en").waiting == ()


def test_a_change_taken_back_that_came_true_unheard_stands_in_the_mirror(
    two_chains: TwoChains, stripe: StandIn
) -> None:
    chain = subscribe(two_chains, stripe)
    stripe.answers_lost = 1
    with pytest.raises(ProviderAway):
        change_subscription(chain, basket(plan="brand", plan_amount=29900), at=NOW, now=NOW)
    withdraw_change(chain, now=NOW)
    assert Subscription.objects.get(chain_id=chain).plan == "brand"


def test_a_cancellation_that_waits_is_taken_back_too(two_chains: TwoChains, stripe: StandIn) -> None:
    chain = subscribe(two_chains, stripe)
    stripe.away = True
    with pytest.raises(ProviderAway):
        cancel_subscription(chain, now=NOW)
    assert withdraw_change(chain, now=NOW) == 1
    stripe.away = False
    wait(chain, for_=timedelta(hours=1))
    assert Subscription.objects.get(chain_id=chain).cancel_at_period_end is False


def test_what_operators_granted_is_not_an_owners_to_take_back(two_chains: TwoChains, stripe: StandIn) -> None:
    chain = subscribe(two_chains, stripe)
    stripe.away = True
    with pytest.raises(ProviderAway):
        give_credit(chain, amount=500, reason="late", request_id="r1", by=BY, now=NOW)
    assert withdraw_change(chain, now=NOW) == 0
    stripe.away = False
    wait(chain, for_=timedelta(hours=1))
    assert (stripe.credit, acts(chain)) == (500, [("grant_credit", BY.email, "late")])


def test_credit_that_was_never_given_is_in_the_log(two_chains: TwoChains, stripe: StandIn) -> None:
    chain = subscribe(two_chains, stripe)
    stripe.away = True
    with pytest.raises(ProviderAway):
        give_credit(chain, amount=500, reason="late", request_id="r1", by=BY, now=NOW)
    wait(chain, for_=KEY_LIVES + timedelta(minutes=1))
    wait(chain, for_=KEY_LIVES + timedelta(minutes=9))
    assert acts(chain) == [("grant_credit", BY.email, "late"), ("credit_not_given", "Tessera", "late")]
    lost = OperatorAct.objects.get(act="credit_not_given")
    after = {"amount": 500, "currency": "USD", "request": "r1", "error": "payment_provider_away"}
    assert (lost.after, lost.at) == (after, NOW + KEY_LIVES + timedelta(minutes=1))
    stripe.away = False
    assert stripe.credit == 0


def test_credit_that_the_provider_refuses_later_is_in_the_log_and_at_once_is_not(
    two_chains: TwoChains, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = subscribe(two_chains, stripe)

    def refuses(*args: object, **kwargs: object) -> int:
        raise NotAtProvider

    stripe.away = True
    with pytest.raises(ProviderAway):
        give_credit(chain, amount=500, reason="late", request_id="r1", by=BY, now=NOW)
    stripe.away = False
    monkeypatch.setattr(stripe, "grant_credit", refuses)
    wait(chain, for_=timedelta(hours=1))
    with pytest.raises(NotAtProvider):
        give_credit(chain, amount=700, reason="told no", request_id="r2", by=BY, now=NOW)
    assert acts(chain) == [("grant_credit", BY.email, "late"), ("credit_not_given", "Tessera", "late")]


def lost_wishes(chain: Any) -> list[str]:
    """What owners were told did not come true."""
    told = Notice.objects.filter(chain_id=chain, kind="wish_lost").order_by("created_at", "id")
    return [one.params["cause"] for one in told]


CHANGED = basket(plan="brand", plan_amount=29900)
WISHES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "change": ("change_subscription", lambda chain: change_subscription(chain, CHANGED, at=NOW, now=NOW)),
    "cancel": ("cancel_at_period_end", lambda chain: cancel_subscription(chain, now=NOW)),
    "resume": ("resume", lambda chain: resume_subscription(chain, now=NOW)),
}


@pytest.mark.parametrize("wish", list(WISHES))
@pytest.mark.parametrize("end", ["refused", "never answered"])
def test_what_was_to_be_done_later_and_was_not_is_told_to_the_owners_once(
    two_chains: TwoChains, stripe: StandIn, monkeypatch: pytest.MonkeyPatch, wish: str, end: str
) -> None:
    chain, (method, act) = subscribe(two_chains, stripe), WISHES[wish]
    stripe.away = True
    with pytest.raises(ProviderAway):
        act(chain)

    def refuses(*args: object, **kwargs: object) -> object:
        raise PaymentRefused

    if end == "refused":
        stripe.away = False
        monkeypatch.setattr(stripe, method, refuses)
    for hours in (1, 24, 25):
        wait(chain, for_=timedelta(hours=hours))
    assert lost_wishes(chain) == [wish]


def test_what_the_owner_took_back_replaced_or_was_told_at_once_is_not_told_again(
    two_chains: TwoChains, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = subscribe(two_chains, stripe)
    stripe.away = True
    for act in ("change", "cancel", "resume"):  # the last takes the cancellation's place
        with pytest.raises(ProviderAway):
            WISHES[act][1](chain)
    withdraw_change(chain, now=NOW)
    stripe.away = False

    def refuses(*args: object, **kwargs: object) -> object:
        raise PaymentRefused

    monkeypatch.setattr(stripe, "change_subscription", refuses)
    with pytest.raises(PaymentRefused):
        WISHES["change"][1](chain)
    wait(chain, for_=timedelta(hours=30))
    assert lost_wishes(chain) == []


def test_a_trial_subscribed_to_is_extended_at_the_provider_once(
    two_chains: TwoChains, stripe: StandIn
) -> None:
    chain = subscribe(two_chains, stripe, trial_end=ENDS)
    with platform_scope():
        assert has_paid_trial(chain) is True
    for _click in range(2):
        until = extend_subscribed_trial(chain, days=7, reason="asked", request_id="r1", by=BY, now=NOW)
        assert until == ENDS + 7 * DAY
    row = Subscription.objects.get(chain_id=chain)
    assert (row.trial_end, row.status, stripe.charged) == (ENDS + 7 * DAY, "trialing", 0)
    assert acts(chain) == [("extend_trial", BY.email, "asked")]
    act = OperatorAct.objects.get()
    assert (act.before, act.after) == (
        {"trial_ends_at": ENDS.isoformat()},
        {"trial_ends_at": (ENDS + 7 * DAY).isoformat(), "request": "r1"},
    )
    extend_subscribed_trial(chain, days=1, reason="again", request_id="r2", by=BY, now=NOW)
    assert Subscription.objects.get(chain_id=chain).trial_end == ENDS + 8 * DAY


def test_a_longer_trial_while_the_provider_is_away_is_made_later_or_noted_as_lost(
    two_chains: TwoChains, stripe: StandIn
) -> None:
    chain = subscribe(two_chains, stripe, trial_end=ENDS)
    stripe.away = True
    for request in ("r1", "r2"):
        with pytest.raises(ProviderAway):
            extend_subscribed_trial(chain, days=7, reason=request, request_id=request, by=BY, now=NOW)
    stripe.away = False
    wait(chain, for_=timedelta(minutes=5))
    assert Subscription.objects.get(chain_id=chain).trial_end == ENDS + 7 * DAY
    assert sorted(acts(chain)) == [
        ("extend_trial", BY.email, "r1"),
        ("extend_trial", BY.email, "r2"),
        ("trial_not_extended", "Tessera", "r1"),
    ]


@pytest.mark.parametrize("days", [0, 181])
def test_it_is_extended_by_a_sensible_number_of_days(
    two_chains: TwoChains, stripe: StandIn, days: int
) -> None:
    with pytest.raises(TrialDaysWrong):
        extend_subscribed_trial(two_chains.a.id, days=days, reason="", request_id="r", by=BY, now=NOW)


def test_who_is_charged_already_has_no_trial_to_extend(two_chains: TwoChains, stripe: StandIn) -> None:
    chain = subscribe(two_chains, stripe)
    with platform_scope():
        assert has_paid_trial(chain) is False
    with pytest.raises(Pays):
        extend_subscribed_trial(chain, days=7, reason="", request_id="r", by=BY, now=NOW)
    assert acts(chain) == []


def test_a_no_in_the_background_is_a_reason_to_look(
    two_chains: TwoChains, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = subscribe(two_chains, stripe)
    stripe.away = True
    with pytest.raises(ProviderAway):
        cancel_subscription(chain, now=NOW)
    stripe.away = False

    def unknown(*args: object, **kwargs: object) -> None:
        raise NotAtProvider

    monkeypatch.setattr(stripe, "cancel_at_period_end", unknown)
    fetch = stripe.fetch_customer
    monkeypatch.setattr(
        stripe,
        "fetch_customer",
        lambda customer: replace(fetch(customer), deleted=True, subscriptions=(), invoices=()),
    )
    wait(chain, for_=timedelta(minutes=5))
    assert Subscription.objects.get(chain_id=chain).status == "canceled"
    assert Customer.objects.get(chain_id=chain).deleted_at is not None
