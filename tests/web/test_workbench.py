"""The clerk's pages: whose day, which actions, what a refusal says, how many queries."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chains.hosts import forget_hosts
from chains.models import Chain, ChainState
from chains.scope import chain_scope, platform_scope
from tenants.booking.models import Booking, Status
from tenants.members.models import Member
from tenants.people.models import AccessNote, Leave, Role, RoleGrant
from tests.ground.cast import NOW, Cast, later, local
from tests.web.workbench import (
    ALPHA,
    TODAY,
    _noon,
    make_booking,
    sign_in,
    status_of,
    text_of,
    url,
)

__all__ = ["_noon", "sign_in"]  # fixtures

# Who gets in


def test_without_a_session_the_day_leads_to_sign_in_and_back(cast):
    answer = Client(HTTP_HOST=ALPHA).get(url(cast))
    assert answer.status_code == 302
    assert answer["Location"] == f"/staff/login/?next=/workbench/{cast.alpha.stores['north'].id}/"


def test_a_fragment_without_a_session_sends_the_whole_page_to_sign_in(cast):
    answer = Client(HTTP_HOST=ALPHA).get(url(cast, "day/"), HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/staff/login/?next=/workbench/")


def test_a_store_that_is_not_the_employees_is_not_found(cast, sign_in):
    answers = {
        store: sign_in("clerk").get(url(cast, store=store)).status_code for store in ("north", "south")
    }
    assert answers == {"north": 200, "south": 404}


def test_the_workbench_remembers_the_store_last_worked_at(cast, sign_in):
    owner = sign_in("owner")
    first = owner.get("/workbench/")["Location"]
    owner.get(url(cast, store="south"))
    assert (first, owner.get("/workbench/")["Location"]) == (url(cast), url(cast, store="south"))


def test_the_title_of_the_day_is_plain_words(cast, sign_in):
    page = sign_in("clerk").get(url(cast)).content.decode()
    (title,) = re.findall(r"<title>(.*?)</title>", page, re.S)
    assert ("&lt;" in title, "<" in title, "North" in title) == (False, False, True)


@pytest.mark.parametrize("page", ["", "new/", "party/"])
def test_read_only_is_said_before_a_booking_is_begun(cast, sign_in, page):
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(state=ChainState.READ_ONLY)
    forget_hosts()
    words = text_of(sign_in("clerk").get(url(cast, page)))
    assert "Nothing new can begin; what is booked is honoured." in words


def test_a_former_employee_is_sent_to_sign_in(cast, sign_in):
    clerk = sign_in("clerk")
    with chain_scope(cast.alpha.info):
        cast.alpha.employees["clerk"].active = False
        cast.alpha.employees["clerk"].save()
    assert clerk.get(url(cast)).status_code == 302


def test_another_chains_store_is_not_found(cast, sign_in):
    path = f"/workbench/{cast.beta.stores['only'].id}/"
    assert sign_in("owner").get(path).status_code == 404


PATHS = [
    "",
    "phone/",
    "redeem/",
    "redeemed/",
    "move/",
    "move/times/",
    "cancel/",
    "complete/",
    "no-show/",
    "undo/",
]


@pytest.mark.parametrize("path", PATHS)
def test_another_stores_booking_is_not_found_here(cast, sign_in, path):
    foreign = make_booking(cast, at=local(TODAY, 13), store="south", who="south_practitioner")
    owner = sign_in("owner")
    where = url(cast, f"bookings/{foreign.id}/{path}")
    method = owner.post if path in ("phone/", "redeem/", "complete/", "no-show/", "undo/") else owner.get
    assert method(where).status_code == 404
    assert status_of(cast, foreign) == Status.CONFIRMED


# The day


def test_the_day_shows_its_bookings_in_order_and_no_other_stores(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    make_booking(cast, at=local(TODAY, 13), member="chen")
    make_booking(cast, at=local(22, 10))
    make_booking(cast, at=local(TODAY, 17), store="south", who="south_practitioner")
    answer = sign_in("clerk").get(url(cast) + "?view=list")
    rows = re.findall(
        r'class="at"><time[^>]*>([\d:]+)</time>.*?class="row-link[^>]*>([^<]+)</a>',
        answer.content.decode(),
        re.S,
    )
    assert rows == [("13:00", "Chen Ke"), ("15:00", "苏晴")]


def test_the_now_line_stands_between_what_has_begun_and_what_has_not(cast, sign_in):
    make_booking(cast, at=local(TODAY, 11))
    make_booking(cast, at=local(TODAY, 13), member="chen")
    body = sign_in("clerk").get(url(cast) + "?view=list").content.decode()
    order = re.findall(r'id="(now-row)"|class="row-link[^>]*>([^<]+)</a>', body)
    assert order == [("", "苏晴"), ("now-row", ""), ("", "Chen Ke")]


def test_the_timeline_has_a_column_a_person_with_buffers_and_the_shift(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 15))
    body = sign_in("clerk").get(url(cast)).content.decode()
    column = re.search(
        rf'data-key="{cast.alpha.employees["practitioner"].id}".*?(?=<div class="timeline-col|</section>)',
        body,
        re.S,
    )
    assert column is not None
    # 09:00 is row 0: 15:00 is row 72; ten minutes before and after are two rows each
    assert re.findall(r'class="buffer r-(\d+) span-(\d+)', column.group()) == [("70", "2"), ("84", "2")]
    assert f'r-72 span-12" id="block-{booking.id}"' in column.group()


def test_a_practitioner_sees_their_own_column_first_and_own_rows_marked(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15), who="practitioner")
    make_booking(cast, at=local(TODAY, 16, 30), who="second", member="chen")
    body = sign_in("practitioner").get(url(cast)).content.decode()
    assert re.findall(r'timeline-col[^>]*data-key="([^"]+)"', body)[0] == str(
        cast.alpha.employees["practitioner"].id
    )
    assert body.count("day-row is-mine") == 1


def test_a_phone_number_is_masked_until_shown_and_showing_it_is_noted(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 15))
    clerk = sign_in("clerk")
    panel = clerk.get(url(cast, f"bookings/{booking.id}/"), HTTP_HX_REQUEST="true")
    shown = clerk.post(url(cast, f"bookings/{booking.id}/phone/"), HTTP_HX_REQUEST="true")
    assert "138 **** 0001" in text_of(panel) and "138 0000 0001" not in text_of(panel)
    assert text_of(shown).strip() == "138 0000 0001"
    with chain_scope(cast.alpha.info):
        notes = list(AccessNote.objects.values_list("employee_id", "act", "subject_id"))
    assert notes == [(cast.alpha.employees["clerk"].id, "phone_revealed", booking.member_id)]


def test_who_may_not_see_numbers_is_offered_none_and_refused_one(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 15))
    cashier = sign_in("cashier")
    panel = cashier.get(url(cast, f"bookings/{booking.id}/"), HTTP_HX_REQUEST="true")
    assert "/phone/" not in panel.content.decode()
    assert cashier.post(url(cast, f"bookings/{booking.id}/phone/")).status_code == 403


ACTIONS = {
    "owner": {"redeem", "move", "cancel", "repeat", "bring"},
    "store_manager": {"redeem", "move", "cancel", "repeat", "bring"},
    "clerk": {"redeem", "move", "cancel", "repeat", "bring"},
    "practitioner": {"redeem"},
    "cashier": {"redeem"},
    "read_only": set(),
}


@pytest.mark.parametrize("role", ACTIONS)
def test_the_panel_offers_what_the_role_may_do(cast, sign_in, role):
    booking = make_booking(cast, at=local(TODAY, 15))
    body = sign_in(role).get(url(cast, f"bookings/{booking.id}/"), HTTP_HX_REQUEST="true").content.decode()
    offered = set(re.findall(rf'bookings/{booking.id}/([a-z-]+)/"', body)) - {"phone"}
    assert offered == ACTIONS[role]


@pytest.mark.parametrize("role", ["cashier", "read_only"])
def test_the_domain_decides_again_whatever_the_page_offered(cast, sign_in, role):
    booking = make_booking(cast, at=local(TODAY, 15))
    browser = sign_in(role)
    answers = {
        "cancel": browser.post(url(cast, f"bookings/{booking.id}/cancel/"), {"reason": "x"}).status_code,
        "move": browser.post(
            url(cast, f"bookings/{booking.id}/move/"), {"starts_at": "2026-11-21T16:00:00+08:00"}
        ).status_code,
        "new": browser.get(url(cast, "new/")).status_code,
    }
    assert answers == {"cancel": 403, "move": 403, "new": 403}
    assert status_of(cast, booking) == Status.CONFIRMED


# What needs attention


def concerns(answer) -> list[tuple[str, str]]:
    found = re.findall(
        r'data-concern="([a-z_]+)".*?class="title typed">([^<]+)<', answer.content.decode(), re.S
    )
    return [(kind, title.strip()) for kind, title in found]


def test_a_late_guest_needs_attention_with_who_comes_next(cast, sign_in):
    make_booking(cast, at=local(TODAY, 11, 40), service="short")
    make_booking(cast, at=local(TODAY, 13), member="chen")
    answer = sign_in("clerk").get(url(cast))
    assert concerns(answer) == [("late", "苏晴 is 20 min late")]
    assert "11:40 Ya, the next guest at 13:00" in text_of(answer)


def test_a_guest_four_minutes_late_is_not_late_yet(cast, sign_in, monkeypatch):
    make_booking(cast, at=local(TODAY, 13))
    monkeypatch.setattr("django.utils.timezone.now", lambda: local(TODAY, 13, 4))
    early = concerns(sign_in("clerk").get(url(cast)))
    monkeypatch.setattr("django.utils.timezone.now", lambda: local(TODAY, 13, 5))
    assert (early, concerns(sign_in("clerk").get(url(cast)))) == ([], [("late", "苏晴 is 5 min late")])


def test_a_hold_in_its_last_three_minutes_needs_attention(cast, sign_in, monkeypatch):
    make_booking(cast, at=local(TODAY, 15), hold=True, now=NOW)
    before = concerns(sign_in("clerk").get(url(cast)))
    monkeypatch.setattr("django.utils.timezone.now", lambda: later(8))
    after = concerns(sign_in("clerk").get(url(cast)))
    assert (before, after) == ([], [("hold", "The hold of 苏晴 runs out at 12:10")])


def test_a_booking_whose_practitioner_is_on_leave_needs_attention(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    with chain_scope(cast.alpha.info):
        Leave.objects.create(
            employee=cast.alpha.employees["practitioner"],
            starts_at=local(TODAY, 14),
            ends_at=local(TODAY, 21),
        )
    assert concerns(sign_in("clerk").get(url(cast))) == [("leave", "Ya is on leave")]


def test_a_booking_outside_the_shift_needs_attention(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    with chain_scope(cast.alpha.info):
        cast.alpha.employees["practitioner"].weekly_shifts.update(ends=15 * 60)
    assert concerns(sign_in("clerk").get(url(cast))) == [("no_shift", "Ya has no shift then")]


def test_a_booking_without_anybody_needs_attention(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 15))
    with chain_scope(cast.alpha.info):
        Booking.objects.filter(id=booking.id).update(practitioner=None)
    assert concerns(sign_in("clerk").get(url(cast))) == [("unassigned", "Nobody is assigned to 苏晴")]


# Queries


@pytest.mark.parametrize("path", ["", "?view=list", "day/", "changed/{booking}/"])
def test_the_day_takes_as_many_queries_for_200_bookings_as_for_10(cast, sign_in, path):
    fill_day(cast, 10)
    few = count_queries(cast, sign_in("clerk"), path)
    fill_day(cast, 190)
    many = count_queries(cast, sign_in("clerk"), path)
    assert few == many
    assert many <= 22


def fill_day(cast: Cast, count: int) -> None:
    """Rows as they are, without claims: what counts here is how often the database is asked."""
    alpha = cast.alpha
    with chain_scope(alpha.info):
        had = Booking.objects.count()
        for number in range(had, had + count):
            member = Member.objects.create(name=f"Guest {number}", created_at=NOW)
            Booking.objects.create(
                code=f"X{number:07}",
                status=Status.CONFIRMED,
                store=alpha.stores["north"],
                service=alpha.services["short"],
                member=member,
                practitioner=alpha.employees["practitioner" if number % 2 else "second"],
                starts_at=local(TODAY, 9) + timedelta(minutes=3 * number),
                ends_at=local(TODAY, 9) + timedelta(minutes=3 * number + 30),
                price_amount=100,
                currency="CNY",
                notice=0,
                created_at=NOW,
            )


def count_queries(cast: Cast, browser: Client, path: str) -> int:
    with chain_scope(cast.alpha.info):
        first = Booking.objects.order_by("starts_at").values_list("id", flat=True)[0]
    where = url(cast, path.format(booking=first))
    browser.get(where, HTTP_HX_REQUEST="true")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert browser.get(where).status_code == 200
    return len([query for query in captured if not query["sql"].startswith("SELECT set_config")])


# Policy


def test_only_the_scan_page_may_compile_wasm_and_only_the_day_may_reach_the_stream(cast, sign_in, settings):
    settings.LIVE_PORT = 8999
    clerk = sign_in("clerk")
    policies = {
        path: clerk.get(url(cast, path))["Content-Security-Policy"]
        for path in ("", "redeem/", "redeem/?by=code", "redeem/?by=phone", "new/", "find/")
    }
    wasm = [path for path, policy in policies.items() if "wasm-unsafe-eval" in policy]
    stream = [path for path, policy in policies.items() if f"http://{ALPHA}:8999" in policy]
    assert (wasm, stream) == (["redeem/"], [""])
    assert not any("unsafe-inline" in policy or "'unsafe-eval'" in policy for policy in policies.values())


def test_unknown_ids_are_not_found(cast, sign_in):
    clerk = sign_in("clerk")
    assert [
        clerk.get(url(cast, f"bookings/{uuid4()}/")).status_code,
        clerk.get(f"/workbench/{uuid4()}/").status_code,
        clerk.post(url(cast, f"bookings/{uuid4()}/complete/")).status_code,
    ] == [404, 404, 404]


def test_a_role_at_a_second_store_opens_that_store(cast, sign_in):
    with chain_scope(cast.alpha.info):
        RoleGrant.objects.create(
            employee=cast.alpha.employees["clerk"], role=Role.CLERK, store=cast.alpha.stores["south"]
        )
    assert sign_in("clerk").get(url(cast, store="south")).status_code == 200
