"""Operators see a chain's billing, extend its trial, grant credit, replay events and read revenue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.domain.operators import create_operator
from accounts.models import User
from billing.domain.operating import Pays, TrialDaysWrong, extend_trial, give_credit
from billing.models import ChainStanding, Customer, RevenueChange, StripeEvent
from billing.port import ProviderAway
from billing.provider import replaced_provider
from chains.domain.lifecycle import WrongState
from chains.domain.operators import Operator
from chains.hosts import forget_hosts
from chains.models import Chain, ChainState, OperatorAct
from chains.scope import platform_scope
from tests.billing.stand_in import StandIn
from tests.billing.steps import follow, subscription_of
from tests.console.conftest import HOST, PASSWORD
from tests.ground.cast import NOW, Cast
from tests.ground.chains import TwoChains

DAY = timedelta(days=1)


@pytest.fixture()
def inside(committed: None) -> Client:
    """An operator who is signed in; what it does commits."""
    with platform_scope():
        operator: User = create_operator(f"op-{uuid4().hex[:12]}@tessera.test", password=PASSWORD, name="Op")
    client = Client(headers={"host": HOST, "accept-language": "en"}, raise_request_exception=False)
    client.post("/console/login/", {"email": operator.email, "password": PASSWORD})
    return client


@pytest.fixture()
def stripe() -> Iterator[StandIn]:
    """The provider of this test."""
    stand_in = StandIn(now=NOW)
    with replaced_provider(stand_in):
        yield stand_in


BY = Operator(uuid4(), "op@tessera.test")


def _change(chain_id: object, **fields: object) -> None:
    with platform_scope():
        Chain.objects.filter(id=chain_id).update(**fields)
    forget_hosts()


def _acts(chain_id: object) -> list[tuple[str, str]]:
    return list(
        OperatorAct.objects.filter(chain_id=chain_id).order_by("at", "id").values_list("act", "reason")
    )


def test_a_longer_trial_opens_a_suspended_chain_and_stands_in_the_log(cast: Cast, inside: Client) -> None:
    chain_id = cast.alpha.info.id
    _change(chain_id, state=ChainState.SUSPENDED, trial_ends_at=timezone.now() - 50 * DAY)
    page = f"/console/chains/chain/{chain_id}/extend-trial/"
    assert inside.get(page).status_code == 200
    assert inside.post(page, {"days": 10, "reason": "they asked"}).status_code == 302
    chain = Chain.objects.get(id=chain_id)
    assert (chain.state, chain.state_reason) == ("trial", "")
    assert timedelta(days=9) < chain.trial_ends_at - timezone.now() <= timedelta(days=10)
    assert _acts(chain_id) == [("extend_trial", "they asked")]
    assert ChainStanding.objects.get(chain_id=chain_id).state == "trial"


@pytest.mark.parametrize("days", [0, 181, -3])
def test_a_trial_is_extended_by_a_sensible_number_of_days(two_chains: TwoChains, days: int) -> None:
    with pytest.raises(TrialDaysWrong):
        extend_trial(two_chains.a.id, days=days, reason="", by=BY, now=NOW)


def test_a_running_trial_is_extended_from_its_end(two_chains: TwoChains) -> None:
    _change(two_chains.a.id, trial_ends_at=NOW + 5 * DAY)
    assert extend_trial(two_chains.a.id, days=7, reason="", by=BY, now=NOW).trial_ends_at == NOW + 12 * DAY


def test_who_pays_or_is_closed_has_no_trial_to_extend(two_chains: TwoChains) -> None:
    with platform_scope():
        subscription_of(two_chains.a.id)
        Chain.objects.filter(id=two_chains.b.id).update(state=ChainState.CLOSED)
    with pytest.raises(Pays):
        extend_trial(two_chains.a.id, days=7, reason="", by=BY, now=NOW)
    with pytest.raises(WrongState):
        extend_trial(two_chains.b.id, days=7, reason="", by=BY, now=NOW)
    assert OperatorAct.objects.count() == 0


def test_credit_is_given_once_however_often_it_is_sent(cast: Cast, inside: Client, stripe: StandIn) -> None:
    chain_id = cast.alpha.info.id
    page = f"/console/chains/chain/{chain_id}/grant-credit/"
    told = {"amount": "12.50", "reason": "an outage", "request_id": str(uuid4())}
    for _click in range(2):
        assert inside.post(page, told).status_code == 302
    assert stripe.credit == 1250
    assert _acts(chain_id) == [("grant_credit", "an outage")]


def test_credit_that_is_no_amount_is_refused_and_nobody_asked(
    cast: Cast, inside: Client, stripe: StandIn
) -> None:
    page = f"/console/chains/chain/{cast.alpha.info.id}/grant-credit/"
    for amount in ("0", "-3", "0.001", "much"):
        answer = inside.post(page, {"amount": amount, "request_id": str(uuid4())})
        assert answer.status_code == 422
    assert stripe.done == {}


def test_credit_while_the_provider_is_away_is_remembered_and_recorded(cast: Cast, stripe: StandIn) -> None:
    chain_id = cast.alpha.info.id
    with platform_scope():
        Customer.objects.create(chain_id=chain_id, stripe_id="cus_1", created_at=NOW)
    stripe.customers["cus_1"] = chain_id
    stripe.away = True
    request = {"amount": 500, "reason": "late", "request_id": "r1", "by": BY}
    with pytest.raises(ProviderAway):
        give_credit(chain_id, now=NOW, **request)  # type: ignore[arg-type]
    stripe.away = False
    assert give_credit(chain_id, now=NOW, **request) == "CNY"  # type: ignore[arg-type]
    assert (stripe.credit, _acts(chain_id)) == (500, [("grant_credit", "late")])


def test_a_chains_page_shows_its_subscription_standing_and_invoices(
    two_chains: TwoChains, inside: Client
) -> None:
    with platform_scope():
        subscription_of(two_chains.a.id)
    page = inside.get(f"/console/chains/chain/{two_chains.a.id}/change/").content.decode()
    assert "growth · CNY 717.00 a month · active · +2" in page
    assert "/extend-trial/" in page
    assert "/grant-credit/" in page


def test_a_chains_page_says_how_it_stands_in_the_operators_language(
    two_chains: TwoChains, inside: Client
) -> None:
    chain_id = two_chains.a.id
    follow(chain_id)
    follow(chain_id, status="past_due")
    page = inside.get(
        f"/console/chains/chain/{chain_id}/change/", headers={"accept-language": "zh-hans"}
    ).content.decode()
    assert "growth · CNY 717.00 每月 · 已欠费 · +2" in page
    assert "正常 → 已欠费" in page
    assert "已欠费 · 付款失败" in page


def test_an_event_is_shown_and_replayed_by_post_alone(two_chains: TwoChains, inside: Client) -> None:
    with platform_scope():
        Customer.objects.create(chain_id=two_chains.a.id, stripe_id="cus_9", created_at=NOW)
        StripeEvent.objects.create(
            id="evt_1",
            kind="invoice.paid",
            created_at=NOW,
            received_at=NOW,
            stripe_customer="cus_9",
            payload={"id": "evt_1"},
            state="failed",
        )
    assert "evt_1" in inside.get("/console/billing/stripeevent/").content.decode()
    assert "invoice.paid" in inside.get("/console/billing/stripeevent/evt_1/change/").content.decode()
    page = "/console/billing/stripeevent/evt_1/replay/"
    assert inside.get(page).status_code == 200
    assert StripeEvent.objects.get().replays == 0
    assert inside.post(page).status_code == 302
    assert (StripeEvent.objects.get().replays, _acts(two_chains.a.id)) == (1, [("replay_event", "evt_1")])
    assert inside.post("/console/billing/stripeevent/evt_2/replay/").status_code == 404


def test_revenue_is_a_chart_and_a_table_that_say_the_same(two_chains: TwoChains, inside: Client) -> None:
    at = timezone.now() - 40 * DAY
    with platform_scope():
        for chain, amount, interval in ((two_chains.a, 100, "year"), (two_chains.b, 59900, "month")):
            RevenueChange.objects.create(
                chain_id=chain.id, plan="growth", interval=interval, currency="CNY", amount=amount, at=at
            )
    page = inside.get("/console/revenue/").content.decode()
    assert page.count("CNY 599.08") >= 3  # now, the bars' titles, the table
    assert page.count("<rect") == 24
    assert page.count('<th scope="row">') == 24


def test_revenue_asks_once_however_many_chains_pay(
    two_chains: TwoChains, django_assert_num_queries: object
) -> None:
    from console.revenue import revenue_page

    with platform_scope():
        RevenueChange.objects.bulk_create(
            RevenueChange(chain_id=uuid4(), plan="growth", interval="month", currency="CNY", amount=1, at=NOW)
            for _chain in range(50)
        )
    with platform_scope(), django_assert_num_queries(1):  # type: ignore[operator]
        assert revenue_page(now=NOW)["now_rows"] == [{"currency": "CNY", "mrr": "CNY 0.50"}]
