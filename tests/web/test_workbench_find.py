"""The search box: its groups, its pages of the past, and who may ask."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.booking.domain import find
from tenants.members.domain.members import change_member
from tests.ground.cast import Cast, local
from tests.web.workbench import (
    TODAY,
    _noon,
    make_booking,
    sign_in,
    text_of,
    url,
)

__all__ = ["_noon", "sign_in"]  # fixtures


def test_the_search_box_finds_by_code_by_the_end_of_the_phone_and_by_name(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 15))
    make_booking(cast, at=local(TODAY, 17), member="chen")
    clerk = sign_in("clerk")
    found = {
        query: re.findall(
            r"bookings/([0-9a-f-]{36})/\"",
            clerk.get(url(cast, "find/"), {"q": query}, HTTP_HX_REQUEST="true").content.decode(),
        )
        for query in (booking.code, "0001", "苏", "nobody")
    }
    assert found == {
        booking.code: [str(booking.id)],
        "0001": [str(booking.id)],
        "苏": [str(booking.id)],
        "nobody": [],
    }


def test_enter_on_a_single_hit_opens_the_booking(cast, sign_in):
    booking = make_booking(cast, at=local(22, 15))
    answer = sign_in("clerk").get(url(cast, "find/"), {"q": booking.code})
    assert answer["Location"] == url(cast, f"bookings/{booking.id}/")


def groups(answer) -> dict[str, list[str]]:
    """The headings of what was found, each with the names under it."""
    parts = re.split(r"<section", answer.content.decode())[1:]
    heading = [re.search(r"<h2[^>]*>(.*?)</h2>", part) for part in parts]
    return {
        found.group(1): re.findall(r'class="(?:row-name )?typed">([^<]+)<', part)
        for found, part in zip(heading, parts, strict=True)
        if found is not None
    }


def search(browser: Client, cast: Cast, query: str):
    return browser.get(url(cast, "find/"), {"q": query}, HTTP_HX_REQUEST="true")


def test_what_is_found_stands_in_groups_bookings_before_members_and_what_is_of_the_day(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    make_booking(cast, at=local(20, 15), now=local(19, 10))
    with chain_scope(cast.alpha.info):
        change_member(cast.alpha.members["chen"].id, by=cast.alpha.actors["clerk"], name="苏小雅")
    clerk = sign_in("clerk")
    assert groups(search(clerk, cast, "苏")) == {
        "Coming": ["苏晴"],
        "Past": ["苏晴"],
        "Members": ["苏小雅", "苏晴"],
    }
    assert groups(search(clerk, cast, "ya")) == {
        "Coming": ["苏晴"],
        "Past": ["苏晴"],
        "Members": ["苏小雅"],
        "People and services": ["Ya"],
    }
    assert groups(search(sign_in("read_only"), cast, "苏")) == {"Coming": ["苏晴"], "Past": ["苏晴"]}


def test_the_search_shows_no_whole_phone(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    words = text_of(search(sign_in("clerk"), cast, "苏"))
    assert ("138 **** 0001" in words, "0000 0001" in words, "13800000001" in words) == (True, False, False)


def test_past_bookings_are_paged_by_a_cursor_without_counting(cast, sign_in):
    hours = [local(day, hour) for day in (18, 19, 20) for hour in (10, 12, 14, 16)]
    made = [make_booking(cast, at=at, now=local(17, 10)) for at in hours]
    clerk = sign_in("clerk")
    keys = []
    address = url(cast, "find/") + "?q=苏"
    while address:
        body = clerk.get(address, HTTP_HX_REQUEST="true").content.decode()
        keys += re.findall(r"bookings/([0-9a-f-]{36})/\"", body)
        further = re.search(r'href="([^"]+before=[^"]+)"', body)
        address = further.group(1).replace("&amp;", "&") if further else ""
    assert keys == [str(booking.id) for booking in reversed(made)]


def test_a_search_costs_the_same_queries_for_one_found_as_for_eight(cast, sign_in):
    clerk, counts = sign_in("clerk"), []
    times = [local(day, hour) for day in (18, 19) for hour in (10, 12, 14, 16)]
    for more in (times[:1], times[1:]):
        for at in more:
            make_booking(cast, at=at, now=local(17, 10))
        search(clerk, cast, "苏")
        with CaptureQueriesContext(connection) as seen:
            found = search(clerk, cast, "苏")
        counts.append((len(groups(found)["Past"]), len(seen)))
    assert counts == [(1, counts[0][1]), (8, counts[0][1])]


def test_a_common_name_is_paged_as_a_rare_one_is_however_long_ago(cast, sign_in, monkeypatch):
    monkeypatch.setattr(find, "FEW", 0)
    made = [make_booking(cast, at=local(day, 10), now=local(1, 9)) for day in range(3, 21)]
    make_booking(cast, at=local(20, 14), now=local(1, 9), member="chen")
    keys, pages, address = [], 0, url(cast, "find/") + "?q=苏"
    while address:
        body = sign_in("clerk").get(address, HTTP_HX_REQUEST="true").content.decode()
        keys += re.findall(r"bookings/([0-9a-f-]{36})/\"", body)
        further = re.search(r'href="([^"]+before=[^"]+)"', body)
        address, pages = further.group(1).replace("&amp;", "&") if further else "", pages + 1
    assert (keys, pages) == ([str(booking.id) for booking in reversed(made)], 3)


@pytest.mark.parametrize(
    "before",
    [
        "x",
        "_",
        "2026-11-20T10:00:00_00000000-0000-0000-0000-000000000000",
        "0001-01-01T00:00:00+00:00_00000000-0000-0000-0000-000000000000",
        "9999-12-31T23:59:59-23:00_00000000-0000-0000-0000-000000000000",
    ],
)
def test_a_cursor_that_is_none_of_ours_begins_anew(cast, sign_in, before):
    booking = make_booking(cast, at=local(18, 10), now=local(17, 10))
    answer = sign_in("clerk").get(url(cast, "find/"), {"q": "苏", "before": before}, HTTP_HX_REQUEST="true")
    assert (answer.status_code, str(booking.id) in answer.content.decode()) == (200, True)


def test_a_cursor_of_any_offset_is_that_moment(cast, sign_in):
    booking = make_booking(cast, at=local(18, 10), now=local(17, 10))
    before = "2026-11-20T10:00:00+23:30_00000000-0000-0000-0000-000000000000"
    answer = sign_in("clerk").get(url(cast, "find/"), {"q": "苏", "before": before}, HTTP_HX_REQUEST="true")
    assert (answer.status_code, str(booking.id) in answer.content.decode()) == (200, True)


def test_another_stores_find_is_not_there(cast, sign_in):
    assert sign_in("south_clerk").get(url(cast, "find/"), {"q": "苏"}).status_code == 404
