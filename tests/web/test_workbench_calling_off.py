"""Calling a session off from its panel: what happens is said first, then why; and a session outside the rota for a reason."""

from __future__ import annotations

import re

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.models import Booking, Session
from tenants.people.models import AccessNote
from tests.booking.counted import strangers
from tests.ground.cast import Cast, local
from tests.web.test_workbench_sessions import FOUR, House, house
from tests.web.workbench import TODAY, _noon, sign_in, text_of

__all__ = ["_noon", "house", "sign_in"]  # fixtures

LATE = local(TODAY, 20, 30)


def state(house: House) -> tuple[str, str, str]:
    with chain_scope(house.cast.alpha.info):
        assert check_bookings() == []
        now = Session.objects.get(id=house.session.id)
        return now.state, now.reason, Booking.objects.get(id=house.seat.id).status


def test_the_dialog_says_what_happens_to_whom_before_it_is_done(house, cast, sign_in):
    with chain_scope(cast.alpha.info):
        house.counted.book_for(strangers(1)[0], session_id=house.session.id, party_size=2)
    manager = sign_in("store_manager")
    assert house.url("call-off/") in manager.get(house.url()).content.decode()
    words = text_of(manager.get(house.url("call-off/"), HTTP_HX_REQUEST="true"))
    for said in (
        "Flow",
        "16:00–17:00 · Ya",
        "2 bookings are cancelled · 3 people",
        "1 is told by text",
        "Without a phone number, tell them yourself: m0",
        "Ya is told too, and is free then",
        "Members read it",
    ):
        assert said in words
    assert state(house) == ("scheduled", "", "confirmed")


def test_it_is_called_off_with_its_reason_which_the_panel_then_says(house, sign_in):
    manager = sign_in("store_manager")
    form = {"reason": "The floor is wet", "version": "1"}
    done = manager.post(house.url("call-off/"), form, HTTP_HX_REQUEST="true")
    assert (done.status_code, "over:close" in done["HX-Trigger"]) == (200, True)
    assert state(house) == ("called_off", "The floor is wet", "cancelled")
    panel = text_of(manager.get(house.url()))
    assert "Called off" in panel and "Reason: The floor is wet" in panel
    assert house.url("call-off/") not in manager.get(house.url()).content.decode()
    again = manager.post(house.url("call-off/"), {"version": "2"})
    assert (again.status_code, "This session does not take place." in text_of(again)) == (409, True)


def test_without_a_script_it_is_a_page_of_its_own(house, sign_in):
    manager = sign_in("store_manager")
    assert "What happens then" in text_of(manager.get(house.url("call-off/")))
    done = manager.post(house.url("call-off/"), {"version": "1"})
    assert (done.status_code, done["Location"], state(house)[0]) == (302, house.url(), "called_off")


def test_only_who_plans_sessions_calls_them_off_and_not_from_an_old_page(house, sign_in):
    clerk = sign_in("clerk")
    assert house.url("call-off/") not in clerk.get(house.url()).content.decode()
    assert clerk.get(house.url("call-off/")).status_code == 403
    assert clerk.post(house.url("call-off/"), {}).status_code == 403
    stale = sign_in("store_manager").post(house.url("call-off/"), {"version": "7", "reason": "kept"})
    assert (stale.status_code, 'value="kept"' in stale.content.decode()) == (409, True)
    assert state(house) == ("scheduled", "", "confirmed")


def test_a_session_that_somebody_is_here_for_offers_no_calling_off(house, sign_in):
    with chain_scope(house.cast.alpha.info):
        Booking.objects.filter(id=house.seat.id).update(status="arrived")
    assert house.url("call-off/") not in sign_in("store_manager").get(house.url()).content.decode()


# Outside hours and shifts


def test_the_form_asks_why_once_hours_stand_against_it_and_then_moves(house, cast, sign_in):
    manager, asked = sign_in("store_manager"), {"on": f"2026-11-{TODAY}", "at": "20:30"}
    assert 'name="outside"' not in manager.get(house.url("move/")).content.decode()
    tried = manager.get(house.url("move/"), {**asked, "try": "1", "outside": "late"})
    assert "The shop is not open for the whole of it" in text_of(tried)
    assert re.search(
        r'name="outside"[^>]*value="late"|value="late"[^>]*name="outside"', tried.content.decode()
    )
    refused = manager.post(house.url("move/"), {**asked, "version": "1", "outside": " "})
    assert (refused.status_code, 'name="outside"' in refused.content.decode()) == (422, True)
    assert house.stands()[0] == FOUR
    moved = manager.post(house.url("move/"), {**asked, "version": "1", "outside": "Moon yoga"})
    assert (moved.status_code, house.stands()[0]) == (302, LATE)
    with chain_scope(cast.alpha.info):
        note = AccessNote.objects.get(act="session_outside")
        assert note.detail == {"reason": "Moon yoga", "rules": ["outside_hours", "no_shift"]}


def test_a_refused_drop_can_be_put_there_all_the_same_for_a_reason(house, sign_in):
    manager = sign_in("store_manager")
    drop = {"starts_at": LATE.isoformat(), "version": "1"}
    refused = house.place(manager, **drop)
    assert refused.status_code == 422
    assert "Why it takes place all the same" in text_of(refused)
    assert f'name="starts_at" value="{LATE.isoformat()}"' in refused.content.decode().replace("&#x2B;", "+")
    blank = house.place(manager, **drop, outside=" ")
    assert (blank.status_code, "Why it takes place all the same" in text_of(blank)) == (422, True)
    assert house.place(manager, **drop, outside="Moon yoga").status_code == 200
    assert house.stands()[0] == LATE


@pytest.mark.parametrize("outside", ["", "Moon yoga"])
def test_the_office_asks_why_too(cast: Cast, house, sign_in, outside):
    manager, store = sign_in("store_manager"), cast.alpha.stores["north"].id
    form = {
        "service": str(house.counted.flow.id),
        "day": f"2026-11-{TODAY}",
        "clock": "20:30",
        "capacity": "5",
        "weeks": "2",
        "outside": outside,
    }
    assert 'name="outside"' not in manager.get(f"/manage/sessions/new/{store}/").content.decode()
    answer = manager.post(f"/manage/sessions/new/{store}/", form)
    if outside:
        assert answer.status_code == 302
        return
    assert (answer.status_code, 'name="outside"' in answer.content.decode()) == (422, True)
    assert "The shop is not open for the whole of it: Sat 21 Nov, 20:30; Sat 28 Nov, 20:30." in text_of(
        answer
    )
