"""The ladder down and the way back, as a pure function of facts and time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.domain.standing import (
    GRACE,
    READ_ONLY_FOR,
    SUSPENDED_FOR,
    TRIAL_NOTICE,
    Cause,
    Facts,
    Standing,
    next_standing,
    why_unpaid,
)
from chains.models import ChainState

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
DAY = timedelta(days=1)
TRIAL = Standing(ChainState.TRIAL, NOW - 10 * DAY)
ACTIVE = Standing(ChainState.ACTIVE, NOW - 10 * DAY)


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (Facts(NOW + DAY), Cause.NONE),
        (Facts(NOW), Cause.TRIAL_OVER),
        (Facts(None), Cause.NONE),
        (Facts(NOW - DAY, "active"), Cause.NONE),
        (Facts(NOW - DAY, "trialing"), Cause.NONE),
        (Facts(NOW + DAY, "past_due"), Cause.PAYMENT_FAILED),
        (Facts(None, "unpaid"), Cause.PAYMENT_FAILED),
        (Facts(None, "paused"), Cause.PAYMENT_FAILED),
        (Facts(NOW + DAY, "canceled"), Cause.NONE),
        (Facts(NOW - DAY, "canceled"), Cause.ENDED),
        (Facts(NOW - DAY, "canceled", owes_invoice=True), Cause.PAYMENT_FAILED),
    ],
)
def test_why_a_chain_is_not_paid_for(facts: Facts, cause: Cause) -> None:
    assert why_unpaid(facts, now=NOW) == cause


def test_a_trial_is_looked_at_before_its_end_and_at_it() -> None:
    ends = NOW + 5 * DAY
    assert next_standing(TRIAL, Facts(ends), now=NOW).next_at == ends - TRIAL_NOTICE
    assert next_standing(TRIAL, Facts(ends), now=ends - DAY).next_at == ends


def test_a_trial_that_is_over_goes_down_one_rung_at_a_time_and_stays_on_each_its_full_time() -> None:
    facts, at, standing, seen = Facts(NOW), NOW, TRIAL, []
    while standing.state != ChainState.CLOSED:
        standing = next_standing(standing, facts, now=at)
        seen.append((standing.state, at - NOW))
        at = standing.next_at or at
    grace = GRACE[Cause.TRIAL_OVER]
    assert seen == [
        (ChainState.PAST_DUE, timedelta(0)),
        (ChainState.READ_ONLY, grace),
        (ChainState.SUSPENDED, grace + READ_ONLY_FOR),
        (ChainState.CLOSED, grace + READ_ONLY_FOR + SUSPENDED_FOR),
    ]
    assert standing.next_at is None


def test_however_late_we_look_nobody_loses_a_day_of_grace() -> None:
    late = NOW + 300 * DAY
    found = next_standing(TRIAL, Facts(NOW), now=late)
    assert (found.state, found.next_at) == (ChainState.PAST_DUE, late + GRACE[Cause.TRIAL_OVER])


def test_a_failed_payment_gives_more_grace_and_an_announced_end_none() -> None:
    failed = next_standing(ACTIVE, Facts(None, "past_due"), now=NOW)
    assert (failed.state, failed.next_at) == (ChainState.PAST_DUE, NOW + 14 * DAY)
    ended = next_standing(ACTIVE, Facts(None, "canceled"), now=NOW)
    assert (ended.state, ended.cause) == (ChainState.READ_ONLY, Cause.ENDED)


@pytest.mark.parametrize("rung", [ChainState.PAST_DUE, ChainState.READ_ONLY, ChainState.SUSPENDED])
def test_paying_leads_back_from_every_rung_at_once(rung: ChainState) -> None:
    was = Standing(rung, NOW - DAY, Cause.PAYMENT_FAILED, NOW + DAY)
    assert next_standing(was, Facts(None, "active"), now=NOW) == Standing(ChainState.ACTIVE, NOW)
    assert next_standing(was, Facts(NOW + 9 * DAY), now=NOW).state == ChainState.TRIAL


def test_a_closed_chain_stays_closed_whatever_is_paid() -> None:
    closed = Standing(ChainState.CLOSED, NOW, Cause.TRIAL_OVER)
    assert next_standing(closed, Facts(None, "active"), now=NOW) == closed


@pytest.mark.parametrize("status", ["", "active", "trialing", "past_due", "unpaid", "canceled"])
@pytest.mark.parametrize("state", [s for s in ChainState if s != ChainState.PROVISIONING])
def test_asked_again_with_its_own_answer_it_says_the_same(status: str, state: ChainState) -> None:
    was = Standing(state, NOW - 9 * DAY, Cause.PAYMENT_FAILED, NOW - DAY)
    once = next_standing(was, Facts(NOW - DAY, status), now=NOW)
    assert next_standing(once, Facts(NOW - DAY, status), now=NOW) == once
