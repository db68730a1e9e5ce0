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
from billing.domain.lifecycle import KIND, advance_chains, ensure_steps, follow_chain
from billing.domain.standing import GRACE, READ_ONLY_FOR, SUSPENDED_FOR, TRIAL_NOTICE, Cause
from billing.models import (
    ChainStanding,
    Invoice,
    InvoiceState,
    Notice,
    RevenueChange,
    StandingStep,
)
from chains import outgoing
from chains.domain.lifecycle import OwesPayment, close_chain, reopen_chain, resume_chain, suspend_chain
from chains.domain.operators import Operator
from chains.models import Chain, ChainState, Domain, DueWork
from chains.outgoing import sent_messages
from chains.scope import platform_scope
from tests.billing.steps import DAY, follow, on_trial, steps, work_steps
from tests.ground.cast import NOW, Cast
from tests.ground.chains import TwoChains

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


def _notices(chain_id: Any) -> list[str]:
    return list(
        Notice.objects.filter(chain_id=chain_id).order_by("created_at", "kind").values_list("kind", flat=True)
    )


def test_a_first_subscription_makes_a_chain_active_with_what_the_plan_and_its_stores_entitle_to(
    two_chains: TwoChains,
) -> None:
    chain = follow(two_chains.a.id)
    assert (chain.state, chain.plan, chain.entitlements) == (ChainState.ACTIVE, "growth", GROWTH)
    assert steps(chain.id) == [("trial", "active", "")]
    assert [(row.amount, row.interval, row.currency) for row in RevenueChange.objects.all()] == [
        (71700, "month", "CNY")
    ]
    assert _notices(chain.id) == ["subscribed"]


def test_followed_again_and_again_nothing_happens_twice(two_chains: TwoChains) -> None:
    for _time in range(5):
        follow(two_chains.a.id)
    assert steps(two_chains.a.id) == [("trial", "active", "")]
    assert (RevenueChange.objects.count(), _notices(two_chains.a.id)) == (1, ["subscribed"])


def test_a_first_payment_that_did_not_go_through_grants_nothing(two_chains: TwoChains) -> None:
    on_trial(two_chains.a.id, ends=NOW + 5 * DAY)
    chain = follow(two_chains.a.id, status="incomplete")
    assert (chain.state, chain.entitlements, RevenueChange.objects.count()) == ("trial", {"stores": 10}, 0)


def test_a_trial_that_nobody_pays_for_goes_down_the_ladder_by_due_work_alone(cast: Cast) -> None:
    outgoing._valkey().flushdb()
    chain_id, ends = cast.alpha.info.id, NOW + 5 * DAY
    on_trial(chain_id, ends=ends)
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
        work_steps(at - timedelta(seconds=1))
        before = Chain.objects.get(id=chain_id).state
        work_steps(at)
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
    follow(two_chains.a.id)
    follow(two_chains.a.id, status="past_due", now=NOW + DAY)
    at = NOW + DAY
    while Chain.objects.get(id=two_chains.a.id).state != rung:
        at += 31 * DAY
        work_steps(at)
    chain = follow(two_chains.a.id, status="active", now=at + DAY)
    assert (chain.state, chain.state_reason, chain.entitlements) == ("active", "", GROWTH)
    assert _notices(chain.id)[-1] == "active_again"


def test_past_due_keeps_all_that_the_plan_allows_for_its_whole_grace(two_chains: TwoChains) -> None:
    follow(two_chains.a.id)
    chain = follow(two_chains.a.id, status="past_due", now=NOW + DAY)
    assert (chain.state, chain.entitlements) == ("past_due", GROWTH)
    work_steps(NOW + 15 * DAY - timedelta(seconds=1))
    assert Chain.objects.get(id=chain.id).state == "past_due"
    work_steps(NOW + 15 * DAY)
    assert Chain.objects.get(id=chain.id).state == "read_only"


def test_an_end_that_its_owner_chose_is_read_only_at_once_and_one_that_owes_has_its_grace(
    two_chains: TwoChains,
) -> None:
    for chain in (two_chains.a, two_chains.b):
        follow(chain.id)
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
    assert follow(two_chains.a.id, **ended).state == "read_only"
    assert follow(two_chains.b.id, **ended).state == "past_due"
    assert list(RevenueChange.objects.filter(amount=0).values_list("chain_id", flat=True).order_by("id")) == [
        two_chains.a.id,
        two_chains.b.id,
    ]


def test_what_operators_suspended_paying_does_not_open_and_resuming_leads_to_where_it_stands_by_payment(
    two_chains: TwoChains,
) -> None:
    chain_id = two_chains.a.id
    follow(chain_id)
    suspend_chain(chain_id, reason="abuse", by=BY, now=NOW)
    chain = follow(chain_id, status="past_due", now=NOW + DAY)
    assert (chain.state, chain.state_reason, chain.held) == ("suspended", "abuse", True)
    assert resume_chain(chain_id, by=BY, now=NOW + 2 * DAY).state == "past_due"
    assert Chain.objects.get(id=chain_id).held is False


def test_a_chain_that_is_suspended_for_want_of_payment_is_not_resumed_by_hand(two_chains: TwoChains) -> None:
    chain_id = two_chains.a.id
    follow(chain_id)
    follow(chain_id, status="unpaid", now=NOW)
    work_steps(NOW + 14 * DAY)
    work_steps(NOW + 44 * DAY)
    assert Chain.objects.get(id=chain_id).state == "suspended"
    with pytest.raises(OwesPayment):
        resume_chain(chain_id, by=BY, now=NOW + 45 * DAY)


def test_what_an_operator_lets_go_is_the_owners_to_pay_for_again(two_chains: TwoChains) -> None:
    chain_id = two_chains.a.id
    follow(chain_id)
    suspend_chain(chain_id, reason="abuse", by=BY, now=NOW)
    with platform_scope():
        ChainStanding.objects.filter(chain_id=chain_id).update(
            state="suspended", cause="payment_failed", next_at=NOW + 60 * DAY
        )
    resumed = resume_chain(chain_id, by=BY, now=NOW)
    assert (resumed.state, resumed.held) == ("suspended", False)
    assert follow(chain_id).state == "active"


def test_a_reopened_chain_stands_one_rung_up_and_paying_opens_it(two_chains: TwoChains) -> None:
    chain_id = two_chains.a.id
    follow(chain_id)
    follow(chain_id, status="canceled")
    close_chain(chain_id, reason="gone", by=BY, now=NOW)
    with platform_scope():
        follow_chain(chain_id, now=NOW)
    assert reopen_chain(chain_id, reason="they asked", by=BY, now=NOW + DAY).state == "suspended"
    work_steps(NOW + DAY)
    row = ChainStanding.objects.get(chain_id=chain_id)
    assert (row.state, row.next_at) == ("suspended", NOW + DAY + SUSPENDED_FOR)
    with pytest.raises(OwesPayment):
        resume_chain(chain_id, by=BY, now=NOW + DAY)
    assert follow(chain_id, now=NOW + 2 * DAY).state == "active"


def test_a_chain_that_operators_closed_stays_closed(two_chains: TwoChains) -> None:
    follow(two_chains.a.id)
    close_chain(two_chains.a.id, reason="sold", by=BY, now=NOW)
    assert follow(two_chains.a.id, now=NOW + DAY).state == "closed"


def test_an_extended_trial_leads_back_up(two_chains: TwoChains) -> None:
    chain_id = two_chains.a.id
    on_trial(chain_id, ends=NOW)
    work_steps(NOW)
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
        on_trial(chain.id, ends=NOW)
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
    work_steps(NOW + lifecycle.AGAIN)
    assert dict(states()) == {"alpha": "past_due", "beta": "past_due"}


def test_a_plan_nobody_knows_any_more_takes_nothing_away(two_chains: TwoChains) -> None:
    follow(two_chains.a.id)
    chain = follow(two_chains.a.id, plan="forgotten")
    assert (chain.plan, chain.entitlements) == ("growth", GROWTH)


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
    on_trial(two_chains.a.id, ends=NOW)
    _follow_at_once(two_chains.a.id)
    assert steps(two_chains.a.id) == [("trial", "past_due", "trial_over")]
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
    on_trial(two_chains.a.id, ends=NOW)
    _follow_at_once(two_chains.a.id)
    assert steps(two_chains.a.id) == [("trial", "past_due", "trial_over")] * 4


def test_a_chain_whose_due_work_was_lost_is_found_by_housekeeping(two_chains: TwoChains) -> None:
    with platform_scope():
        ensure_steps(now=NOW)
        assert DueWork.objects.filter(kind=KIND).count() == 0  # nobody waits for anything
        Chain.objects.filter(id=two_chains.a.id).update(trial_ends_at=NOW)
        for _hour in range(3):
            ensure_steps(now=NOW)
        assert DueWork.objects.filter(kind=KIND).count() == 1
    work_steps(NOW)
    work_steps(NOW + lifecycle.AGAIN)
    assert Chain.objects.get(id=two_chains.a.id).state == "past_due"
