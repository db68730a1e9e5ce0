"""Recommended times above the grid: what a member sees, taps and gets."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chains.scope import chain_scope
from tenants.booking.models import Booking
from tests.ground.cast import SHANGHAI, Cast
from tests.web.storefront import browser, sign_in, text_of, tomorrow


def page_of(shop: Cast, client: Any, **asked: Any) -> Any:
    chain = shop.alpha
    return client.get(f"/book/{chain.services['facial'].id}/", {"store": chain.stores["north"].id, **asked})


def comes_weekly(shop: Cast) -> None:
    """Su came at 15:00 on this weekday three weeks running, by Lin."""
    chain = shop.alpha
    today = timezone.now().astimezone(SHANGHAI).replace(hour=15, minute=0, second=0, microsecond=0)
    with chain_scope(chain.info):
        for week in (1, 2, 3):
            starts_at = today - timedelta(weeks=week) + timedelta(days=3)
            Booking.objects.create(
                code=f"ABCDEF{week}{week}",
                status="completed",
                store=chain.stores["north"],
                service=chain.services["facial"],
                member=chain.members["su"],
                practitioner=chain.employees["second"],
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                price_amount=39800,
                currency="CNY",
                channel="online",
                notice=240,
                created_at=starts_at - timedelta(days=3),
            )


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Recommended 3 times picked for you"), ("zh-Hans", "推荐 为你挑的 3 个时间")],
)
def test_three_times_with_reasons_stand_above_the_whole_grid(shop: Cast, language: str, words: str) -> None:
    answer = page_of(shop, browser(language))
    assert words in text_of(answer)
    picks, slots = answer.context["picks"], answer.context["parts"]
    assert len(picks) == 3
    assert all(pick["why"] for pick in picks)
    free = {slot["value"] for part in slots for slot in part["slots"] if slot["state"] == "free"}
    here = [pick["value"].split("~")[0] for pick in picks]
    shown = f"{answer.context['times'].day}"
    assert {value for value in here if value.startswith(shown)} <= free
    html = answer.content.decode()
    assert html.index('id="picks"') < html.index('class="slots"')


def test_a_regular_reads_why_and_books_that_time_with_that_person_in_one_more_tap(shop: Cast) -> None:
    comes_weekly(shop)
    client = browser()
    sign_in(client)
    pick = page_of(shop, client).context["picks"][0]
    assert re.fullmatch(r"Your usual \w{3} afternoon", pick["why"])
    assert pick["who"] == "Lin is free, as last time"
    chosen = page_of(shop, client, at=pick["value"])
    assert [one["checked"] for one in chosen.context["picks"]].count(True) == 1
    assert chosen.context["choice"].practitioner.name == "Lin"
    assert "slot-picked" in chosen.content.decode()
    bar = chosen.content.decode().split('id="bar-in"')[1].split("</form>")[0]
    form = dict(re.findall(r'name="(store|at|with)" value="([^"]*)"', bar))
    taken = client.post(f"/book/{shop.alpha.services['facial'].id}/take/", form)
    assert taken.status_code == 302
    with chain_scope(shop.alpha.info):
        booked = Booking.objects.get(status="confirmed")
        assert booked.practitioner.name == "Lin"
        assert booked.starts_at.astimezone(SHANGHAI).hour == 15


def test_a_recommended_time_brings_its_own_day_until_another_is_chosen(shop: Cast) -> None:
    client = browser()
    lin = shop.alpha.employees["second"].id
    wanted = tomorrow(10)
    day = wanted.astimezone(SHANGHAI).date()
    later = day + timedelta(days=3)
    at = f"{wanted:%Y-%m-%dT%H:%M}Z~{lin}"
    same = page_of(shop, client, at=at, day=later, shown=later)
    assert (same.context["times"].day, same.context["choice"].starts_at) == (day, wanted)
    turned = page_of(shop, client, at=at, day=later, shown=day)
    assert (turned.context["times"].day, turned.context["choice"]) == (later, None)


def test_a_person_who_is_no_longer_free_then_is_not_promised(shop: Cast) -> None:
    stranger = shop.alpha.employees["south_practitioner"].id
    answer = page_of(shop, browser(), at=f"{tomorrow(10):%Y-%m-%dT%H:%M}Z~{stranger}")
    assert answer.context["choice"].free
    assert answer.context["choice"].practitioner is None


def test_an_answer_for_the_grid_alone_recommends_nothing(shop: Cast) -> None:
    client = browser()
    service = shop.alpha.services["facial"].id
    north = shop.alpha.stores["north"].id
    answer = client.get(f"/book/{service}/?store={north}", headers={"HX-Target": "times"})
    assert answer.context["picks"] == []
