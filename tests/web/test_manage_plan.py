"""The owner's pages of plan and usage: choose, pay, change, cancel, and what each refusal leads to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from billing.domain.standing import Cause
from billing.models import ChainStanding, Subscription
from billing.port import NotAtProvider
from billing.provider import replaced_provider
from chains.hosts import forget_hosts
from chains.models import Chain, ChainState
from chains.scope import chain_scope, platform_scope
from tenants.booking.models import Booking, Claim
from tenants.people.domain.employees import count_employees
from tenants.people.domain.places import open_store
from tenants.stores.models import Store
from tests.billing.stand_in import StandIn
from tests.ground.cast import NOW, Cast, local
from tests.web.office import ALPHA, _noon, owner, sign_in
from tests.web.workbench import make_booking

__all__ = ["_noon", "owner", "sign_in"]  # fixtures

DAY = timedelta(days=1)


@pytest.fixture()
def stripe() -> Iterator[StandIn]:
    """The provider of this test."""
    stand_in = StandIn(now=NOW)
    with replaced_provider(stand_in):
        yield stand_in


@pytest.fixture(autouse=True)
def _trial(cast: Cast, empty_cache: None) -> None:
    """Alpha tries the middle plan, for another day."""
    change(cast, trial_ends_at=NOW + DAY, plan="growth", entitlements={"stores": 10, "employees": 150})


def change(cast: Cast, **fields: object) -> None:
    """Write into alpha's row in public."""
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(**fields)
    forget_hosts()


def text_of(answer: object) -> str:
    """The words of a page."""
    body = answer.content.decode()  # type: ignore[attr-defined]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body.partition("<main")[2]))
    return words.replace(" .", ".")


def subscribe(owner: Client, stripe: StandIn, plan: str = "growth", **wish: object) -> None:
    """On to the provider's page, pay, come back."""
    page = owner.post(f"/manage/plan/choose/{plan}/", wish)
    assert page.status_code == 200, page.content
    stripe.pay(page.headers["Refresh"].rsplit("/", 1)[1])
    forget_hosts()
    assert owner.get("/manage/plan/return/").headers["Location"] == "/manage/plan/"


def test_on_trial_the_page_says_until_when_and_what_is_used(owner: Client) -> None:
    words = text_of(owner.get("/manage/plan/"))
    assert "The trial runs until Sun 22 Nov, 12:00" in words
    assert "Stores in use 3 of 10 Brand · Any number of stores" in words
    assert "Choose a plan" in words


def test_only_owners_see_the_plan(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    for role in ("brand_manager", "store_manager", "clerk"):
        client = sign_in(role)
        assert client.get("/manage/plan/").status_code == 403
        assert client.post("/manage/plan/cancel/").status_code == 403
    assert "/manage/plan/" not in sign_in("brand_manager").get("/manage/").content.decode()


def test_plans_stand_beside_each_other_with_prices_and_what_would_be_too_much(
    cast: Cast, owner: Client
) -> None:
    with chain_scope(cast.alpha.info):
        fields = {"time_zone": "Asia/Shanghai", "currency": "CNY", "country": "CN"}
        open_store({**fields, "name": "Fourth"}, by=cast.alpha.actors["owner"])
    words = text_of(owner.get("/manage/plan/compare/?interval=year"))
    assert "Too small for what you use 4 stores, 3 allowed" in words
    assert "¥5,990" in words
    assert "¥590 for each further store" in words
    assert "$890" in text_of(owner.get("/manage/plan/compare/?interval=year&currency=USD"))


def test_choosing_leads_to_the_providers_page_and_back_to_an_active_chain(
    cast: Cast, owner: Client, stripe: StandIn
) -> None:
    meaning = text_of(owner.get("/manage/plan/choose/growth/"))
    assert "¥599 a month" in meaning
    page = owner.post("/manage/plan/choose/growth/", {"interval": "month", "extra_stores": "0"})
    assert (page.status_code, page.headers["Refresh"]) == (200, "0;url=https://pay.example/cs_1")
    assert 'href="https://pay.example/cs_1"' in page.content.decode()
    stripe.pay("cs_1")
    owner.get("/manage/plan/return/")
    words = text_of(owner.get("/manage/plan/"))
    assert "Growth Active ¥599 a month Renews Mon 21 Dec, 12:00." in words


def test_two_clicks_on_pay_are_one_page(owner: Client, stripe: StandIn) -> None:
    pages = [owner.post("/manage/plan/choose/growth/").headers["Refresh"] for _click in range(2)]
    assert pages == ["0;url=https://pay.example/cs_1"] * 2
    assert len(stripe.pages) == 1


def test_back_from_the_provider_while_it_is_away_the_page_still_opens(owner: Client, stripe: StandIn) -> None:
    page = owner.post("/manage/plan/choose/growth/")
    stripe.pay("cs_1")
    stripe.away = True
    assert page.status_code == 200
    assert owner.get("/manage/plan/return/").status_code == 302
    assert owner.get("/manage/plan/").status_code == 200


def test_a_change_shows_what_it_costs_then_makes_it(cast: Cast, owner: Client, stripe: StandIn) -> None:
    subscribe(owner, stripe)
    shown = owner.get("/manage/plan/choose/growth/?extra_stores=2")
    assert "Charged now ¥118.00" in text_of(shown)
    at = re.search(r'name="at" value="([^"]+)"', shown.content.decode())
    assert at is not None
    told = {"interval": "month", "extra_stores": "2", "at": at[1]}
    made = owner.post("/manage/plan/choose/growth/", told)
    assert made.headers["Location"] == "/manage/plan/?done=changed"
    assert "The plan is changed" in text_of(owner.get("/manage/plan/?done=changed"))
    assert Subscription.objects.get().extra_stores == 2
    assert stripe.charged == 59900 + 11800


def test_a_declined_card_says_so_with_the_way_to_another(owner: Client, stripe: StandIn) -> None:
    subscribe(owner, stripe)
    stripe.declines = True
    answer = owner.post("/manage/plan/choose/brand/")
    assert answer.status_code == 402
    assert "The payment was declined, so nothing was changed." in text_of(answer)
    assert 'action="/manage/plan/card/"' in answer.content.decode()


def test_a_downgrade_below_what_is_in_use_lists_it_and_has_no_button(
    cast: Cast, owner: Client, stripe: StandIn
) -> None:
    subscribe(owner, stripe)
    shown = owner.get("/manage/plan/choose/starter/?extra_stores=0")
    assert "3 stores, 1 allowed" in text_of(shown)
    assert "Change the plan" not in text_of(shown)
    assert owner.post("/manage/plan/choose/starter/", {"extra_stores": "0"}).status_code == 422


def test_a_downgrade_says_what_becomes_less(owner: Client, stripe: StandIn) -> None:
    subscribe(owner, stripe, "brand")
    words = text_of(owner.get("/manage/plan/choose/growth/"))
    assert "Up to 150 employees" in words.partition("What becomes less")[2]
    assert "Credit for the next invoices ¥1,400.00" in words


def test_cancelling_says_what_happens_first_and_can_be_taken_back(owner: Client, stripe: StandIn) -> None:
    subscribe(owner, stripe)
    assert "Everything works until Mon 21 Dec, 12:00" in text_of(owner.get("/manage/plan/cancel/"))
    assert owner.post("/manage/plan/cancel/").headers["Location"] == "/manage/plan/?done=cancelled"
    assert "Ends Mon 21 Dec, 12:00 and is not renewed." in text_of(owner.get("/manage/plan/"))
    assert owner.post("/manage/plan/resume/").headers["Location"] == "/manage/plan/?done=resumed"
    assert "Renews Mon 21 Dec, 12:00." in text_of(owner.get("/manage/plan/"))


def test_while_the_provider_is_away_every_page_says_so_and_nothing_changes(
    owner: Client, stripe: StandIn
) -> None:
    subscribe(owner, stripe)
    stripe.away = True
    for page in ("choose/brand/", "cancel/", "card/"):
        answer = owner.post(f"/manage/plan/{page}")
        assert (answer.status_code, "Nothing was charged twice" in text_of(answer)) == (503, True)
    assert Subscription.objects.get().plan == "growth"


def test_past_due_the_owner_alone_sees_a_banner(
    cast: Cast, owner: Client, sign_in: Callable[[str], Client], stripe: StandIn
) -> None:
    subscribe(owner, stripe)
    stripe.set("sub_1", status="past_due")
    owner.get("/manage/plan/return/")
    assert "The last payment did not go through Everything works until Sat 5 Dec" in text_of(
        owner.get("/manage/plan/")
    )
    assert "The subscription is not paid" in text_of(owner.get("/manage/"))
    for role in ("brand_manager", "store_manager"):
        assert "not paid" not in text_of(sign_in(role).get("/manage/"))
    page = owner.post("/manage/plan/card/")
    assert page.headers["Refresh"] == "0;url=https://pay.example/portal"


def test_read_only_the_whole_office_sees_that_nothing_new_can_begin(
    cast: Cast, owner: Client, sign_in: Callable[[str], Client]
) -> None:
    change(cast, state=ChainState.READ_ONLY)
    assert "Read-only: no new bookings can be made" in text_of(sign_in("store_manager").get("/manage/"))
    fields = {"name": "Fourth", "address": "1 Road", "time_zone": "Asia/Shanghai", "currency": "CNY"}
    refused = owner.post("/manage/stores/new/", {**fields, "active": "on"})
    assert refused.status_code == 422


CAUSES = {
    Cause.PAYMENT_FAILED: (
        "The subscription has not been paid.",
        "The owner can pay under “Plan and usage”",
        "The subscription is not paid. What is booked is honoured.",
    ),
    Cause.ENDED: (
        "The subscription was cancelled and has ended.",
        "The owner can subscribe again under “Plan and usage”",
        "The subscription was cancelled and has ended. What is booked is honoured.",
    ),
    Cause.TRIAL_OVER: (
        "The trial is over, and no plan was chosen.",
        "The owner can choose a plan under “Plan and usage”",
        "The trial is over, and no plan was chosen. What is booked is honoured.",
    ),
}


@pytest.mark.parametrize("cause", list(CAUSES))
def test_read_only_says_why_to_owner_and_employees_and_nothing_of_it_to_members(
    cast: Cast, owner: Client, sign_in: Callable[[str], Client], cause: Cause
) -> None:
    change(cast, state=ChainState.READ_ONLY, opened_at=NOW - DAY)
    with platform_scope():
        ChainStanding.objects.create(
            chain_id=cast.alpha.info.id, state="read_only", since=NOW, cause=cause, next_at=NOW + 30 * DAY
        )
    why, way, on_the_page = CAUSES[cause]
    assert why in text_of(owner.get("/manage/"))
    assert on_the_page in text_of(owner.get("/manage/plan/"))
    north = cast.alpha.stores["north"].id
    for client, path in ((sign_in("store_manager"), "/manage/"), (sign_in("clerk"), f"/workbench/{north}/")):
        words = text_of(client.get(path))
        assert (why in words, way in words) == (True, True)
    others = {each for words in CAUSES.values() for each in words if each != why}
    assert not any(
        each in text_of(sign_in("store_manager").get("/manage/")) for each in others if each != way
    )
    member = text_of(Client(HTTP_HOST=ALPHA, HTTP_ACCEPT_LANGUAGE="en").get("/"))
    assert not any(word in member for word in ("paid", "cancelled", "trial", "Plan and usage"))


def test_what_waits_for_the_provider_is_shown_and_taken_back(
    cast: Cast, owner: Client, stripe: StandIn
) -> None:
    subscribe(owner, stripe)
    stripe.away = True
    owner.post("/manage/plan/choose/brand/")
    assert "The change to Brand waits for the payment provider" in text_of(owner.get("/manage/plan/"))
    taken = owner.post("/manage/plan/withdraw/")
    assert taken.headers["Location"] == "/manage/plan/?done=withdrawn"
    words = text_of(owner.get("/manage/plan/?done=withdrawn"))
    assert ("Withdrawn" in words, "waits for the payment provider" in words) == (True, False)


def test_a_subscription_deleted_at_the_provider_leads_to_a_new_one(
    cast: Cast, owner: Client, stripe: StandIn
) -> None:
    subscribe(owner, stripe)
    stripe.set("sub_1", status="canceled", ended_at=NOW)

    def unknown(*args: object, **kwargs: object) -> None:
        raise NotAtProvider

    stripe.cancel_at_period_end = unknown  # type: ignore[assignment, method-assign]
    answer = owner.post("/manage/plan/cancel/")
    assert (answer.status_code, "so it has ended" in text_of(answer)) == (409, True)
    assert 'href="/manage/plan/compare/"' in answer.content.decode()
    subscribe(owner, stripe)
    assert Subscription.objects.get().status == "active"


def test_the_page_says_from_when_history_is_shown_and_a_smaller_plan_what_it_would_hide(
    cast: Cast, owner: Client, stripe: StandIn
) -> None:
    subscribe(owner, stripe)
    made = make_booking(cast, at=local(23, 10))
    with chain_scope(cast.alpha.info):
        Claim.objects.filter(booking_id=made.id).update(active=False)
        Booking.objects.filter(id=made.id).update(
            starts_at=NOW - 500 * DAY, ends_at=NOW - 500 * DAY + timedelta(hours=1)
        )
    page = text_of(owner.get("/manage/plan/"))
    assert "History shown 36 months Shown from 21 Nov 2023 on; older bookings are kept." in page
    smaller = text_of(owner.get("/manage/plan/choose/starter/?extra_stores=2"))
    assert "1 booking before 21 Nov 2025 would no longer be shown. It is kept" in smaller
    assert "no longer be shown" not in text_of(owner.get("/manage/plan/choose/brand/"))


def test_one_store_too_many_is_refused_in_its_form_with_the_way_out(cast: Cast, owner: Client) -> None:
    change(cast, entitlements={"stores": 3})
    fields = {"name": "Fourth", "address": "1 Road", "time_zone": "Asia/Shanghai", "currency": "CNY"}
    refused = owner.post("/manage/stores/new/", {**fields, "active": "on"})
    assert refused.status_code == 422
    assert "Your plan allows 3 stores in use, and 3 are." in text_of(refused)
    with chain_scope(cast.alpha.info):
        assert Store.objects.count() == 3


@pytest.mark.parametrize(
    ("limit", "path", "sentence"),
    [
        ("stores", "/manage/stores/", "Your plan allows 3 stores in use, and 3 are."),
        ("employees", "/manage/staff/", "Your plan allows {used} people who work here, and {used} do."),
    ],
)
def test_a_full_plan_is_said_before_anybody_adds_one(
    cast: Cast, owner: Client, limit: str, path: str, sentence: str
) -> None:
    with chain_scope(cast.alpha.info):
        used = {"stores": 3, "employees": count_employees()}[limit]
    said = []
    for allowed in (used + 1, used):
        change(cast, entitlements={limit: allowed})
        page = owner.get(path)
        alert = page.content.decode().partition("<main")[2].partition("alert-way")
        said.append((sentence.format(used=used) in text_of(page), 'href="/manage/plan/"' in alert[2]))
    assert said == [(False, False), (True, True)]


def test_an_industry_is_added_or_refused_with_the_way_out(cast: Cast, owner: Client) -> None:
    from tenants.extension.registry import verticals

    first, second = verticals()[:2]
    change(cast, entitlements={"verticals": 1}, verticals=[])
    assert owner.post("/manage/plan/industry/", {"vertical": first.code}).status_code == 302
    refused = owner.post("/manage/plan/industry/", {"vertical": second.code})
    assert refused.status_code == 422
    assert "Your plan allows 1 industries, and you have 1." in text_of(refused)


@pytest.mark.parametrize("rows", [1, 8])
def test_the_page_asks_as_often_with_many_invoices_as_with_one(
    cast: Cast, owner: Client, rows: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    from billing.models import Invoice

    with platform_scope():
        for number in range(rows):
            Invoice.objects.create(
                chain_id=cast.alpha.info.id,
                stripe_id=f"in_{number}",
                number=f"A-{number}",
                state="paid",
                currency="CNY",
                subtotal=59900,
                total=59900,
                amount_due=59900,
                amount_paid=59900,
                period_start=NOW,
                period_end=NOW,
                issued_at=NOW,
                updated_at=NOW,
            )
    owner.get("/manage/plan/invoices/")
    with django_assert_num_queries(QUERIES):  # type: ignore[attr-defined]
        assert f"A-{rows - 1}" in text_of(owner.get("/manage/plan/invoices/"))


QUERIES = 8
