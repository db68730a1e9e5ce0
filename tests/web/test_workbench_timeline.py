"""The timeline's other views, its filters, and what is drawn on it."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.booking.domain import checks
from tenants.booking.domain.checks import Finding, forget_check, register_check
from tenants.booking.domain.placing import place_booking
from tenants.booking.models import Booking
from tenants.stores.models import Resource, ResourceKind
from tests.ground.cast import NOW, Cast, later, local
from tests.web.workbench import TODAY, _noon, make_booking, sign_in, text_of, url

__all__ = ["_noon", "sign_in"]  # fixtures


def columns_of(answer) -> dict[str, list[str]]:
    """The columns of the timeline by key, each with the names on its blocks."""
    parts = re.split(r'<div class="timeline-col', answer.content.decode())[1:]
    return {
        re.search(r'data-key="([^"]+)"', part).group(1): re.findall(r'class="block-name">([^<]+)<', part)  # type: ignore[union-attr]
        for part in parts
    }


def names(cast: Cast, answer) -> dict[str, list[str]]:
    """As columns_of, with names for the cast's ids."""
    known = {str(person.id): key for key, person in cast.alpha.employees.items()}
    known |= {str(room.id): room.name for room in cast.alpha.rooms.values()}
    return {known.get(key, key): blocks for key, blocks in columns_of(answer).items()}


# Views


def test_by_room_a_booking_stands_in_its_room_and_the_rest_beside(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15), resource_id=cast.alpha.rooms["a"].id)
    make_booking(cast, at=local(TODAY, 17), member="chen")
    answer = sign_in("clerk").get(url(cast, "?view=rooms"))
    assert names(cast, answer) == {"Room A": ["苏晴"], "noroom": ["Chen Ke"]}
    body = answer.content.decode()
    assert re.findall(r'data-key="noroom"[^>]*data-start', body) == []
    assert "Room · 1 booking" in text_of(answer)


def test_the_way_to_rooms_is_shown_where_there_are_rooms(cast, sign_in):
    with_rooms = text_of(sign_in("clerk").get(url(cast)))
    without = text_of(sign_in("south_clerk").get(url(cast, store="south")))
    assert ("Rooms" in with_rooms, "Rooms" in without) == (True, False)


def test_the_week_is_one_persons_with_a_column_a_day(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    make_booking(cast, at=local(19, 15), member="chen", now=local(18, 9))
    make_booking(cast, at=local(TODAY, 15), member="chen", who="second")
    ya = cast.alpha.employees["practitioner"].id
    answer = sign_in("clerk").get(url(cast, f"?view=week&who={ya}"))
    assert columns_of(answer) == {
        f"2026-11-{day}": {19: ["Chen Ke"], 21: ["苏晴"]}.get(day, []) for day in range(16, 23)
    }
    assert f'href="{url(cast)}?on=2026-11-28' in answer.content.decode()


def test_a_week_is_named_by_its_dates_and_counts_what_is_in_it(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    make_booking(cast, at=local(19, 15), member="chen", now=local(18, 9))
    make_booking(cast, at=local(TODAY, 15), member="chen", who="second")
    ya = cast.alpha.employees["practitioner"].id
    clerk = sign_in("clerk")
    words = text_of(clerk.get(url(cast, f"?view=week&who={ya}")))
    assert "16–22 Nov" in words
    assert re.search(r"16–22 Nov .{0,40}2 bookings", words)
    chinese = clerk.get(url(cast, f"?view=week&who={ya}"), headers={"accept-language": "zh-Hans"})
    assert "11月16日–22日" in text_of(chinese)


def test_a_practitioners_week_is_their_own_unless_they_ask_for_anothers(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    answer = sign_in("second").get(url(cast, "?view=week"))
    assert [name for found in columns_of(answer).values() for name in found] == []


@pytest.mark.parametrize("view", ["people", "rooms", "week", "list"])
def test_a_view_asks_as_many_queries_for_one_booking_as_for_many(cast, sign_in, view):
    ya = cast.alpha.employees["practitioner"].id
    clerk = sign_in("clerk")
    counts = []
    for hours in ((9,), (11, 13, 15, 17, 19)):
        for hour in hours:
            make_booking(cast, at=local(TODAY, hour, 15), resource_id=cast.alpha.rooms["a"].id)
        clerk.get(url(cast, f"?view={view}&who={ya}"))
        with CaptureQueriesContext(connection) as queries:
            assert clerk.get(url(cast, f"?view={view}&who={ya}")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Filters


def test_filters_stand_in_the_address_and_what_they_leave_out_is_time_that_is_taken(cast, sign_in):
    make_booking(cast, at=local(TODAY, 15))
    make_booking(cast, at=local(TODAY, 17), member="chen", service="short")
    short, ya = cast.alpha.services["short"].id, str(cast.alpha.employees["practitioner"].id)
    answer = sign_in("clerk").get(url(cast, f"?service={short}"))
    assert columns_of(answer)[ya] == ["Chen Ke"]
    column = re.search(
        rf'data-key="{ya}".*?(?=<div class="timeline-col|</section>)', answer.content.decode(), re.S
    )
    # 14:50–16:10 of the hidden hour, in rows of five minutes from nine
    assert column is not None and re.findall(r'class="buffer r-(\d+) span-(\d+)', column.group()) == [
        ("70", "16")
    ]
    rows = re.findall(r'class="row-link typed"[^>]*>([^<]+)<', answer.content.decode())
    assert rows == ["Chen Ke"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("status=confirmed", ["苏晴", "Chen Ke"]),
        ("status=late", ["苏晴"]),
        ("status=no_show", []),
        ("channel=staff", ["苏晴", "Chen Ke"]),
        ("channel=online", []),
        ("status=nonsense&channel=nonsense&service=nonsense", ["苏晴", "Chen Ke"]),
        ("status=late&channel=staff", ["苏晴"]),
    ],
)
def test_a_day_is_filtered_by_status_and_channel(cast, sign_in, asked, found):
    make_booking(cast, at=local(TODAY, 11, 30))
    make_booking(cast, at=local(TODAY, 17), member="chen")
    answer = sign_in("clerk").get(url(cast, f"?view=list&{asked}"))
    assert re.findall(r'class="row-link typed"[^>]*>([^<]+)<', answer.content.decode()) == found


def test_a_filter_that_is_set_is_taken_away_by_the_same_tap(cast, sign_in):
    make_booking(cast, at=local(TODAY, 17))
    body = sign_in("clerk").get(url(cast, "?status=late")).content.decode()
    current = re.search(r'<a class="menu-item" href="([^"]+)" aria-current="true">Late<', body)
    assert current is not None and "status=" not in current.group(1)


# Drawing


def place(browser, cast: Cast, booking: Booking, **fields: str):
    return browser.post(url(cast, f"bookings/{booking.id}/place/"), fields)


def stands(cast: Cast, booking: Booking) -> tuple:
    with chain_scope(cast.alpha.info):
        now = Booking.objects.get(id=booking.id)
    return now.starts_at, now.ends_at, now.practitioner_id


def test_a_drop_answers_with_words_and_the_way_back(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 17))
    clerk, lin = sign_in("clerk"), cast.alpha.employees["second"].id
    before = stands(cast, booking)
    dropped = place(clerk, cast, booking, starts_at=local(TODAY, 18).isoformat(), who=str(lin), version="1")
    assert (dropped.status_code, dropped.json()["words"]) == (200, "Now 18:00–19:00 · Lin")
    assert stands(cast, booking) == (local(TODAY, 18), local(TODAY, 19), lin)
    back = place(clerk, cast, booking, **dropped.json()["undo"])
    assert (back.json()["words"], stands(cast, booking)) == ("Now 17:00–18:00 · Ya", before)


def test_a_trial_says_what_would_happen_and_changes_nothing(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 17))
    make_booking(cast, at=local(TODAY, 19), member="chen")
    clerk, before = sign_in("clerk"), stands(cast, booking)
    tried = [
        place(clerk, cast, booking, starts_at=local(TODAY, hour).isoformat(), version="1", **{"try": "1"})
        for hour in (15, 19, 22)
    ]
    assert [answer.json() for answer in tried] == [
        {"fits": True, "words": ""},
        {"fits": False, "words": "Ya is already booked at that time."},
        {"fits": False, "words": "The shop is not open for the whole of that time."},
    ]
    assert stands(cast, booking) == before


def test_a_refused_drop_says_why_and_offers_what_would_do(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 17))
    make_booking(cast, at=local(TODAY, 19), member="chen")
    clerk, before = sign_in("clerk"), stands(cast, booking)
    answer = place(clerk, cast, booking, starts_at=local(TODAY, 19).isoformat(), version="1")
    words = text_of(answer)
    assert (answer.status_code, answer["X-Fragment"], stands(cast, booking)) == (409, "yes", before)
    assert "It stays where it was" in words and "Ya is already booked at that time." in words
    forms = re.findall(r"<form.*?</form>", answer.content.decode(), re.S)
    fields = dict(re.findall(r'name="(version|starts_at|who)" value="([^"]+)"', forms[0]))
    taken = clerk.post(url(cast, f"bookings/{booking.id}/place/"), fields, HTTP_HX_REQUEST="true")
    assert (taken.status_code, json.loads(taken["HX-Trigger"])["over:close"]) == (200, {})
    assert stands(cast, booking)[0] == datetime.fromisoformat(fields["starts_at"])


def test_a_drop_on_an_old_picture_is_told_so(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 17))
    with chain_scope(cast.alpha.info):
        place_booking(booking.id, by=cast.alpha.actors["owner"], now=NOW, starts_at=local(TODAY, 18))
    answer = place(sign_in("clerk"), cast, booking, ends_at=local(TODAY, 20).isoformat(), version="1")
    assert answer.status_code == 409
    assert "This was changed after you opened it, so nothing was kept." in text_of(answer)


@pytest.mark.parametrize(
    ("field", "text"),
    [("starts_at", "tomorrow"), ("ends_at", "2026-11-21T25:00"), ("starts_at", "2026-11-21T18:00")],
)
def test_a_time_that_is_none_changes_nothing(cast, sign_in, field, text):
    booking = make_booking(cast, at=local(TODAY, 17))
    before = stands(cast, booking)
    answer = place(sign_in("clerk"), cast, booking, **{field: text})
    assert (400 <= answer.status_code < 500, stands(cast, booking)) == (True, before)


def test_who_only_reads_draws_nothing_and_is_shown_nothing_to_draw_with(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 17))
    reader = sign_in("read_only")
    body = reader.get(url(cast)).content.decode()
    answer = place(reader, cast, booking, starts_at=local(TODAY, 18).isoformat())
    assert (answer.status_code, "data-can" in body, "data-place" in body) == (403, False, False)


def test_what_left_a_column_is_read_with_it(cast, sign_in):
    booking = make_booking(cast, at=local(TODAY, 17))
    ya, lin = (str(cast.alpha.employees[key].id) for key in ("practitioner", "second"))
    clerk = sign_in("clerk")
    place(clerk, cast, booking, who=lin)
    changed = clerk.get(url(cast, f"changed/{booking.id}/?view=people&from={ya}"))
    assert columns_of(changed) == {lin: ["苏晴"], ya: []}


def test_a_span_that_was_drawn_chooses_the_service_that_fits_it(cast, sign_in):
    page = sign_in("clerk").get(url(cast, f"new/?minutes=35&starts_at={local(TODAY, 15):%Y-%m-%dT%H:%M}Z"))
    chosen = re.findall(r'name="service" value="([^"]+)" checked', page.content.decode())
    assert chosen == [str(cast.alpha.services["short"].id)]


# Needs attention


@pytest.fixture()
def found():
    """What the fake of the checks' port says of every booking; set it in the test."""
    said: list[Finding] = []
    register_check("fake", lambda bookings: {booking.id: list(said) for booking in bookings})
    yield said
    forget_check("fake")


def concerns(answer) -> list[tuple[str, str]]:
    body = answer.content.decode()
    return re.findall(r'data-concern="([^"]+)".*?class="title typed">([^<]+)<', body, re.S)


def test_a_check_that_blocks_stands_before_what_only_warns(cast, sign_in, found):
    make_booking(cast, at=local(TODAY, 15))
    clerk = sign_in("clerk")
    nothing = concerns(clerk.get(url(cast)))
    found += [
        Finding("unpaid", "warns", "¥398 unpaid"),
        Finding("contraindication", "blocks", "allergic to salicylic acid", "Use another one"),
    ]
    answer = clerk.get(url(cast))
    assert nothing == []
    assert concerns(answer) == [("contraindication", "苏晴: allergic to salicylic acid")]
    assert "Use another one" in text_of(answer)


def test_a_bill_that_is_open_is_still_told_of_who_has_left(cast, sign_in, found):
    booking = make_booking(cast, at=local(TODAY, 10), now=local(20, 9))
    with chain_scope(cast.alpha.info):
        Booking.objects.filter(id=booking.id).update(status="no_show")
    clerk = sign_in("clerk")
    found.append(Finding("contraindication", "blocks", "allergic"))
    allergic = concerns(clerk.get(url(cast)))
    found[:] = [Finding("unpaid", "warns", "¥398 unpaid")]
    assert (allergic, concerns(clerk.get(url(cast)))) == ([], [("unpaid", "苏晴: ¥398 unpaid")])


def test_a_check_is_registered_once(found):
    with pytest.raises(ValueError, match="fake"):
        register_check("fake", lambda bookings: {})
    assert sorted(checks._checks) == ["deposits", "fake"]


def test_rooms_of_a_kind_stand_together(cast, sign_in):
    with chain_scope(cast.alpha.info):
        Resource.objects.create(store=cast.alpha.stores["north"], kind=ResourceKind.TABLE, name="A table")
        Resource.objects.create(store=cast.alpha.stores["north"], kind=ResourceKind.ROOM, name="Z room")
    page = sign_in("clerk").get(url(cast, "?view=rooms"))
    assert re.findall(r'<h2 class="title">([^<]+)</h2>', page.content.decode()) == [
        "Room A",
        "Z room",
        "A table",
    ]


# Every view


VIEWS = ["people", "rooms", "week"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", ["苏晴", "Chen Ke"]),
        ("who=practitioner", ["苏晴", "Chen Ke"]),
        ("service=short", ["Chen Ke"]),
        ("status=late", ["苏晴"]),
        ("status=confirmed", ["苏晴", "Chen Ke"]),
        ("status=held", []),
        ("channel=staff", ["苏晴", "Chen Ke"]),
        ("channel=online", []),
    ],
)
def test_each_filter_does_the_same_in_each_view(cast, sign_in, view, asked, shown):
    make_booking(cast, at=local(TODAY, 11, 30))
    make_booking(cast, at=local(TODAY, 17), member="chen", service="short", resource_id=None)
    ya = str(cast.alpha.employees["practitioner"].id)
    asked = asked.replace("practitioner", ya).replace("short", str(cast.alpha.services["short"].id))
    if view == "week" and "who" not in asked:
        asked += f"&who={ya}"
    answer = sign_in("clerk").get(url(cast, f"?view={view}&{asked}"))
    assert [name for blocks in columns_of(answer).values() for name in blocks] == shown


@pytest.mark.parametrize("view", [*VIEWS, "list"])
def test_what_needs_attention_is_told_in_each_view(cast, sign_in, found, view):
    make_booking(cast, at=local(TODAY, 11, 30))
    make_booking(cast, at=local(TODAY, 15), member="chen", hold=True, now=later(-9))
    lost = make_booking(cast, at=local(TODAY, 17), who="second")
    with chain_scope(cast.alpha.info):
        Booking.objects.filter(id=lost.id).update(practitioner=None)
    found += [
        Finding("unpaid", "warns", "¥398 unpaid"),
        Finding("contraindication", "blocks", "allergic"),
    ]
    answer = sign_in("clerk").get(url(cast, f"?view={view}"))
    kinds = [kind for kind, _title in concerns(answer)]
    assert kinds == ["late", "contraindication", "contraindication", "contraindication", "hold", "unassigned"]


def test_the_week_offers_the_services_of_all_its_days_as_filters(cast, sign_in):
    make_booking(cast, at=local(TODAY - 1, 15), service="short", now=local(TODAY - 2, 9))
    ya = cast.alpha.employees["practitioner"].id
    short = cast.alpha.services["short"].id
    body = sign_in("clerk").get(url(cast, f"?view=week&who={ya}")).content.decode()
    assert f"service={short}" in body
