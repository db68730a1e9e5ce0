"""Holding a time, proving a phone, and what goes wrong on the way."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.models import Booking, Status, VisitorHold
from tests.ground.cast import Cast
from tests.web.storefront import (
    LANGUAGES,
    PHONE,
    browser,
    held_id,
    sent_code,
    sign_in,
    statuses,
    take,
    text_of,
    tomorrow,
)


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


def test_an_overlap_at_the_confirmation_offers_the_nearest_times_as_links(shop: Cast) -> None:
    client, su = browser(), "+8613800000001"
    # the day before it is a whole one at whatever hour this runs: three times before, three from it on
    ten = tomorrow(10) + timedelta(days=1)
    with chain_scope(shop.alpha.info):
        alpha = shop.alpha
        book(
            alpha.services["facial"].id,
            store_id=alpha.stores["north"].id,
            starts_at=ten,
            by=alpha.actors["su"],
            now=timezone.now(),
        )
    confirm = take(client, shop, ten + timedelta(minutes=30))["Location"]
    client.post(confirm, {"phone": su, "send": "1"})
    answer = client.post(confirm, {"phone": su, "code": sent_code(su)})
    assert (answer.status_code, "member_overlap" in text_of(answer)) == (409, True)
    links = [one["url"] for one in answer.context["alternatives"]]
    assert len(links) == 6
    assert all(client.get(link).status_code == 200 for link in links[:1])
    assert links[0].replace("&", "&amp;") in answer.content.decode()
