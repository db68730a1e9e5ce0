"""Operators see a chain's billing, extend its trial, grant credit, replay events and read revenue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.domain.operators import create_operator
from accounts.models import User
from billing.domain.operating import Pays, TrialDaysWrong, extend_trial, give_credit
from billing.domain.refresh import refresh_now
from billing.domain.subscriptions import start_checkout
from billing.models import (
    ChainStanding,
    Customer,
    Difference,
    EventState,
    Invoice,
    RevenueChange,
    StripeEvent,
    Subscription,
)
from billing.port import CustomerWish, ProviderAway
from billing.provider import replaced_provider
from chains.domain.lifecycle import WrongState
from chains.domain.operators import Operator
from chains.hosts import forget_hosts
from chains.models import Chain, ChainState, Domain, OperatorAct
from chains.scope import chain_scope, platform_scope
from tests.billing.ground import basket
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
        Customer.objects.create(chain_id=two_chains.a.id, stripe_id="cus_9", credit=10050, created_at=NOW)
    page = inside.get(f"/console/chains/chain/{two_chains.a.id}/change/").content.decode()
    assert "growth · CNY 717.00 a month · active · +2" in page
    assert "credit of CNY 100.50" in page
    assert "/extend-trial/" in page
    assert "/grant-credit/" in page


def test_a_chains_invoices_lead_to_the_providers_pages_of_them(two_chains: TwoChains, inside: Client) -> None:
    at = timezone.now()
    same = {"chain_id": two_chains.a.id, "state": "paid", "currency": "CNY", "total": 71700, "issued_at": at}
    same |= {"subtotal": 71700, "amount_due": 71700, "period_start": at, "period_end": at + 30 * DAY}
    same |= {"amount_paid": 71700, "updated_at": at}
    with platform_scope():
        Invoice.objects.create(
            **same,
            stripe_id="in_1",
            number="A-1",
            hosted_url="https://pay.test/1",
            pdf_url="https://pay.test/1.pdf",
        )
        Invoice.objects.create(**same, stripe_id="in_2", number="A-2", hosted_url="javascript:alert(1)")
    page = inside.get(f"/console/chains/chain/{two_chains.a.id}/change/").content.decode()
    hrefs = re.findall(r'href="(https://pay\.test/[^"]+)"', page)
    assert (hrefs, "A-2" in page, "javascript:alert" in page) == (
        ["https://pay.test/1", "https://pay.test/1.pdf"],
        True,
        False,
    )


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
    shown = inside.get("/console/billing/stripeevent/evt_1/change/").content.decode()
    assert "invoice.paid" in shown
    (page,) = set(re.findall(r'href="(/console/billing/stripeevent/[^"]+/replay/)"', shown))
    assert inside.get(page).status_code == 200
    assert StripeEvent.objects.get().replays == 0
    answer = inside.post(page)
    assert answer.status_code == 302
    assert "invoice.paid" in inside.get(answer.headers["Location"]).content.decode()
    assert (StripeEvent.objects.get().replays, _acts(two_chains.a.id)) == (1, [("replay_event", "evt_1")])
    assert inside.post("/console/billing/stripeevent/evt_2/replay/").status_code == 404


def test_events_stand_in_the_operators_words_and_are_filtered_by_them(
    two_chains: TwoChains, inside: Client
) -> None:
    with platform_scope():
        for state in EventState.values:
            StripeEvent.objects.create(
                id=f"evt_{state}",
                kind="invoice.paid",
                created_at=NOW,
                received_at=NOW,
                payload={},
                state=state,
            )
    page = "/console/billing/stripeevent/"
    english = inside.get(page).content.decode()
    chinese = inside.get(page, headers={"accept-language": "zh-hans"}).content.decode()
    assert all(f">{word}<" in re.sub(r"\s+", "", english) for word in ("waits", "handled", "customerunknown"))
    assert all(word in chinese for word in ("等待处理", "已处理", "客户未知", "失败"))
    failed = inside.get(f"{page}?state=failed").content.decode()
    assert ("evt_failed" in failed, "evt_handled" in failed) == (True, False)


@pytest.fixture()
def differences(two_chains: TwoChains) -> list[Difference]:
    """A second subscription that is charged, a plan that fell behind, one of nobody's, one that is mended."""
    rows = (
        (two_chains.a.id, "sub_2", "second_subscription", "", "active", None),
        (two_chains.b.id, "sub_1", "plan", "starter", "growth", None),
        (uuid4(), "sub_3", "customer", "", "cus_7", None),
        (two_chains.b.id, "sub_1", "status", "active", "past_due", NOW),
    )
    with platform_scope():
        return [
            Difference.objects.create(
                chain_id=chain,
                subject=subject,
                field=field,
                ours=ours,
                theirs=theirs,
                found_at=NOW,
                mended_at=at,
            )
            for chain, subject, field, ours, theirs, at in rows
        ]


def test_differences_are_listed_until_they_are_mended_with_what_to_do(
    two_chains: TwoChains, differences: list[Difference], inside: Client
) -> None:
    page = "/console/billing/difference/"
    shown = inside.get(page).content.decode()
    assert "A second subscription is charged" in shown
    assert f'<a href="/console/chains/chain/{two_chains.a.id}/change/">Alpha</a>' in shown
    assert [word in shown for word in ("past due", "mended<")] == [False, False]
    assert "past due" in inside.get(f"{page}?state=mended").content.decode()
    every = inside.get(f"{page}?state=every").content.decode()
    assert every.count("field-shown_state") == 4
    one = inside.get(f"{page}{differences[0].id}/change/", headers={"accept-language": "zh-hans"})
    assert "到支付平台" not in one.content.decode()
    assert "在支付平台结束另一个并退回其扣款" in one.content.decode()
    assert page in inside.get("/console/").content.decode()


@pytest.mark.parametrize("more", [0, 20])
def test_differences_ask_as_often_for_many_as_for_few(
    differences: list[Difference], inside: Client, more: int, django_assert_num_queries: object
) -> None:
    with platform_scope():
        Difference.objects.bulk_create(
            Difference(chain_id=differences[0].chain_id, subject=f"in_{number}", field="total", found_at=NOW)
            for number in range(more)
        )
    inside.get("/console/billing/difference/")
    with django_assert_num_queries(7):  # type: ignore[operator]
        inside.get("/console/billing/difference/")


def test_a_closed_chain_is_reopened_with_a_reason_that_stands_in_the_log(cast: Cast, inside: Client) -> None:
    chain_id = cast.alpha.info.id
    page = f"/console/chains/chain/{chain_id}/reopen/"
    assert inside.post(page, {"reason": "too soon"}).status_code in (302, 403, 409)
    _change(chain_id, state=ChainState.CLOSED)
    with platform_scope():
        Domain.objects.filter(tenant_id=chain_id).delete()
    assert "/reopen/" in inside.get(f"/console/chains/chain/{chain_id}/change/").content.decode()
    assert inside.get(page).status_code == 200
    assert inside.post(page, {"reason": " "}).status_code == 422
    assert inside.post(page, {"reason": "sold to her sister"}).status_code == 302
    chain = Chain.objects.get(id=chain_id)
    assert (chain.state, chain.state_reason) == ("suspended", "")
    assert [row.domain for row in Domain.objects.filter(tenant_id=chain_id)] == ["alpha.tessera.test"]
    assert _acts(chain_id) == [("reopen", "sold to her sister")]
    assert "/reopen/" not in inside.get(f"/console/chains/chain/{chain_id}/change/").content.decode()


def test_a_closed_chain_whose_address_went_to_another_is_not_reopened(
    two_chains: TwoChains, inside: Client
) -> None:
    with platform_scope():
        Domain.objects.filter(tenant_id=two_chains.a.id).delete()
        Chain.objects.filter(id=two_chains.a.id).update(state=ChainState.CLOSED)
        Chain.objects.create(slug="alpha", schema_name="t_bbbbbbbbbb", name="Next", state=ChainState.TRIAL)
    answer = inside.post(f"/console/chains/chain/{two_chains.a.id}/reopen/", {"reason": "they asked"})
    assert answer.status_code == 409
    assert _acts(two_chains.a.id) == []


def test_the_trial_of_a_chain_that_subscribed_is_extended_at_the_provider(
    cast: Cast, inside: Client, stripe: StandIn
) -> None:
    chain_id, now = cast.alpha.info.id, timezone.now().replace(microsecond=0)
    stripe.now = now
    wish = CustomerWish(chain_id, "Alpha", "owner@alpha.test", "en", "US")
    urls = {"success_url": "http://a.test/", "cancel_url": "http://a.test/"}
    stripe.pay(start_checkout(wish, basket(), trial_end=now + 9 * DAY, now=now, **urls).id)
    refresh_now(chain_id, now=now)
    page = f"/console/chains/chain/{chain_id}/extend-trial/"
    told = {"days": 5, "reason": "they asked", "request_id": str(uuid4())}
    assert "the first payment moves with it" in inside.get(page).content.decode()
    for _click in range(2):
        assert inside.post(page, told).status_code == 302
    assert Subscription.objects.get(chain_id=chain_id).trial_end == now + 14 * DAY
    assert _acts(chain_id) == [("extend_trial", "they asked")]
    stripe.away = True
    away = inside.post(page, {**told, "request_id": str(uuid4())})
    assert (away.status_code, "does not answer right now" in away.content.decode()) == (503, True)
    assert _acts(chain_id) == [("extend_trial", "they asked")] * 2


def test_the_chain_reads_operators_acts_in_words(cast: Cast, inside: Client) -> None:
    chain_id = cast.alpha.info.id
    inside.post(f"/console/chains/chain/{chain_id}/extend-trial/", {"days": 5, "reason": "they asked"})
    forget_hosts()
    owner = Client(HTTP_HOST="alpha.tessera.test", HTTP_ACCEPT_LANGUAGE="en")
    with chain_scope(cast.alpha.info):
        owner.force_login(
            cast.alpha.employees["owner"].user, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
    page = owner.get("/manage/access/").content.decode()
    assert ("Extend the trial" in page, "extend_trial" in page, "they asked" in page) == (True, False, True)


def test_revenue_is_a_chart_and_a_table_that_say_the_same(two_chains: TwoChains, inside: Client) -> None:
    at = timezone.now() - 40 * DAY
    with platform_scope():
        for chain, amount, interval in ((two_chains.a, 100, "year"), (two_chains.b, 59900, "month")):
            RevenueChange.objects.create(
                chain_id=chain.id, plan="growth", interval=interval, currency="CNY", amount=amount, at=at
            )
    page = inside.get("/console/revenue/").content.decode()
    assert page.count("CNY 599.08") >= 3  # now, the highest bar, the bars' titles
    assert ("<td>599.08</td>" in page, page.count("<rect")) == (True, 24)
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
