"""A chain follows its subscription and the clock: state, entitlements, notices, revenue; each step once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from billing.domain import lifecycle
from billing.domain.lifecycle import KIND, advance_chains, ensure_steps, follow_chain, follow_subscription
from billing.domain.notices import KIND as NOTICES
from billing.domain.refresh import refresh_now
from billing.domain.standing import GRACE, READ_ONLY_FOR, SUSPENDED_FOR, TRIAL_NOTICE, Cause
from billing.models import (
    ChainStanding,
    Customer,
    Invoice,
    InvoiceState,
    Notice,
    RevenueChange,
    StandingStep,
    Subscription,
)
from billing.port import Basket, CheckoutWish
from billing.provider import replaced_provider
from chains import outgoing
from chains.domain.lifecycle import OwesPayment, close_chain, reopen_chain, resume_chain, suspend_chain
from chains.domain.operators import Operator
from chains.due import lease_due, run_due
from chains.models import Chain, ChainState, Domain, DueWork
from chains.outgoing import sent_messages
from chains.scope import platform_scope
from tests.billing.stand_in import StandIn
from tests.ground.cast import NOW, Cast
from tests.ground.chains import TwoChains

DAY = timedelta(days=1)
BY = Operator(uuid4(), "op@tessera.test")
GROWTH = {
    "stores": 12,
    "employees": 150,
    "verticals": None,
    "bookings_a_month": 20_000,
    "messages_a_month": 10_000,
    "api_calls_a_minute": 600,
    "retention_months": 36,
}


def subscription_of(chain_id: Any, **fields: Any) -> Subscription:
    """A monthly subscription to the middle plan with two stores on top, as the mirror writes it."""
    values: dict[str, Any] = {
        "chain_id": chain_id,
        "stripe_id": f"sub_{str(chain_id)[-8:]}",
        "stripe_customer": "cus_1",
        "plan": "growth",
        "interval": "month",
        "currency": "CNY",
        "extra_stores": 2,
        "plan_amount": 59900,
        "store_amount": 5900,
        "recurring_amount": 71700,
        "status": "active",
        "current_period_start": NOW,
        "current_period_end": NOW + 30 * DAY,
        "started_at": NOW,
        "updated_at": NOW,
        **fields,
    }
    row, _made = Subscription.objects.update_or_create(chain_id=chain_id, defaults=values)
    return row


def _follow(chain_id: Any, *, now: datetime = NOW, **fields: Any) -> Chain:
    with platform_scope():
        after = subscription_of(chain_id, **fields)
        follow_subscription(chain_id, before=None, after=after, now=now)
        return Chain.objects.get(id=chain_id)


def _run_due(now: datetime) -> None:
    """Everything of the platform that is due, as the dispatcher runs it, until nothing is."""
    for _round in range(20):
        batches = [batch for batch in lease_due(now=now) if batch.kind in (KIND, NOTICES)]
        if not batches:
            return
        for batch in batches:
            run_due(batch, now=now)


def _on_trial(chain_id: Any, *, ends: datetime) -> None:
    with platform_scope():
        Chain.objects.filter(id=chain_id).update(
            trial_ends_at=ends, plan="growth", entitlements={"stores": 10}, created_at=NOW
        )
        DueWork.objects.create(schema="public", kind=KIND, due_at=ends - TRIAL_NOTICE)


def _steps(chain_id: Any) -> list[tuple[str, str, str]]:
    rows = StandingStep.objects.filter(chain_id=chain_id).order_by("id")
    return [(row.before, row.after, row.cause) for row in rows]


def _notices(chain_id: Any) -> list[str]:
    return list(
        Notice.objects.filter(chain_id=chain_id).order_by("created_at", "kind").values_list("kind", flat=True)
    )


def test_a_first_subscription_makes_a_chain_active_with_what_the_plan_and_its_stores_entitle_to(
    two_chains: TwoChains,
) -> None:
    chain = _follow(two_chains.a.id)
    assert (chain.state, chain.plan, chain.entitlements) == (ChainState.ACTIVE, "growth", GROWTH)
    assert _steps(chain.id) == [("trial", "active", "")]
    assert [(row.amount, row.interval, row.currency) for row in RevenueChange.objects.all()] == [
        (71700, "month", "CNY")
    ]
    assert _notices(chain.id) == ["subscribed"]


def test_followed_again_and_again_nothing_happens_twice(two_chains: TwoChains) -> None:
    for _time in range(5):
        _follow(two_chains.a.id)
    assert _steps(two_chains.a.id) == [("trial", "active", "")]
    assert (RevenueChange.objects.count(), _notices(two_chains.a.id)) == (1, ["subscribed"])


def test_a_first_payment_that_did_not_go_through_grants_nothing(two_chains: TwoChains) -> None:
    _on_trial(two_chains.a.id, ends=NOW + 5 * DAY)
    chain = _follow(two_chains.a.id, status="incomplete")
    assert (chain.state, chain.entitlements, RevenueChange.objects.count()) == ("trial", {"stores": 10}, 0)


def test_a_trial_that_nobody_pays_for_goes_down_the_ladder_by_due_work_alone(cast: Cast) -> None:
    outgoing._valkey().flushdb()
    chain_id, ends = cast.alpha.info.id, NOW + 5 * DAY
    _on_trial(chain_id, ends=ends)
    Chain.objects.filter(id=chain_id).update(locale="en")
    grace = GRACE[Cause.TRIAL_OVER]
    moments = [
        ends - TRIAL_NOTICE,
        ends,
        ends + grace,
        ends + grace + READ_ONLY_FOR,
        ends + grace + READ_ONLY_FOR + SUSPENDED_FOR,
    ]
    seen = []
    for at in moments:
        _run_due(at - timedelta(seconds=1))
        before = Chain.objects.get(id=chain_id).state
        _run_due(at)
        seen.append((before, Chain.objects.get(id=chain_id).state))
    assert seen == [
        ("trial", "trial"),
        ("trial", "past_due"),
        ("past_due", "read_only"),
        ("read_only", "suspended"),
        ("suspended", "closed"),
    ]
    assert Domain.objects.filter(tenant_id=chain_id).count() == 0
    closing = StandingStep.objects.filter(chain_id=chain_id, after="closed").get()
    assert closing.detail == {"domains": [f"alpha.{settings.BASE_HOST}"]}
    told = [row for row in sent_messages() if row["to"] == "owner@alpha.test"]
    assert [row["subject"] for row in reversed(told)] == [
        "Alpha: your trial ends Thu 26 Nov, 12:00",
        "Alpha: your trial is over",
        "Alpha is read-only",
        "Alpha is suspended",
        "Alpha is closed",
    ]
    assert Notice.objects.filter(sent_at__isnull=True).count() == 0


@pytest.mark.parametrize("rung", ["past_due", "read_only", "suspended"])
def test_paying_brings_a_chain_back_from_every_rung(two_chains: TwoChains, rung: str) -> None:
    _follow(two_chains.a.id)
    _follow(two_chains.a.id, status="past_due", now=NOW + DAY)
    at = NOW + DAY
    while Chain.objects.get(id=two_chains.a.id).state != rung:
        at += 31 * DAY
        _run_due(at)
    chain = _follow(two_chains.a.id, status="active", now=at + DAY)
    assert (chain.state, chain.state_reason, chain.entitlements) == ("active", "", GROWTH)
    assert _notices(chain.id)[-1] == "active_again"


def test_past_due_keeps_all_that_the_plan_allows_for_its_whole_grace(two_chains: TwoChains) -> None:
    _follow(two_chains.a.id)
    chain = _follow(two_chains.a.id, status="past_due", now=NOW + DAY)
    assert (chain.state, chain.entitlements) == ("past_due", GROWTH)
    _run_due(NOW + 15 * DAY - timedelta(seconds=1))
    assert Chain.objects.get(id=chain.id).state == "past_due"
    _run_due(NOW + 15 * DAY)
    assert Chain.objects.get(id=chain.id).state == "read_only"


def test_an_end_that_its_owner_chose_is_read_only_at_once_and_one_that_owes_has_its_grace(
    two_chains: TwoChains,
) -> None:
    for chain in (two_chains.a, two_chains.b):
        _follow(chain.id)
    owed = {"currency": "CNY", "subtotal": 1, "total": 1, "amount_due": 1, "amount_paid": 0}
    Invoice.objects.create(
        chain_id=two_chains.b.id,
        stripe_id="in_1",
        stripe_subscription=f"sub_{str(two_chains.b.id)[-8:]}",
        state=InvoiceState.OPEN,
        period_start=NOW,
        period_end=NOW,
        issued_at=NOW,
        updated_at=NOW,
        **owed,
    )
    ended = {"status": "canceled", "ended_at": NOW + DAY, "now": NOW + DAY}
    assert _follow(two_chains.a.id, **ended).state == "read_only"
    assert _follow(two_chains.b.id, **ended).state == "past_due"
    assert list(RevenueChange.objects.filter(amount=0).values_list("chain_id", flat=True).order_by("id")) == [
        two_chains.a.id,
        two_chains.b.id,
    ]


def test_what_operators_suspended_paying_does_not_open_and_resuming_leads_to_where_it_stands_by_payment(
    two_chains: TwoChains,
) -> None:
    chain_id = two_chains.a.id
    _follow(chain_id)
    suspend_chain(chain_id, reason="abuse", by=BY, now=NOW)
    chain = _follow(chain_id, status="past_due", now=NOW + DAY)
    assert (chain.state, chain.state_reason, chain.held) == ("suspended", "abuse", True)
    assert resume_chain(chain_id, by=BY, now=NOW + 2 * DAY).state == "past_due"
    assert Chain.objects.get(id=chain_id).held is False


def test_a_chain_that_is_suspended_for_want_of_payment_is_not_resumed_by_hand(two_chains: TwoChains) -> None:
    chain_id = two_chains.a.id
    _follow(chain_id)
    _follow(chain_id, status="unpaid", now=NOW)
    _run_due(NOW + 14 * DAY)
    _run_due(NOW + 44 * DAY)
    assert Chain.objects.get(id=chain_id).state == "suspended"
    with pytest.raises(OwesPayment):
        resume_chain(chain_id, by=BY, now=NOW + 45 * DAY)


def test_what_an_operator_lets_go_is_the_owners_to_pay_for_again(two_chains: TwoChains) -> None:
    chain_id = two_chains.a.id
    _follow(chain_id)
    suspend_chain(chain_id, reason="abuse", by=BY, now=NOW)
    with platform_scope():
        ChainStanding.objects.filter(chain_id=chain_id).update(
            state="suspended", cause="payment_failed", next_at=NOW + 60 * DAY
        )
    resumed = resume_chain(chain_id, by=BY, now=NOW)
    assert (resumed.state, resumed.held) == ("suspended", False)
    assert _follow(chain_id).state == "active"


def test_a_reopened_chain_stands_one_rung_up_and_paying_opens_it(two_chains: TwoChains) -> None:
    chain_id = two_chains.a.id
    _follow(chain_id)
    _follow(chain_id, status="canceled")
    close_chain(chain_id, reason="gone", by=BY, now=NOW)
    with platform_scope():
        follow_chain(chain_id, now=NOW)
    assert reopen_chain(chain_id, by=BY, now=NOW + DAY).state == "suspended"
    _run_due(NOW + DAY)
    row = ChainStanding.objects.get(chain_id=chain_id)
    assert (row.state, row.next_at) == ("suspended", NOW + DAY + SUSPENDED_FOR)
    with pytest.raises(OwesPayment):
        resume_chain(chain_id, by=BY, now=NOW + DAY)
    assert _follow(chain_id, now=NOW + 2 * DAY).state == "active"


def test_a_chain_that_operators_closed_stays_closed(two_chains: TwoChains) -> None:
    _follow(two_chains.a.id)
    close_chain(two_chains.a.id, reason="sold", by=BY, now=NOW)
    assert _follow(two_chains.a.id, now=NOW + DAY).state == "closed"


def test_an_extended_trial_leads_back_up(two_chains: TwoChains) -> None:
    chain_id = two_chains.a.id
    _on_trial(chain_id, ends=NOW)
    _run_due(NOW)
    assert Chain.objects.get(id=chain_id).state == "past_due"
    with platform_scope():
        Chain.objects.filter(id=chain_id).update(trial_ends_at=NOW + 9 * DAY)
        follow_chain(chain_id, now=NOW + DAY)
    assert Chain.objects.get(id=chain_id).state == "trial"
    assert ChainStanding.objects.get(chain_id=chain_id).next_at == NOW + 6 * DAY


def test_one_chain_whose_step_breaks_does_not_hold_up_the_others(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chain in (two_chains.a, two_chains.b):
        _on_trial(chain.id, ends=NOW)
    follow = lifecycle.follow_chain

    def broken(chain_id: Any, *, now: datetime) -> None:
        if chain_id == two_chains.a.id:
            raise ZeroDivisionError
        follow(chain_id, now=now)

    monkeypatch.setattr(lifecycle, "follow_chain", broken)
    with platform_scope():
        advance_chains(now=NOW)
    states = partial(
        Chain.objects.filter(id__in=(two_chains.a.id, two_chains.b.id)).values_list, "slug", "state"
    )
    assert dict(states()) == {"alpha": "trial", "beta": "past_due"}
    monkeypatch.undo()
    _run_due(NOW + lifecycle.AGAIN)
    assert dict(states()) == {"alpha": "past_due", "beta": "past_due"}


def test_a_plan_nobody_knows_any_more_takes_nothing_away(two_chains: TwoChains) -> None:
    _follow(two_chains.a.id)
    chain = _follow(two_chains.a.id, plan="forgotten")
    assert (chain.plan, chain.entitlements) == ("growth", GROWTH)


def test_what_a_closed_chain_subscribes_to_is_ended_and_again_where_the_provider_was_away(
    two_chains: TwoChains,
) -> None:
    stripe = StandIn(now=NOW, away=True)
    chain_id = two_chains.a.id
    with replaced_provider(stripe):
        _follow(chain_id, stripe_id="sub_1", stripe_customer="cus_1")
        stripe.customers["cus_1"] = chain_id
        wish = CheckoutWish(chain_id, "cus_1", Basket("growth", "month", "CNY", 59900), "", "", "en")
        stripe.pages["cs_1"] = wish
        stripe.pay("cs_1")
        with platform_scope():
            Customer.objects.create(chain_id=chain_id, stripe_id="cus_1", created_at=NOW)
        close_chain(chain_id, reason="sold", by=BY, now=NOW)
        _run_due(NOW)
        assert stripe.subscriptions["sub_1"].status == "active"
        stripe.away = False
        _run_due(NOW + lifecycle.AGAIN)
    assert stripe.subscriptions["sub_1"].status == "canceled"
    assert Subscription.objects.get(chain_id=chain_id).status == "canceled"
    assert RevenueChange.objects.order_by("-id").values_list("amount", flat=True)[0] == 0


def _past_due_at_stripe(stripe: StandIn, chain_id: Any) -> None:
    """A chain that is past due here and at Stripe, with the last day of its grace begun."""
    stripe.customers["cus_1"] = chain_id
    stripe.pages["cs_1"] = CheckoutWish(
        chain_id, "cus_1", Basket("growth", "month", "CNY", 59900), "", "", "en"
    )
    stripe.pay("cs_1")
    stripe.set("sub_1", status="past_due")
    with platform_scope():
        Customer.objects.create(chain_id=chain_id, stripe_id="cus_1", created_at=NOW)
    _follow(chain_id, stripe_id="sub_1")
    assert _follow(chain_id, stripe_id="sub_1", status="past_due").state == "past_due"


def test_who_has_paid_while_every_message_was_lost_is_not_moved_down(two_chains: TwoChains) -> None:
    stripe, ends = StandIn(now=NOW), NOW + GRACE[Cause.PAYMENT_FAILED]
    with replaced_provider(stripe):
        _past_due_at_stripe(stripe, two_chains.a.id)
        stripe.set("sub_1", status="active")
        _run_due(ends)
    assert Chain.objects.get(id=two_chains.a.id).state == "active"
    assert _steps(two_chains.a.id)[2:] == [("past_due", "active", "")]


def test_while_the_provider_is_away_nobody_is_moved_down(two_chains: TwoChains) -> None:
    stripe, ends = StandIn(now=NOW), NOW + GRACE[Cause.PAYMENT_FAILED]
    with replaced_provider(stripe):
        _past_due_at_stripe(stripe, two_chains.a.id)
        stripe.away = True
        _run_due(ends)
        assert Chain.objects.get(id=two_chains.a.id).state == "past_due"
        stripe.away = False
        _run_due(ends + lifecycle.AGAIN)
    assert Chain.objects.get(id=two_chains.a.id).state == "read_only"


def test_what_is_paid_on_a_page_that_outlived_its_chain_is_ended(two_chains: TwoChains) -> None:
    stripe, chain_id = StandIn(now=NOW), two_chains.a.id
    with replaced_provider(stripe):
        _on_trial(chain_id, ends=NOW + 14 * DAY)
        close_chain(chain_id, reason="sold", by=BY, now=NOW)
        with platform_scope():
            Customer.objects.create(chain_id=chain_id, stripe_id="cus_1", created_at=NOW)
            follow_chain(chain_id, now=NOW)
        _run_due(NOW + lifecycle.AGAIN)
        stripe.customers["cus_1"] = chain_id
        stripe.pages["cs_1"] = CheckoutWish(
            chain_id, "cus_1", Basket("growth", "month", "CNY", 59900), "", "", "en"
        )
        stripe.pay("cs_1")
        refresh_now(chain_id, now=NOW + DAY)
        _run_due(NOW + DAY)
    assert stripe.subscriptions["sub_1"].status == "canceled"


def _follow_at_once(chain_id: Any, times: int = 4) -> None:
    """The same step taken by so many workers at the same moment."""
    start = Barrier(times)

    def follow() -> None:
        try:
            start.wait(30)
            with platform_scope():
                follow_chain(chain_id, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        for done in [pool.submit(follow) for _worker in range(times)]:
            done.result()


@pytest.mark.race
def test_a_step_that_many_workers_take_at_once_is_taken_once(two_chains: TwoChains) -> None:
    _on_trial(two_chains.a.id, ends=NOW)
    _follow_at_once(two_chains.a.id)
    assert _steps(two_chains.a.id) == [("trial", "past_due", "trial_over")]
    assert Notice.objects.filter(chain_id=two_chains.a.id, kind="past_due").count() == 1


@pytest.mark.race
def test_without_the_lock_on_the_chain_a_step_is_taken_by_each_of_them(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: all of them judge before any of them has written."""
    judge, everybody = lifecycle.next_standing, Barrier(4)

    def judge_together(*facts: Any, now: datetime) -> Any:
        found = judge(*facts, now=now)
        everybody.wait(30)
        return found

    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, *_args, **_options: rows)
    monkeypatch.setattr(lifecycle, "next_standing", judge_together)
    _on_trial(two_chains.a.id, ends=NOW)
    _follow_at_once(two_chains.a.id)
    assert _steps(two_chains.a.id) == [("trial", "past_due", "trial_over")] * 4


def test_a_chain_whose_due_work_was_lost_is_found_by_housekeeping(two_chains: TwoChains) -> None:
    with platform_scope():
        ensure_steps(now=NOW)
        assert DueWork.objects.filter(kind=KIND).count() == 0  # nobody waits for anything
        Chain.objects.filter(id=two_chains.a.id).update(trial_ends_at=NOW)
        for _hour in range(3):
            ensure_steps(now=NOW)
        assert DueWork.objects.filter(kind=KIND).count() == 1
    _run_due(NOW)
    _run_due(NOW + lifecycle.AGAIN)
    assert Chain.objects.get(id=two_chains.a.id).state == "past_due"
