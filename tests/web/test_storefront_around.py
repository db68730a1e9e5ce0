"""Around the times of one day: places left, the month as a calendar, days off, the other stores."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.people.models import WeeklyShift
from tenants.stores.models import Store
from tests.ground.cast import SHANGHAI, Cast
from tests.web.storefront import browser, change_chain, sign_in, text_of, tomorrow
from web.formats import format_dates, format_distance, format_month


def times_url(shop: Cast, part: str = "", **asked: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/book/{shop.alpha.services['facial'].id}/{part}?store={shop.alpha.stores['north'].id}&{query}"


def take_person(shop: Cast, who: str, hour: int) -> None:
    chain = shop.alpha
    with chain_scope(chain.info):
        book(
            chain.services["facial"].id,
            store_id=chain.stores["north"].id,
            starts_at=tomorrow(hour),
            by=chain.actors["clerk"],
            member=chain.members["chen"].id,
            practitioner_id=chain.employees[who].id,
            now=timezone.now(),
        )


def slot_words(answer: Any) -> dict[str, str]:
    """What stands under each time of the page."""
    pattern = r'slot-time">([\d:]+)</span>(?:<span class="slot-word">([^<]*)<)?'
    return dict(re.findall(pattern, answer.content.decode()))


def test_the_last_one_free_is_told_while_anybody_will_do(shop: Cast) -> None:
    take_person(shop, "practitioner", 15)
    day = tomorrow(15).astimezone(SHANGHAI).date()
    lin = shop.alpha.employees["second"].id
    anybody = slot_words(browser().get(times_url(shop, day=day)))
    assert (anybody["15:00"], anybody["18:00"]) == ("1 left", "")
    assert slot_words(browser().get(times_url(shop, day=day, **{"with": lin})))["15:00"] == ""


def test_one_person_alone_is_never_the_last_one_left(shop: Cast) -> None:
    with chain_scope(shop.alpha.info):
        WeeklyShift.objects.filter(employee=shop.alpha.employees["second"]).delete()
    found = slot_words(browser().get(times_url(shop, day=tomorrow(9).date())))
    assert set(found.values()) == {""}


def month_of(answer: Any) -> dict[int, str]:
    """Each day of the calendar with its word; empty where nothing can be booked."""
    cells = re.findall(r'<td>.*?day-date"[^>]*>(\d+)<(.*?)</td>', answer.content.decode())
    return {int(day): "".join(re.findall(r'day-word">([^<]*)<', rest)) for day, rest in cells}


def test_a_month_says_how_free_each_of_its_days_is(shop: Cast) -> None:
    client = browser()
    first = timezone.now().astimezone(SHANGHAI).date()
    after = (first.replace(day=1) + timedelta(days=40)).replace(day=1)
    answer = client.get(times_url(shop, "month/", month=f"{after:%Y-%m}"))
    assert format_month(after, language="en") in text_of(answer)
    last = first + timedelta(days=60)
    found = month_of(answer)
    assert {day for day, word in found.items() if word} == {
        day.day
        for day in (after + timedelta(n) for n in range(31))
        if day <= last and day.month == after.month
    }
    assert set(found.values()) - {""} == {"Plenty"}
    assert f"day={after}" in answer.content.decode()


@pytest.mark.parametrize("month", ["1999-01", "2999-12", "x", "2026-13", ""])
def test_a_month_beyond_what_can_be_booked_is_the_nearest_that_can(shop: Cast, month: str) -> None:
    answer = browser().get(times_url(shop, "month/", month=month))
    now = timezone.now().astimezone(SHANGHAI).date()
    shown = now + timedelta(days=60) if month == "2999-12" else now
    assert format_month(shown, language="en") in text_of(answer)


def test_a_month_costs_the_same_queries_however_much_is_booked(shop: Cast) -> None:
    counts = []
    browser().get(times_url(shop, "month/"))
    for hour in (11, 13):
        take_person(shop, "practitioner", hour)
        with CaptureQueriesContext(connection) as queries:
            browser().get(times_url(shop, "month/"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_day_on_which_nobody_works_is_a_day_off_and_not_full(shop: Cast) -> None:
    ya = shop.alpha.employees["practitioner"]
    day = tomorrow(9).astimezone(SHANGHAI).date()
    with chain_scope(shop.alpha.info):
        WeeklyShift.objects.filter(employee=ya, weekday=day.isoweekday()).delete()
    words = text_of(browser().get(times_url(shop, day=day, **{"with": ya.id})))
    assert "Ya does not work that day." in words
    assert "Wait for this day" not in words
    chinese = text_of(browser("zh-Hans").get(times_url(shop, day=day, **{"with": ya.id})))
    assert "Ya那天休息。" in chinese
    with chain_scope(shop.alpha.info):
        WeeklyShift.objects.filter(weekday=day.isoweekday()).delete()
    assert "Nobody who does this works that day." in text_of(browser().get(times_url(shop, day=day)))


def test_other_stores_show_their_times_the_nearest_first(shop: Cast) -> None:
    chain = shop.alpha
    with chain_scope(chain.info):
        Store.objects.filter(id=chain.stores["north"].id).update(latitude=31.2304, longitude=121.4737)
        Store.objects.filter(id=chain.stores["south"].id).update(latitude=31.2204, longitude=121.4737)
    day = tomorrow(9).astimezone(SHANGHAI).date()
    shown = browser().get(times_url(shop, day=day))
    (link,) = re.findall(r'href="([^"]*/stores/[^"]*)"', shown.content.decode())
    answer = browser().get(link.replace("&amp;", "&"))
    assert [(row["name"], row["away"], row["here"]) for row in answer.context["rows"]] == [
        ("North", "", True),
        ("South", "1.1 km", False),
    ]
    south = answer.context["rows"][1]["slots"][0]
    taken = browser().get(south["url"])
    assert taken.status_code == 200
    assert f"South {south['time']}" not in text_of(taken)
    assert taken.context["choice"].free
    assert taken.context["store"].id == chain.stores["south"].id


def test_a_service_of_one_store_leads_to_no_others(shop: Cast) -> None:
    chain = shop.alpha
    with chain_scope(chain.info):
        chain.services["facial"].offers.exclude(store=chain.stores["north"]).delete()
    assert "/stores/" not in browser().get(times_url(shop)).content.decode()


def test_other_stores_and_month_of_what_is_not_offered_are_not_there(shop: Cast) -> None:
    chain = shop.alpha
    for part in ("month/", "stores/"):
        gone = f"/book/{chain.services['facial'].id}/{part}"
        assert browser().get(gone).status_code == 404
        assert browser().get(f"{gone}?store={chain.members['su'].id}").status_code == 404
    change_chain(shop, opened_at=None)
    assert "facial" not in text_of(browser().get(times_url(shop, "stores/")))


def test_a_booking_that_moves_has_its_own_calendar(shop: Cast) -> None:
    client = browser()
    sign_in(client)
    chain = shop.alpha
    with chain_scope(chain.info):
        made = book(
            chain.services["facial"].id,
            store_id=chain.stores["north"].id,
            starts_at=tomorrow(15),
            by=chain.actors["su"],
            now=timezone.now(),
        )
    page = client.get(f"/my/{made.id}/move/")
    (link,) = re.findall(r'hx-get="([^"]*/month/[^"]*)"', page.content.decode())
    month = client.get(f"{link.replace('&amp;', '&')}&store={chain.stores['north'].id}").content.decode()
    assert f'href="/my/{made.id}/move/?' in month
    assert "/stores/" not in page.content.decode()


def test_distances_months_and_dates_in_words() -> None:
    assert [format_distance(one) for one in (3, 804, 996, 1234, 9990, 34_567)] == [
        "10 m",
        "800 m",
        "1.0 km",
        "1.2 km",
        "10.0 km",
        "35 km",
    ]
    assert [format_month(date(2026, 12, 1), language=one) for one in ("zh-hans", "en")] == [
        "2026年12月",
        "December 2026",
    ]
    weeks = [(date(2026, 11, 23), date(2026, 11, 29)), (date(2026, 11, 30), date(2026, 12, 6))]
    assert [format_dates(*week, language=one) for one in ("zh-hans", "en") for week in weeks] == [
        "11月23日–29日",
        "11月30日–12月6日",
        "23–29 Nov",
        "30 Nov–6 Dec",
    ]
