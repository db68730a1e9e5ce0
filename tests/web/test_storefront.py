"""The shop and its times by request: what they show, what they refuse, and what they cost."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chains.domain.accent import make_accent
from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.models import Status
from tenants.members.models import Member
from tenants.people.domain.logo import remove_logo, save_logo
from tests.ground.cast import NOW, SHANGHAI, Cast, make_service, make_store
from tests.people.test_logo import png
from tests.web.storefront import (
    LANGUAGES,
    booking_of,
    browser,
    change_chain,
    held_id,
    sign_in,
    statuses,
    take,
    text_of,
    tomorrow,
)
from web.theme import theme_version


def test_shop_shows_the_stores_services_by_category_with_price_and_minutes(shop: Cast) -> None:
    with chain_scope(shop.alpha.info):
        make_service("Hot stones", [shop.alpha.stores["north"]], category="Body", minutes=90, position=9)
        make_service("Only south", [shop.alpha.stores["south"]], category="Body")
    words = text_of(browser().get(f"/?store={shop.alpha.stores['north'].id}"))
    assert "Hot stones ¥398 1 h 30 min" in words
    assert "Deep hydration ¥398 60 min" in words
    assert "Only south" not in words


def test_shop_remembers_the_chosen_store(shop: Cast) -> None:
    client = browser()
    south = shop.alpha.stores["south"].id
    client.get(f"/?store={south}")
    assert client.cookies["tessera_store"].value == str(south)
    assert client.get("/").context["store"].id == south


def test_an_unknown_store_shows_the_first(shop: Cast) -> None:
    assert browser().get(f"/?store={uuid4()}").context["store"].name == "North"
    assert browser().get("/?store=%27%3B--").context["store"].name == "North"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Not open for bookings yet"), ("zh-Hans", "还没有开始接受预约")]
)
def test_a_chain_that_has_not_opened_shows_a_friendly_page_everywhere(
    unopened: Cast, language: str, words: str
) -> None:
    client = browser(language)
    service = unopened.alpha.services["facial"].id
    for path in ("/", f"/book/{service}/", "/my/", "/my/sign-in/"):
        page = client.get(path)
        assert (words in text_of(page), 'href="/my/"' in page.content.decode()) == (True, False)
    assert words in text_of(take(client, unopened, tomorrow(10)))
    assert statuses(unopened) == []


def test_employees_preview_a_chain_that_has_not_opened(unopened: Cast) -> None:
    client = browser()
    with chain_scope(unopened.alpha.info):
        client.force_login(
            unopened.alpha.employees["owner"].user,
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
    words = text_of(client.get("/"))
    assert "Deep hydration" in words
    assert "Only you and your colleagues see this page yet" in words


def test_a_read_only_chain_shows_no_times_but_a_member_still_finds_their_bookings(read_only: Cast) -> None:
    booking = booking_of(read_only)
    client = browser()
    sign_in(client)
    for path in ("/", f"/book/{read_only.alpha.services['facial'].id}/"):
        page = client.get(path)
        assert "This shop is not taking bookings at the moment. What you have booked is honoured" in text_of(
            page
        )
        assert 'href="/my/"' in page.content.decode()
    assert "not taking bookings" in text_of(take(client, read_only, tomorrow(10)))
    assert statuses(read_only) == [Status.CONFIRMED]
    assert booking.code[:4] in text_of(client.get(f"/my/{booking.id}/"))


def test_the_chains_colours_have_an_address_of_their_own_that_is_kept(shop: Cast) -> None:
    tokens = make_accent("#E8590C")
    change_chain(shop, accent_tokens=asdict(tokens))
    client = browser()
    (address,) = re.findall(r'href="(/theme\.css\?v=[0-9a-f]+)"', client.get("/").content.decode())
    assert address.endswith(theme_version(tokens))
    kept, stale = client.get(address), client.get("/theme.css?v=old")
    assert "#CB4B01" in kept.content.decode()
    assert kept["Cache-Control"] == "public, max-age=31536000, immutable"
    assert stale["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("opened", [True, False])
def test_the_chains_logo_stands_in_the_head_where_there_is_one(shop: Cast, opened: bool) -> None:
    if not opened:
        change_chain(shop, opened_at=None)
    try:
        without = browser().get("/").content.decode()
        with chain_scope(shop.alpha.info):
            name = save_logo(png(64), by=shop.alpha.actors["owner"])
        page = browser().get("/").content.decode()
        with chain_scope(shop.alpha.info):
            remove_logo(by=shop.alpha.actors["owner"])
    finally:
        change_chain(shop, opened_at=NOW)
    assert ("/media/" in without, f'<img src="/media/{name}" alt="">' in page) == (False, True)


def test_a_time_that_others_took_is_shown_struck_and_not_offered(shop: Cast) -> None:
    with chain_scope(shop.alpha.info):
        for _twice in range(2):
            member = Member.objects.create(name="x", phone=None, created_at=timezone.now())
            book(
                shop.alpha.services["facial"].id,
                store_id=shop.alpha.stores["north"].id,
                starts_at=tomorrow(10),
                member=member.id,
                by=shop.alpha.actors["owner"],
                now=timezone.now(),
            )
    store, service = shop.alpha.stores["north"].id, shop.alpha.services["facial"].id
    page = browser().get(f"/book/{service}/?store={store}&day={tomorrow(10).astimezone(SHANGHAI):%Y-%m-%d}")
    free = {time.starts_at: time.free for part in page.context["times"].parts for time in part.times}
    assert (free[tomorrow(10)], free[tomorrow(11, 30)]) == (False, True)


def test_what_one_holds_oneself_is_not_taken(shop: Cast) -> None:
    client = browser()
    held_id(take(client, shop, tomorrow(10), who="practitioner"))
    path = f"/book/{shop.alpha.services['facial'].id}/"
    query = {
        "store": str(shop.alpha.stores["north"].id),
        "at": f"{tomorrow(10):%Y-%m-%dT%H:%M}Z",
        "with": str(shop.alpha.employees["practitioner"].id),
    }
    assert client.get(path, query).context["choice"].free
    assert not browser().get(path, query).context["choice"].free


def test_a_repeated_hour_is_told_apart_by_the_zones_name(shop: Cast) -> None:
    from tenants.booking.domain.search import DaySlots, Slot
    from web.storefront.times import list_times

    dublin = ZoneInfo("Europe/Dublin")
    starts = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1, 2)]
    slots = [Slot(start, start + timedelta(hours=1), (uuid4(),)) for start in starts]
    offering = type("Offering", (), {"zone": dublin})()
    times = list_times(starts[0].date(), offering, [DaySlots(starts[0].date(), slots)], [], None)
    assert [(f"{time.starts_at.astimezone(dublin):%H:%M %Z}", time.twice) for time in times] == [
        ("01:30 IST", True), ("01:30 GMT", True), ("02:30 GMT", False),
    ]  # fmt: skip


WHY_PAST = {"en": "That time has passed.", "zh-Hans": "该时间已过。"}
GAP = {"en": "skips Sun 28 Mar 2027, 01:30", "zh-Hans": "会跳过 2027年3月28日 周日 01:30"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_answers_for_a_time_the_person_picks(shop: Cast, language: str) -> None:
    answer = browser(language).get(
        f"/book/{shop.alpha.services['facial'].id}/why/",
        {"store": str(shop.alpha.stores["north"].id), "day": "2026-01-05", "clock": "10:00"},
    )
    assert WHY_PAST[language] in text_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
@time_machine.travel(NOW, tick=False)
def test_why_says_that_the_clock_skips_a_time(shop: Cast, language: str) -> None:
    answer = browser(language).get(
        f"/book/{shop.alpha.services['facial'].id}/why/",
        {"store": str(shop.alpha.stores["dublin"].id), "day": "2027-03-28", "clock": "01:30"},
    )
    assert GAP[language] in text_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
@time_machine.travel(NOW, tick=False)
def test_a_time_in_a_gap_of_the_clock_cannot_be_taken(shop: Cast, language: str) -> None:
    answer = take(browser(language), shop, "2027-03-28T01:30:00+00:00", store="dublin")
    assert answer.status_code == 422
    assert GAP[language] in text_of(answer)
    assert statuses(shop) == []


PAST = {"en": "That time has passed.", "zh-Hans": "该时间已过。"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_past_time_is_refused_on_the_page_of_times(shop: Cast, language: str) -> None:
    answer = take(browser(language), shop, timezone.now().replace(minute=0) - timedelta(days=1))
    assert answer.status_code == 422
    assert PAST[language] in text_of(answer)
    assert answer.templates[0].name == "storefront/times.html"
    assert statuses(shop) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_time_just_taken_is_refused_with_the_nearest_as_links(shop: Cast, language: str) -> None:
    held_id(take(browser(), shop, tomorrow(10), who="practitioner"))
    answer = take(browser(language), shop, tomorrow(10), who="practitioner")
    assert answer.status_code == 409
    assert "slot_taken" in text_of(answer)
    links = [one["url"] for one in answer.context["alternatives"]]
    assert len(links) >= 3
    assert all(browser().get(link).context["choice"].free for link in links)
    assert statuses(shop) == [Status.HELD]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"at": "tomorrow at ten"}, 400),
        ({"at": "2027-01-05T10:00"}, 400),
        ({"at": ""}, 400),
        ({"store": "north"}, 404),
        ({"store": "00000000-0000-7000-8000-000000000000"}, 404),
        ({"with": "anyone'--"}, 404),
        ({"with": "00000000-0000-7000-8000-000000000000"}, 404),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(shop: Cast, form: dict[str, str], status: int) -> None:
    right = {"store": str(shop.alpha.stores["north"].id), "at": f"{tomorrow(10):%Y-%m-%dT%H:%M}Z", "with": ""}
    answer = browser().post(f"/book/{shop.alpha.services['facial'].id}/take/", {**right, **form})
    assert answer.status_code == status
    assert statuses(shop) == []


def cost(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(
        [one for one in queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "SELECT set_config"))]
    )


def test_queries_do_not_grow_with_what_is_shown(shop: Cast) -> None:
    alpha = shop.alpha
    client = browser()
    sign_in(client)
    booking_of(shop, "su", hours=-800, status="completed")
    client.get("/")
    suggests = cost(client, "/")
    coming = booking_of(shop)
    paths = {
        "shop": "/",
        "times": f"/book/{alpha.services['facial'].id}/?store={alpha.stores['north'].id}",
        "my": "/my/",
        "ticket": f"/my/{coming.id}/",
    }
    before = {name: cost(client, path) for name, path in paths.items()}
    with chain_scope(alpha.info):
        north = alpha.stores["north"]
        for number in range(3):
            make_store(f"More {number}")
            make_service(f"More {number}", [north], category=f"Kind {number}")
    for number in range(3):
        booking_of(shop, "su", hours=100 + 10 * number)
        booking_of(shop, "su", hours=-100 - 10 * number, status="completed")
    client.get(paths["times"])  # the set-up has changed: a process reads it once more
    assert {name: cost(client, path) for name, path in paths.items()} == before
    assert before == {"shop": 9, "times": 13, "my": 7, "ticket": 6}
    assert suggests == 12


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Every 4 weeks: your turn is"), ("zh-Hans", "每 4 周来一次，下次该来的日子是")],
)
def test_the_usual_again_says_the_rhythm_and_when_the_turn_is(shop: Cast, language: str, words: str) -> None:
    for hours in (-24 * 7, -24 * 35, -24 * 63):
        booking_of(shop, hours=hours, status="completed")
    client = browser(language)
    sign_in(client)
    assert words in text_of(client.get("/"))


def test_two_visits_are_no_rhythm(shop: Cast) -> None:
    for hours in (-24 * 7, -24 * 35):
        booking_of(shop, hours=hours, status="completed")
    client = browser()
    sign_in(client)
    page = text_of(client.get("/"))
    assert "Same as last time" in page and "your turn" not in page


def test_with_the_latest_booked_already_the_usual_of_another_service_is_offered(shop: Cast) -> None:
    with chain_scope(shop.alpha.info):
        other = make_service("Neck", [shop.alpha.stores["north"]], position=5)
    for days in (14, 42, 70):
        booking_of(shop, hours=-24 * days, status="completed")
    for hours in (-24 * 2, 48):
        made = booking_of(shop, hours=hours, status="completed" if hours < 0 else "confirmed")
        with chain_scope(shop.alpha.info):
            type(made).objects.filter(id=made.id).update(service=other)
    client = browser()
    sign_in(client)
    assert client.get("/").context["again"].service_name == "Deep hydration"
