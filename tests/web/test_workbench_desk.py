"""The clerk's pages: redeeming, acts, a booking at the desk."""

from __future__ import annotations

import re
from datetime import datetime

from django.test import Client

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.keys import qr_of
from tenants.booking.models import Booking, Status
from tenants.catalogue.models import Offer
from tests.ground.cast import NOW, Cast, later, local
from tests.web.workbench import (
    TODAY,
    _noon,
    make_booking,
    sign_in,
    status_of,
    text_of,
    url,
)

__all__ = ["_noon", "sign_in"]  # fixtures

# Redeeming


def test_a_code_typed_with_a_dash_in_small_letters_is_redeemed(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 13))
    clerk = sign_in("clerk")
    typed = f"{booking.code[:4]}-{booking.code[4:]}".lower()
    answer = clerk.post(url(cast, "redeem/"), {"means": "code", "code": typed})
    assert answer["Location"] == url(cast, f"bookings/{booking.id}/redeemed/")
    assert status_of(cast, booking) == Status.ARRIVED
    done = text_of(clerk.get(answer["Location"]))
    assert "Redeemed, the service starts" in done and "Where to go Ya" in done


def test_a_hand_scanner_types_the_whole_qr_into_the_code_field(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 13))
    with chain_scope(cast.alpha.info):
        payload = qr_of(booking)
    answer = sign_in("clerk").post(url(cast, "redeem/"), {"means": "code", "code": payload})
    assert (answer.status_code, status_of(cast, booking)) == (302, Status.ARRIVED)


def test_a_phone_number_in_national_form_redeems_the_one_booking_of_today(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 13))
    answer = sign_in("clerk").post(
        url(cast, "redeem/?by=phone"), {"means": "phone", "phone": "138 0000 0001"}
    )
    assert (answer.status_code, status_of(cast, booking)) == (302, Status.ARRIVED)


def test_several_bookings_of_a_phone_are_offered_to_choose_from(cast, sign_in):
    first = make_booking(cast, at=local(TODAY, 13))
    second = make_booking(cast, at=local(TODAY, 17))
    answer = sign_in("clerk").post(url(cast, "redeem/?by=phone"), {"means": "phone", "phone": "13800000001"})
    offered = re.findall(r"bookings/([0-9a-f-]{36})/redeem/", answer.content.decode())
    assert (answer.status_code, offered) == (409, [str(first.id), str(second.id)])


def primary(answer) -> str:
    found = re.search(
        r'class="btn btn-primary[^"]*"[^>]*>(.*?)</(?:a|button)>', answer.content.decode(), re.S
    )
    return re.sub(r"<[^>]+>", "", found.group(1)).strip() if found else ""


def redeem(browser: Client, cast: Cast, booking: Booking, store: str = "north"):
    return browser.post(url(cast, "redeem/", store), {"means": "code", "code": booking.code})


def test_another_stores_code_names_the_store_and_offers_to_move_here(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 15), store="south", who="south_practitioner")
    clerk = sign_in("clerk")
    answer = redeem(clerk, cast, booking)
    assert answer.status_code == 409
    assert "This booking is at South" in text_of(answer)
    assert primary(answer) == "Move here, 12:00"
    fields = dict(re.findall(r'name="(code|starts_at)" value="([^"]+)"', answer.content.decode()))
    moved = clerk.post(url(cast, "redeem/take-over/"), fields)
    with chain_scope(cast.alpha.info):
        after = Booking.objects.get(id=booking.id)
        claims = [claim.resource_id for claim in after.claims.filter(active=True)]
    assert moved["Location"] == url(cast, f"bookings/{booking.id}/")
    assert (after.store_id, after.starts_at, after.code) == (cast.alpha.stores["north"].id, NOW, booking.code)
    assert claims == [
        cast.alpha.employees[key].resource_id
        for key in ("second", "practitioner")
        if cast.alpha.employees[key].id == after.practitioner_id
    ]


def test_a_booking_of_tomorrow_says_from_when_and_offers_to_move_it_to_today(cast, sign_in):
    booking = make_booking(cast, at=local(22, 10))
    answer = redeem(sign_in("clerk"), cast, booking)
    assert (answer.status_code, primary(answer)) == (409, "Move to today")
    assert "The code is accepted from Sun 22 Nov, 00:00." in text_of(answer)


def test_a_code_redeemed_before_says_where_when_and_by_whom_and_offers_the_undo(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 13))
    clerk = sign_in("clerk")
    redeem(clerk, cast, booking)
    answer = redeem(clerk, cast, booking)
    assert (answer.status_code, primary(answer)) == (409, "Undo redemption")
    assert "Accepted at North, Sat 21 Nov, 12:00, by Clerk." in text_of(answer)


def test_ten_minutes_later_the_undo_is_no_longer_offered(cast, sign_in, monkeypatch):
    booking = make_booking(cast, at=local(TODAY, 13))
    clerk = sign_in("clerk")
    redeem(clerk, cast, booking)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later(11))
    answer = redeem(clerk, cast, booking)
    undo = clerk.post(url(cast, f"bookings/{booking.id}/undo/"))
    assert (primary(answer), undo.status_code, status_of(cast, booking)) == (
        "Open booking",
        422,
        Status.ARRIVED,
    )


def test_a_cancelled_booking_offers_to_book_again_with_the_same_guest(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 13))
    with chain_scope(cast.alpha.info):
        cancel_booking(booking.id, by=cast.alpha.actors["owner"], now=NOW)
    answer = redeem(sign_in("clerk"), cast, booking)
    assert (answer.status_code, primary(answer)) == (409, "Book again")
    assert f"member={booking.member_id}" in answer.content.decode()


def test_an_unknown_code_offers_the_phone(cast, sign_in):
    answer = sign_in("clerk").post(url(cast, "redeem/"), {"means": "code", "code": "QB7K-4M2Z"})
    assert (answer.status_code, primary(answer)) == (404, "Search by phone")


def test_a_wrong_phone_number_is_told_at_its_field(cast, sign_in):
    answer = sign_in("clerk").post(url(cast, "redeem/?by=phone"), {"means": "phone", "phone": "12345"})
    assert answer.status_code == 422
    assert "is not a phone number" in text_of(answer) and 'aria-invalid="true"' in answer.content.decode()


def test_a_refusal_for_htmx_is_a_dialog_with_its_status(cast, sign_in):
    booking = make_booking(cast, at=local(22, 10))
    answer = sign_in("clerk").post(url(cast, f"bookings/{booking.id}/redeem/"), HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer["X-Fragment"], answer["HX-Retarget"]) == (409, "yes", "#overlay")
    assert "<dialog" in answer.content.decode()


def test_read_only_cannot_open_the_redeem_page(cast, sign_in):
    assert sign_in("read_only").get(url(cast, "redeem/")).status_code == 403


# Acts


def test_complete_no_show_and_undo_change_the_booking_and_answer_with_its_panel(cast, sign_in):
    done, missed = (
        make_booking(cast, at=local(TODAY, 12)),
        make_booking(cast, at=local(TODAY, 11), member="chen", who="second"),
    )
    clerk = sign_in("clerk")
    redeem(clerk, cast, done)
    answers = [
        clerk.post(url(cast, f"bookings/{done.id}/undo/"), HTTP_HX_REQUEST="true"),
        clerk.post(url(cast, f"bookings/{missed.id}/no-show/"), HTTP_HX_REQUEST="true"),
    ]
    redeem(clerk, cast, done)
    answers.append(clerk.post(url(cast, f"bookings/{done.id}/complete/"), HTTP_HX_REQUEST="true"))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (status_of(cast, done), status_of(cast, missed)) == (Status.COMPLETED, Status.NO_SHOW)


def test_a_stale_page_changes_nothing(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 11), who="second")
    answer = sign_in("clerk").post(
        url(cast, f"bookings/{booking.id}/no-show/"), {"version": "7"}, HTTP_HX_REQUEST="true"
    )
    assert (answer.status_code, status_of(cast, booking)) == (409, Status.CONFIRMED)
    assert "This was changed after you opened it" in text_of(answer)


def test_cancelling_keeps_the_reason(cast, sign_in):
    booking = make_booking(cast, at=local(22, 15))
    sign_in("clerk").post(url(cast, f"bookings/{booking.id}/cancel/"), {"reason": "The guest asked"})
    with chain_scope(cast.alpha.info):
        after = Booking.objects.get(id=booking.id)
    assert (after.status, after.reason) == (Status.CANCELLED, "The guest asked")


def test_moving_takes_the_chosen_time_and_person(cast, sign_in):
    booking = make_booking(cast, at=local(22, 15))
    answer = sign_in("clerk").post(
        url(cast, f"bookings/{booking.id}/move/"),
        {"starts_at": local(22, 17).isoformat(), "practitioner": str(cast.alpha.employees["second"].id)},
    )
    with chain_scope(cast.alpha.info):
        after = Booking.objects.get(id=booking.id)
    assert answer.status_code == 302
    assert (after.starts_at, after.practitioner_id) == (local(22, 17), cast.alpha.employees["second"].id)


def test_moving_to_a_taken_time_is_refused_in_place(cast, sign_in):
    booking = make_booking(cast, at=local(22, 15))
    make_booking(cast, at=local(22, 17), member="chen")
    answer = sign_in("clerk").post(
        url(cast, f"bookings/{booking.id}/move/"),
        {
            "starts_at": local(22, 17).isoformat(),
            "practitioner": str(cast.alpha.employees["practitioner"].id),
        },
    )
    assert answer.status_code == 409
    assert "Ya is already booked at that time." in text_of(answer)


# A booking at the desk


def test_a_service_is_offered_at_the_stores_own_price(cast, sign_in):
    with chain_scope(cast.alpha.info):
        own = Offer.objects.filter(service=cast.alpha.services["facial"], store=cast.alpha.stores["north"])
        own.update(price_amount=45600)
    words = text_of(sign_in("clerk").get(url(cast, "new/")))
    assert "¥456" in words
    assert "¥398" not in words


def test_a_walk_in_by_a_new_phone_number_joins_and_is_booked_now(cast, sign_in):
    clerk = sign_in("clerk")
    page = clerk.get(url(cast, f"new/?service={cast.alpha.services['short'].id}"))
    chosen = re.search(r'name="starts_at" value="([^"]+)" checked', page.content.decode())
    assert chosen is not None and datetime.fromisoformat(chosen.group(1)) == NOW
    answer = clerk.post(
        url(cast, "new/"),
        {
            "service": str(cast.alpha.services["short"].id),
            "starts_at": chosen.group(1),
            "who": "13912345678",
            "name": "王",
        },
    )
    with chain_scope(cast.alpha.info):
        made = Booking.objects.select_related("member").get()
    assert made.member is not None
    assert answer["Location"] == url(cast, f"bookings/{made.id}/")
    assert (made.member.phone, made.member.name, made.channel) == ("+8613912345678", "王", "walk_in")


def test_a_known_guest_is_found_while_typing_the_name(cast, sign_in):
    answer = sign_in("clerk").get(url(cast, "new/members/?who=苏"), HTTP_HX_REQUEST="true")
    one = sign_in("clerk").get(url(cast, "new/members/?who=13800000001"), HTTP_HX_REQUEST="true")
    assert "New guest “苏”" in text_of(answer)
    assert (str(cast.alpha.members["su"].id) in one.content.decode(), "New guest" in text_of(one)) == (
        True,
        False,
    )


def test_a_booking_for_nobody_asks_who_it_is_for_and_keeps_what_was_chosen(cast, sign_in):
    wish = {
        "service": str(cast.alpha.services["short"].id),
        "starts_at": local(22, 15).isoformat(),
        "on": "2026-11-22",
    }
    answer = sign_in("clerk").post(url(cast, "new/"), wish)
    assert answer.status_code == 422
    assert "Type the phone number or the name." in text_of(answer)
    assert f'value="{local(22, 15).isoformat()}" checked' in answer.content.decode()
