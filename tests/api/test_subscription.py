"""A chain's owner pays, changes and cancels through the API; nothing is charged twice whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.utils import timezone

from billing.domain.refresh import refresh_now
from billing.models import Intent, Subscription
from billing.provider import replaced_provider
from chains.hosts import forget_hosts
from chains.models import Chain, ChainState
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.book import book
from tenants.booking.domain.history import history_start
from tenants.booking.models import Booking, Claim
from tests.api.conftest import Program, employee_program
from tests.billing.stand_in import StandIn
from tests.ground.cast import Cast


@pytest.fixture()
def stripe() -> Iterator[StandIn]:
    """The provider of this test."""
    stand_in = StandIn(now=timezone.now())
    with replaced_provider(stand_in):
        yield stand_in


@pytest.fixture()
def owner(cast: Cast, empty_cache: None) -> Program:
    """The owner's program, of a chain whose trial is over in an hour."""
    entitle(
        cast, trial_ends_at=timezone.now() + timedelta(hours=1), plan="growth", entitlements={"stores": 10}
    )
    return employee_program(cast.alpha, "owner")


def entitle(cast: Cast, **fields: object) -> None:
    """Write into alpha's row in public."""
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(**fields)
    forget_hosts()


def subscribe(cast: Cast, owner: Program, stripe: StandIn, **wish: object) -> dict[str, object]:
    """From the checkout to an active subscription, by the redirect alone: no webhook comes."""
    answer = owner.post("subscription/checkout", {"plan": "growth", **wish})
    assert answer.status_code == 200, answer.content
    stripe.pay(answer.json()["url"].rsplit("/", 1)[1])
    refresh_now(cast.alpha.info.id, now=timezone.now())
    forget_hosts()
    document: dict[str, object] = owner.get("subscription").json()
    return document


def test_a_chain_on_trial_has_a_state_a_plan_and_no_subscription(owner: Program) -> None:
    document = owner.get("subscription").json()
    assert (document["state"], document["plan"], document["subscription"]) == ("trial", "growth", None)
    assert document["until"] == document["trial_ends_at"]
    assert document["entitlements"]["stores"] == 10


def test_usage_says_what_is_used_what_is_allowed_and_what_the_next_plan_gives(
    cast: Cast, owner: Program
) -> None:
    entitle(
        cast, entitlements={"stores": 3, "employees": 12, "bookings_a_month": 1000, "api_calls_a_minute": 60}
    )
    rows = {row.pop("limit"): row for row in owner.get("usage").json()["results"]}
    assert all(row["history_from"] is None for row in rows.values())
    rows = {limit: {k: v for k, v in row.items() if k != "history_from"} for limit, row in rows.items()}
    assert rows["stores"] == {"used": 3, "allowed": 3, "next_plan": "growth", "next_allowed": 10}
    assert rows["employees"] == {"used": 10, "allowed": 12, "next_plan": "growth", "next_allowed": 150}
    assert rows["messages_a_month"] == {"used": 0, "allowed": None, "next_plan": None, "next_allowed": None}
    assert rows["api_calls_a_minute"]["used"] is None


def test_paying_makes_the_chain_active_with_the_stores_it_uses_on_top(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    document = subscribe(cast, owner, stripe, plan="starter", interval="year", currency="USD")
    row, entitled = document["subscription"], document["entitlements"]
    assert isinstance(row, dict)
    assert isinstance(entitled, dict)
    assert (document["state"], entitled["stores"]) == ("active", 3)
    assert (row["status"], row["interval"], row["extra_stores"]) == ("active", "year", 2)
    assert row["price"] == {"amount": 29000 + 2 * 15000, "currency": "USD"}


def test_a_plan_below_what_is_in_use_is_refused_with_what_is_too_much(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    answer = owner.post("subscription/checkout", {"plan": "starter", "extra_stores": 1})
    assert answer.status_code == 422
    assert answer.json()["over_use"] == [{"limit": "stores", "used": 3, "allowed": 2}]
    assert answer.json()["detail"] == "You use more than this plan allows: 3 stores, 2 allowed."
    assert stripe.pages == {}


def test_two_clicks_on_pay_lead_to_one_page_and_one_customer(owner: Program, stripe: StandIn) -> None:
    first, second = (owner.post("subscription/checkout", {"plan": "growth"}) for _click in range(2))
    assert first.json() == second.json()
    assert (len(stripe.pages), len(stripe.customers)) == (1, 1)


def test_a_second_subscription_is_refused(cast: Cast, owner: Program, stripe: StandIn) -> None:
    subscribe(cast, owner, stripe)
    answer = owner.post("subscription/checkout", {"plan": "brand"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_subscribed")


def test_an_idempotency_key_repeats_the_first_answer_and_refuses_another_body(
    owner: Program, stripe: StandIn
) -> None:
    first = owner.post("subscription/checkout", {"plan": "growth"}, key="k1")
    again = owner.post("subscription/checkout", {"plan": "growth"}, key="k1")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    other = owner.post("subscription/checkout", {"plan": "brand"}, key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(stripe.pages) == 1


def test_while_the_provider_is_away_nothing_is_lost_and_the_same_key_is_asked_again(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    subscribe(cast, owner, stripe)
    stripe.away = True
    answer = owner.post("subscription/change", {"plan": "brand"}, key="k2")
    assert (answer.status_code, answer.json()["code"]) == (503, "payment_provider_away")
    assert owner.get("subscription").json()["state"] == "active"
    stripe.away = False
    stripe.answers_lost = 1  # it is done there, and we do not hear of it
    assert owner.post("subscription/change", {"plan": "brand"}, key="k2").status_code == 503
    charged = stripe.charged
    waiting = Intent.objects.filter(kind="change", state="open").get()
    owner.post("subscription/change", {"plan": "brand", "at": waiting.wish["at"]})
    assert stripe.charged == charged


def test_a_preview_changes_nothing_and_its_sum_is_what_the_change_charges(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    subscribe(cast, owner, stripe)
    before = stripe.charged
    shown = owner.post("subscription/change", {"plan": "growth", "extra_stores": 2, "preview": True}).json()[
        "preview"
    ]
    assert (shown["due_now"], stripe.charged) == ({"amount": 11800, "currency": "CNY"}, before)
    made = owner.post("subscription/change", {"plan": "growth", "extra_stores": 2, "at": shown["at"]})
    assert made.json()["subscription"]["entitlements"]["stores"] == 12
    assert stripe.charged - before == 11800


def test_a_preview_older_than_an_hour_is_not_what_is_charged(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    subscribe(cast, owner, stripe)
    old = (timezone.now() - timedelta(hours=2)).isoformat()
    answer = owner.post("subscription/change", {"plan": "brand", "at": old})
    assert (answer.status_code, answer.json()["code"]) == (422, "preview_too_old")


def test_a_declined_card_changes_nothing(cast: Cast, owner: Program, stripe: StandIn) -> None:
    subscribe(cast, owner, stripe)
    stripe.declines = True
    answer = owner.post("subscription/change", {"plan": "brand"})
    assert (answer.status_code, answer.json()["code"]) == (402, "payment_declined")
    assert owner.get("subscription").json()["plan"] == "growth"


def test_another_currency_is_refused_while_a_subscription_runs(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    subscribe(cast, owner, stripe, currency="CNY")
    answer = owner.post("subscription/change", {"plan": "brand", "currency": "USD"})
    assert (answer.status_code, answer.json()["code"]) == (409, "currency_fixed")
    assert answer.json()["currency"] == "CNY"


def test_what_one_has_is_nothing_to_change(cast: Cast, owner: Program, stripe: StandIn) -> None:
    subscribe(cast, owner, stripe)
    assert owner.post("subscription/change", {"plan": "growth"}).json()["code"] == "nothing_to_change"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"plan": "gold"}, "plan_unknown"),
        ({"plan": "growth", "currency": "XAU"}, "plan_not_in_currency"),
        ({"plan": "growth", "extra_stores": 41}, "too_many_stores_for_plan"),
        ({"plan": "brand", "extra_stores": 1}, "too_many_stores_for_plan"),
    ],
)
def test_what_cannot_be_bought_is_refused_before_anybody_is_asked(
    owner: Program, stripe: StandIn, wish: dict[str, object], code: str
) -> None:
    answer = owner.post("subscription/checkout", wish)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert stripe.done == {}


def test_cancelled_it_runs_to_its_end_and_can_be_resumed(cast: Cast, owner: Program, stripe: StandIn) -> None:
    subscribe(cast, owner, stripe)
    cancelled = owner.post("subscription/cancel").json()
    assert (cancelled["state"], cancelled["subscription"]["cancel_at_period_end"]) == ("active", True)
    resumed = owner.post("subscription/resume").json()
    assert resumed["subscription"]["cancel_at_period_end"] is False


@pytest.mark.parametrize("act", ["portal", "change", "cancel", "resume"])
def test_without_a_subscription_there_is_nothing_to_do_it_to(
    owner: Program, stripe: StandIn, act: str
) -> None:
    answer = owner.post(f"subscription/{act}", {"plan": "growth"} if act == "change" else None)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_subscription")


def test_a_trial_that_has_days_left_is_kept(cast: Cast, owner: Program, stripe: StandIn) -> None:
    ends = (timezone.now() + timedelta(days=9)).replace(microsecond=0)
    entitle(cast, trial_ends_at=ends)
    document = subscribe(cast, owner, stripe)
    assert isinstance(document["subscription"], dict)
    assert (document["state"], document["subscription"]["status"], stripe.charged) == (
        "active",
        "trialing",
        0,
    )
    assert stripe.pages["cs_1"].trial_end == ends


def test_without_a_provider_nothing_can_be_bought_and_the_answer_says_so(owner: Program) -> None:
    with replaced_provider(None):
        answer = owner.post("subscription/checkout", {"plan": "growth"})
    assert (answer.status_code, answer.json()["code"]) == (503, "billing_not_set_up")


def test_a_chain_suspended_for_want_of_payment_can_be_paid_for_and_opens_at_once(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    entitle(cast, state=ChainState.SUSPENDED, trial_ends_at=timezone.now() - timedelta(days=40))
    assert owner.get("stores").status_code == 403
    document = subscribe(cast, owner, stripe)
    assert document["state"] == "active"
    assert owner.get("stores").status_code == 200


def test_a_chain_that_operators_suspended_cannot_buy_its_way_out(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    entitle(cast, state=ChainState.SUSPENDED, held=True)
    answer = owner.post("subscription/checkout", {"plan": "growth"})
    assert (answer.status_code, answer.json()["code"]) == (409, "held_by_operators")


def test_more_calls_a_minute_than_the_plan_allows_are_refused_for_programs_alone(cast: Cast) -> None:
    cache.clear()
    entitle(cast, entitlements={"api_calls_a_minute": 3})
    program, stranger = employee_program(cast.alpha, "owner"), Program(cast.alpha.info)
    assert [program.get("stores").status_code for _call in range(4)] == [200, 200, 200, 429]
    refused = program.get("stores")
    assert (refused.json()["code"], refused.json()["allowed"]) == ("api_rate_exceeded", 3)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert stranger.get("stores").status_code == 200


def test_subscription_of_one_chain_is_never_anothers(cast: Cast, owner: Program, stripe: StandIn) -> None:
    subscribe(cast, owner, stripe)
    other = employee_program(cast.beta, "owner").get("subscription").json()
    assert other["subscription"] is None
    assert Subscription.objects.count() == 1


def test_usage_says_from_when_history_is_shown_and_a_preview_what_would_not_be(
    cast: Cast, owner: Program, stripe: StandIn
) -> None:
    subscribe(cast, owner, stripe)
    entitle(cast, entitlements={"stores": 10, "retention_months": 36})
    ended = timezone.now() - timedelta(days=500)
    with chain_scope(cast.alpha.info):
        made = book(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=(timezone.now() + timedelta(days=3)).replace(hour=4, minute=0, second=0, microsecond=0),
            by=cast.alpha.actors["owner"],
            now=timezone.now(),
            member=cast.alpha.members["su"].id,
        )
        Claim.objects.filter(booking_id=made.id).update(active=False)
        Booking.objects.filter(id=made.id).update(starts_at=ended - timedelta(hours=1), ends_at=ended)
    rows = {row["limit"]: row for row in owner.get("usage").json()["results"]}
    shanghai = ZoneInfo("Asia/Shanghai")
    today = timezone.now().astimezone(shanghai).date()
    since = history_start(36, zone=shanghai, now=timezone.now())
    assert since is not None
    assert rows["retention_months"] == {
        "limit": "retention_months",
        "used": None,
        "allowed": 36,
        "next_plan": "brand",
        "next_allowed": None,
        "history_from": since.astimezone(shanghai).isoformat(),
    }
    wish = {"plan": "starter", "extra_stores": 2, "preview": True}
    preview = owner.post("subscription/change", wish).json()["preview"]
    assert preview["bookings_not_shown"] == 1
    assert preview["history_from"].startswith(f"{today.year - 1}-")
    larger = owner.post("subscription/change", {"plan": "brand", "preview": True}).json()["preview"]
    assert (larger["history_from"], larger["bookings_not_shown"]) == (None, 0)
