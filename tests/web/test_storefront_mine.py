"""A member's own bookings, signing in, the profile."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from icalendar import Calendar

from chains.scope import chain_scope
from tenants.booking.models import Booking, Status
from tenants.members.models import Member
from tests.ground.cast import Cast
from tests.web.storefront import (
    PHONE,
    booking_of,
    browser,
    sent_code,
    sign_in,
    statuses,
    take,
    text_of,
    tomorrow,
)


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
    other = browser(host="beta")
    other.cookies["tessera_session"] = client.cookies["tessera_session"].value
    assert other.get("/my/")["Location"].startswith("/my/sign-in/")


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
    assert (page.context["cancellable"], page.context["movable"]) == (False, False)
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
