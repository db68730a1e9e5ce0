"""The member's pages by request: what they show, what they refuse, and what they cost."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from chains.domain.accent import make_accent
from chains.hosts import forget_hosts
from chains.models import Chain as ChainRow
from chains.outgoing import sent_messages
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.book import book
from tenants.booking.domain.codes import draw_code
from tenants.booking.models import Booking, Status, VisitorHold
from tenants.members.models import Member
from tests.ground.cast import SHANGHAI, Cast, make_service, make_store
from web.theme import theme_version

LANGUAGES = ["en", "zh-Hans"]
PHONE = "+8613800000077"


def change_chain(cast: Cast, **fields: Any) -> None:
    with platform_scope():
        ChainRow.objects.filter(id=cast.alpha.info.id).update(**fields)
    forget_hosts()


@pytest.fixture()
def shop(cast: Cast, empty_cache: None) -> Iterator[Cast]:
    """Alpha, open for bookings."""
    change_chain(cast, opened_at=timezone.now())
    yield cast
    change_chain(cast, opened_at=None, accent_tokens={})


def browser(language: str = "en", *, host: str = "alpha", **options: Any) -> Client:
    return Client(headers={"host": f"{host}.tessera.test", "accept-language": language}, **options)


def text_of(answer: Any) -> str:
    """The words of a page, without its markup."""
    plain = re.sub(r"<(script|style|svg).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", plain))).strip()


def tomorrow(hour: int, minute: int = 0) -> datetime:
    """That wall time of tomorrow in Shanghai."""
    day = timezone.now().astimezone(SHANGHAI) + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0).astimezone(UTC)


def take(client: Client, shop: Cast, at: datetime | str, *, who: str = "", store: str = "north") -> Any:
    """Press the button under the times."""
    chain = shop.alpha
    return client.post(
        f"/book/{chain.services['facial'].id}/take/",
        {
            "store": chain.stores[store].id,
            "at": at if isinstance(at, str) else f"{at:%Y-%m-%dT%H:%M}Z",
            "with": chain.employees[who].id if who else "",
        },
    )


def held_id(answer: Any) -> UUID:
    assert answer.status_code == 302, text_of(answer)
    return UUID(answer["Location"].removeprefix("/confirm/").removesuffix("/"))


def sent_code(phone: str = PHONE) -> str:
    return str(next(row["code"] for row in sent_messages() if row["to"] == phone and row["code"]))


def sign_in(client: Client, phone: str = "+8613800000001") -> None:
    assert client.post("/my/sign-in/", {"phone": phone, "send": "1"}).status_code == 200
    answer = client.post("/my/sign-in/", {"phone": phone, "code": sent_code(phone)})
    assert (answer.status_code, answer["Location"]) == (302, "/my/")


def booking_of(shop: Cast, member: str = "su", *, hours: float = 48, status: str = "confirmed") -> Booking:
    """A booking of that member, so many hours from now; made by hand, at any minute."""
    chain = shop.alpha
    starts_at = timezone.now().replace(second=0, microsecond=0) + timedelta(hours=hours)
    with chain_scope(chain.info):
        return Booking.objects.create(
            code=draw_code(randbelow=secrets.randbelow),
            status=status,
            store=chain.stores["north"],
            service=chain.services["facial"],
            member=chain.members[member],
            practitioner=chain.employees["practitioner"],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            price_amount=39800,
            currency="CNY",
            channel="online",
            notice=240,
            created_at=timezone.now(),
        )


def statuses(shop: Cast) -> list[str]:
    with chain_scope(shop.alpha.info):
        return sorted(Booking.objects.values_list("status", flat=True))


# The shop


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
    cast: Cast, language: str, words: str
) -> None:
    client = browser(language)
    service = cast.alpha.services["facial"].id
    for path in ("/", f"/book/{service}/", "/my/", "/my/sign-in/"):
        assert words in text_of(client.get(path))
    assert words in text_of(take(client, cast, tomorrow(10)))
    assert statuses(cast) == []


def test_employees_preview_a_chain_that_has_not_opened(cast: Cast) -> None:
    client = browser()
    with chain_scope(cast.alpha.info):
        client.force_login(
            cast.alpha.employees["owner"].user, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
    words = text_of(client.get("/"))
    assert "Deep hydration" in words
    assert "Only you and your colleagues see this page yet" in words


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


# Choosing a time


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
GAP = {"en": "skips 2027-03-28 01:30", "zh-Hans": "会跳过 2027-03-28 01:30"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_answers_for_a_time_the_person_picks(shop: Cast, language: str) -> None:
    answer = browser(language).get(
        f"/book/{shop.alpha.services['facial'].id}/why/",
        {"store": str(shop.alpha.stores["north"].id), "day": "2026-01-05", "clock": "10:00"},
    )
    assert WHY_PAST[language] in text_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_says_that_the_clock_skips_a_time(shop: Cast, language: str) -> None:
    answer = browser(language).get(
        f"/book/{shop.alpha.services['facial'].id}/why/",
        {"store": str(shop.alpha.stores["dublin"].id), "day": "2027-03-28", "clock": "01:30"},
    )
    assert GAP[language] in text_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
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


# Holding and confirming


def test_link_time_confirm_booked(shop: Cast) -> None:
    client = browser()
    confirm = take(client, shop, tomorrow(10))["Location"]
    page = client.get(confirm)
    assert "Free to move or cancel until" in text_of(page)
    client.post(confirm, {"phone": "138 0000 0077", "send": "1"})
    answer = client.post(confirm, {"phone": "138 0000 0077", "code": sent_code(), "note": "quiet please"})
    assert answer.status_code == 302
    ticket = client.get(answer["Location"])
    with chain_scope(shop.alpha.info):
        booking = Booking.objects.select_related("member").get()
    assert booking.member is not None
    assert (booking.status, booking.member.phone, booking.note) == ("confirmed", PHONE, "quiet please")
    assert f"{booking.code[:4]}-{booking.code[4:]}" in text_of(ticket)
    assert "<svg" in str(ticket.context["qr"]) and "style=" not in str(ticket.context["qr"])


def test_signing_in_changes_the_sessions_key_and_the_form_token(shop: Cast) -> None:
    client = browser()
    confirm = take(client, shop, tomorrow(10))["Location"]
    client.post(confirm, {"phone": PHONE, "send": "1"})
    client.get(confirm)
    before, token = client.cookies["tessera_session"].value, client.cookies["tessera_csrf"].value
    client.post(confirm, {"phone": PHONE, "code": sent_code()})
    assert client.cookies["tessera_session"].value != before
    assert client.cookies["tessera_csrf"].value != token


def test_pressing_confirm_without_a_code_sends_one(shop: Cast) -> None:
    client = browser()
    confirm = take(client, shop, tomorrow(10))["Location"]
    answer = client.post(confirm, {"phone": PHONE})
    assert answer.status_code == 200
    assert answer.context["typed"].code_sent
    assert len(sent_code()) == 6


WRONG = {"en": "That is not the code we sent.", "zh-Hans": "code_wrong"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_code_is_told_in_its_field_and_signs_nobody_in(shop: Cast, language: str) -> None:
    client = browser(language)
    confirm = take(client, shop, tomorrow(10))["Location"]
    client.post(confirm, {"phone": PHONE, "send": "1"})
    wrong = f"{(int(sent_code()) + 1) % 1_000_000:06d}"
    answer = client.post(confirm, {"phone": PHONE, "code": wrong})
    assert answer.status_code == 422
    assert 'id="code-error"' in answer.content.decode()
    assert answer.context["member"] is None
    assert statuses(shop) == [Status.HELD]


def test_five_wrong_codes_close_the_code_and_the_right_one_is_worthless(shop: Cast) -> None:
    client = browser()
    confirm = take(client, shop, tomorrow(10))["Location"]
    client.post(confirm, {"phone": PHONE, "send": "1"})
    right = sent_code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _try in range(5):
        assert client.post(confirm, {"phone": PHONE, "code": wrong}).status_code == 422
    answer = client.post(confirm, {"phone": PHONE, "code": right})
    assert answer.status_code == 422
    assert statuses(shop) == [Status.HELD]


def test_a_second_code_within_a_minute_is_refused_with_the_wait(shop: Cast) -> None:
    client = browser()
    confirm = take(client, shop, tomorrow(10))["Location"]
    client.post(confirm, {"phone": PHONE, "send": "1"})
    answer = client.post(confirm, {"phone": PHONE, "send": "1"})
    assert answer.status_code == 429
    assert 55 <= int(answer["Retry-After"]) <= 60


@pytest.mark.parametrize("phone", ["12", "", "not a phone", "+86138", "<b>1</b>"])
def test_a_number_that_no_phone_has_is_told_in_its_field(shop: Cast, phone: str) -> None:
    client = browser()
    confirm = take(client, shop, tomorrow(10))["Location"]
    answer = client.post(confirm, {"phone": phone, "send": "1"})
    assert answer.status_code == 422
    assert 'id="phone-error"' in answer.content.decode()
    assert "<b>1</b>" not in answer.content.decode()


def test_a_hold_that_ran_out_offers_the_way_back_and_books_nothing(shop: Cast) -> None:
    client = browser()
    confirm = take(client, shop, tomorrow(10))["Location"]
    client.post(confirm, {"phone": PHONE, "send": "1"})
    with chain_scope(shop.alpha.info):
        Booking.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "Back to the times" in text_of(client.get(confirm))
    answer = client.post(confirm, {"phone": PHONE, "code": sent_code()})
    assert answer.status_code == 409
    assert "hold_expired" in text_of(answer)
    assert statuses(shop) == [Status.HELD]


def test_a_hold_can_be_extended_once(shop: Cast) -> None:
    client = browser()
    booking_id = held_id(take(client, shop, tomorrow(10)))
    with chain_scope(shop.alpha.info):
        Booking.objects.update(expires_at=timezone.now() + timedelta(minutes=2))
    assert client.post(f"/confirm/{booking_id}/extend/").status_code == 302
    with chain_scope(shop.alpha.info):
        until = Booking.objects.get().expires_at
        assert until is not None
        assert until > timezone.now() + timedelta(minutes=9)
    assert client.post(f"/confirm/{booking_id}/extend/").status_code == 409
    assert client.get(f"/confirm/{booking_id}/").context["extend_url"] == ""


def test_a_browser_holds_one_time(shop: Cast) -> None:
    client = browser()
    held_id(take(client, shop, tomorrow(10)))
    held_id(take(client, shop, tomorrow(14)))
    assert statuses(shop) == [Status.EXPIRED, Status.HELD]
    with chain_scope(shop.alpha.info):
        assert VisitorHold.objects.count() == 1


def test_a_hold_let_go_is_free_at_once(shop: Cast) -> None:
    client = browser()
    booking_id = held_id(take(client, shop, tomorrow(10)))
    assert client.post(f"/confirm/{booking_id}/drop/").status_code == 302
    assert statuses(shop) == [Status.EXPIRED]


@pytest.mark.parametrize("verb", ["", "extend/", "drop/", "resend/"])
def test_the_hold_of_another_browser_is_not_there(shop: Cast, verb: str) -> None:
    booking_id = held_id(take(browser(), shop, tomorrow(10)))
    stranger = browser()
    held_id(take(stranger, shop, tomorrow(15)))
    path = f"/confirm/{booking_id}/{verb}"
    answers = [stranger.post(path, {"phone": PHONE, "code": "123456"})]
    if verb in {"", "resend/"}:
        answers = [stranger.get(path), *(answers if verb == "" else [])]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert statuses(shop) == [Status.HELD, Status.HELD]


def test_a_member_books_at_once_and_lets_an_earlier_hold_go(shop: Cast) -> None:
    client = browser()
    held_id(take(client, shop, tomorrow(10)))
    sign_in(client)
    answer = take(client, shop, tomorrow(14))
    assert re.fullmatch(r"/my/[0-9a-f-]+/\?new=1", answer["Location"])
    assert statuses(shop) == [Status.CONFIRMED, Status.EXPIRED]


def test_a_member_with_another_booking_then_is_told(shop: Cast) -> None:
    client = browser()
    sign_in(client)
    take(client, shop, tomorrow(10))
    answer = take(client, shop, tomorrow(10, 30))
    assert answer.status_code == 409
    assert "member_overlap" in text_of(answer)
    assert statuses(shop) == [Status.CONFIRMED]


# One's own bookings


def test_my_bookings_asks_visitors_to_sign_in_and_brings_them_back(shop: Cast) -> None:
    answer = browser().get("/my/")
    assert answer["Location"] == "/my/sign-in/?next=%2Fmy%2F"


def test_my_bookings_shows_only_ones_own(shop: Cast) -> None:
    mine, hers = booking_of(shop, "su"), booking_of(shop, "chen", hours=60)
    been = booking_of(shop, "su", hours=-400, status="completed")
    client = browser()
    sign_in(client)
    page = client.get("/my/")
    assert [row.id for row in page.context["coming"]] == [mine.id]
    assert [row.id for row in page.context["past"]] == [been.id]
    assert str(hers.id) not in page.content.decode()


@pytest.mark.parametrize("path", ["", "cancel/", "move/", "calendar.ics"])
def test_somebody_elses_booking_is_not_there(shop: Cast, path: str) -> None:
    hers = booking_of(shop, "chen")
    client = browser()
    sign_in(client)
    where = f"/my/{hers.id}/{path}"
    form = {"at": f"{tomorrow(15):%Y-%m-%dT%H:%M}Z"}
    answer = client.post(where, form) if path in {"cancel/", "move/"} else client.get(where)
    assert answer.status_code == 404
    with chain_scope(shop.alpha.info):
        assert Booking.objects.get().status == Status.CONFIRMED


def test_a_session_of_one_chain_is_nobody_at_another(shop: Cast) -> None:
    client = browser()
    sign_in(client)
    with platform_scope():
        ChainRow.objects.filter(id=shop.beta.info.id).update(opened_at=timezone.now())
    forget_hosts()
    other = browser(host="beta")
    other.cookies["tessera_session"] = client.cookies["tessera_session"].value
    assert other.get("/my/")["Location"].startswith("/my/sign-in/")
    with platform_scope():
        ChainRow.objects.filter(id=shop.beta.info.id).update(opened_at=None)


def test_cancelling_in_time_frees_the_booking(shop: Cast) -> None:
    booking = booking_of(shop)
    client = browser()
    sign_in(client)
    assert "Cancelling is free" in text_of(client.get(f"/my/{booking.id}/"))
    assert client.post(f"/my/{booking.id}/cancel/")["Location"] == f"/my/{booking.id}/"
    assert statuses(shop) == [Status.CANCELLED]
    assert client.post(f"/my/{booking.id}/cancel/").status_code == 409


def test_cancelling_and_moving_too_late_is_refused_and_not_offered(shop: Cast) -> None:
    booking = booking_of(shop, hours=2)
    client = browser()
    sign_in(client)
    page = client.get(f"/my/{booking.id}/")
    assert not page.context["changeable"]
    assert "can no longer be moved or cancelled online" in text_of(page)
    assert client.post(f"/my/{booking.id}/cancel/").status_code == 422
    form = {"at": f"{tomorrow(15):%Y-%m-%dT%H:%M}Z"}
    assert client.post(f"/my/{booking.id}/move/", form).status_code == 422
    assert statuses(shop) == [Status.CONFIRMED]


def test_moving_goes_through_the_time_page_and_keeps_the_code(shop: Cast) -> None:
    client = browser()
    sign_in(client)
    take(client, shop, tomorrow(10))
    with chain_scope(shop.alpha.info):
        booking = Booking.objects.get()
    page = client.get(f"/my/{booking.id}/move/")
    assert page.context["moving"].id == booking.id
    assert "Now booked for" in text_of(page)
    answer = client.post(f"/my/{booking.id}/move/", {"at": f"{tomorrow(15):%Y-%m-%dT%H:%M}Z", "with": ""})
    assert answer.status_code == 302
    with chain_scope(shop.alpha.info):
        moved = Booking.objects.get()
    assert (moved.starts_at, moved.code, moved.status) == (tomorrow(15), booking.code, "confirmed")


def test_the_calendar_file_is_one_event_at_the_right_time(shop: Cast) -> None:
    booking = booking_of(shop)
    client = browser("zh-Hans")
    sign_in(client)
    answer = client.get(f"/my/{booking.id}/calendar.ics")
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (booking.starts_at, booking.ends_at)
    assert str(event["uid"]) == f"{booking.id}@tessera"
    assert f"{booking.code[:4]}-{booking.code[4:]}" in str(event["description"])
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"


# Signing in, the profile


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "https:evil.example", "javascript:alert(1)",
        "http://beta.tessera.test/my/", "///evil.example", "/%09/evil.example", "\t//evil.example", "evil",
    ],
)  # fmt: skip
def test_signing_in_never_leads_to_another_place(shop: Cast, onward: str) -> None:
    client = browser()
    client.post("/my/sign-in/", {"phone": PHONE, "send": "1", "next": onward})
    answer = client.post("/my/sign-in/", {"phone": PHONE, "code": sent_code(), "next": onward})
    assert answer.status_code == 302
    assert answer["Location"] in {"/my/", "/%09/evil.example"}


def test_signing_in_leads_back_to_where_one_was(shop: Cast) -> None:
    client = browser()
    client.post("/my/sign-in/", {"phone": PHONE, "send": "1", "next": "/my/profile/"})
    answer = client.post("/my/sign-in/", {"phone": PHONE, "code": sent_code(), "next": "/my/profile/"})
    assert answer["Location"] == "/my/profile/"


def test_the_profile_keeps_name_and_language_and_masks_the_phone(shop: Cast) -> None:
    client = browser()
    sign_in(client)
    page = client.get("/my/profile/")
    assert "138 **** 0001" in text_of(page)
    assert "13800000001" not in page.content.decode()
    answer = client.post("/my/profile/", {"name": " 小苏 ", "language": "zh-Hans"})
    assert client.cookies["tessera_language"].value == "zh-hans"
    assert "称呼" in text_of(client.get(answer["Location"]))
    with chain_scope(shop.alpha.info):
        member = Member.objects.get(phone="+8613800000001")
    assert (member.name, member.locale) == ("小苏", "zh-Hans")


def test_signing_out_forgets_the_member(shop: Cast) -> None:
    client = browser()
    sign_in(client)
    assert client.post("/my/sign-out/")["Location"] == "/"
    assert client.get("/my/")["Location"].startswith("/my/sign-in/")


def test_every_form_needs_its_token(shop: Cast) -> None:
    client = browser(enforce_csrf_checks=True)
    booking_id = uuid4()
    paths = [
        f"/book/{shop.alpha.services['facial'].id}/take/",
        *(f"/confirm/{booking_id}/{verb}" for verb in ("", "extend/", "drop/")),
        *(f"/my/{booking_id}/{verb}" for verb in ("cancel/", "move/")),
        "/my/sign-in/",
        "/my/sign-out/",
        "/my/profile/",
        "/i18n/setlang/",
    ]
    assert {path: client.post(path).status_code for path in paths} == dict.fromkeys(paths, 403)


def test_pages_are_kept_by_nobody_and_run_no_foreign_script(shop: Cast) -> None:
    answer = browser().get("/")
    assert "no-store" in answer["Cache-Control"]
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert re.search(r"\sstyle=|\son[a-z]+=", page) is None


# What pages cost


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
    assert {name: cost(client, path) for name, path in paths.items()} == before
    assert before == {"shop": 9, "times": 13, "my": 6, "ticket": 5}
    assert suggests == 17
