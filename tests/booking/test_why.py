"""Why a time is closed: each rule by example, their order, and agreement with the search."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from tenants.booking.domain.search import Inputs, Need, StaffInputs, grid_over, search
from tenants.booking.domain.spans import Span
from tenants.booking.domain.wall import local_span
from tenants.booking.domain.why import SENTENCES, Code, Reason, why

from .oracle import situations

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 5, 1)
NOW = datetime(2026, 5, 1, 1, tzinfo=UTC)  # 09:00 in Shanghai


def wall(start: str, end: str, day: date = DAY) -> Span:
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
    span = local_span(day, first, last, SHANGHAI)
    assert span is not None
    return span


def at(clock: str, day: date = DAY) -> datetime:
    return wall("00:00", clock, day).end


def shop(**changes: Any) -> Inputs[str]:
    """Open 10–18, bookable from an hour ahead to 18:00 tomorrow; Ann works 10–16."""
    given: dict[str, Any] = {
        "zone": SHANGHAI,
        "need": Need(60, step=30),
        "hours": [wall("10:00", "18:00"), wall("10:00", "18:00", DAY + timedelta(days=1))],
        "staff": {"ann": StaffInputs([wall("10:00", "16:00")])},
        "earliest": NOW + timedelta(hours=1),
        "latest": at("18:00", DAY + timedelta(days=1)),
    }
    return Inputs(**(given | changes))


def test_a_free_time_is_bookable_and_says_by_whom():
    verdict = why(at("11:00"), shop(), now=NOW)
    assert (verdict.bookable, verdict.staff, verdict.reasons) == (True, ("ann",), ())


@pytest.mark.parametrize(
    ("clock", "changes", "reasons"),
    [
        ("11:00", {"hours": [wall("10:00", "18:00", date(2026, 5, 2))]}, [Reason("closed_day")]),
        ("17:30", {"staff": {"ann": StaffInputs([wall("00:00", "24:00")])}}, [Reason("outside_hours")]),
        ("11:10", {}, [Reason("off_step")]),
        ("11:00", {"staff": {}}, [Reason("no_practitioner")]),
        ("16:00", {}, [Reason("no_shift", ("ann",))]),
        ("15:30", {}, [Reason("no_shift", ("ann",))]),
        (
            "11:00",
            {"staff": {"ann": StaffInputs([wall("10:00", "16:00")], leave=[wall("11:30", "12:00")])}},
            [Reason("on_leave", ("ann",))],
        ),
        (
            "11:00",
            {"staff": {"ann": StaffInputs([wall("10:00", "16:00")], busy=[wall("11:55", "12:30")])}},
            [Reason("taken", ("ann",))],
        ),
        ("11:00", {"earliest": NOW + timedelta(hours=4)}, [Reason("too_soon")]),
        ("11:00", {"latest": NOW + timedelta(hours=1)}, [Reason("too_far")]),
        ("08:30", {}, [Reason("past")]),
    ],
)
def test_each_rule_has_its_reason(clock, changes, reasons):
    verdict = why(at(clock), shop(**changes), now=NOW)
    assert (verdict.bookable, verdict.staff, list(verdict.reasons)) == (False, (), reasons)


def test_reasons_come_in_the_order_of_the_rules_each_person_under_the_first():
    staff = {
        "cy": StaffInputs([wall("10:00", "18:00")], busy=[wall("09:00", "10:30")]),
        "bo": StaffInputs(
            [wall("10:00", "18:00")], busy=[wall("09:00", "10:30")], leave=[wall("00:00", "12:00")]
        ),
        "ann": StaffInputs([]),
        "di": StaffInputs([wall("10:00", "18:00")], busy=[wall("09:00", "10:30")]),
    }
    verdict = why(at("09:20"), shop(staff=staff, need=Need(90, step=30)), now=NOW)
    assert verdict.reasons == (
        Reason("outside_hours"),
        Reason("off_step"),
        Reason("no_shift", ("cy", "bo", "ann", "di")),
        Reason("too_soon"),
    )
    later = why(at("10:00"), shop(staff=staff), now=NOW)
    assert later.reasons == (
        Reason("no_shift", ("ann",)),
        Reason("on_leave", ("bo",)),
        Reason("taken", ("cy", "di")),
    )


def test_people_are_no_reason_while_one_of_them_is_free():
    staff = {"ann": StaffInputs([]), "bo": StaffInputs([wall("10:00", "18:00")])}
    assert why(at("11:00"), shop(staff=staff), now=NOW).staff == ("bo",)
    assert why(at("17:30"), shop(staff=staff), now=NOW).reasons == (
        Reason("outside_hours"),
        Reason("no_shift", ("ann", "bo")),
    )


def test_a_moment_may_be_asked_for_in_any_offset():
    elsewhere = at("11:00").astimezone(timezone(timedelta(hours=-5)))
    assert why(elsewhere, shop(), now=NOW) == why(at("11:00"), shop(), now=NOW)


def test_every_reason_has_a_sentence():
    assert tuple(SENTENCES) == get_args(Code)
    assert [Reason(code).detail for code in SENTENCES] == list(SENTENCES.values())


@given(situations())
@settings(max_examples=60, deadline=None)
def test_a_time_is_bookable_exactly_when_the_search_offers_it(situation):
    days, inputs = situation
    offered = {slot.starts_at: slot.staff for found in search(days, inputs) for slot in found.slots}
    grid = grid_over(days, inputs.zone, inputs.need)
    now = inputs.earliest - timedelta(minutes=30)
    asked = [grid.moment(cell) for day in days for cell in grid.day_cells(day, inputs.zone)]
    for moment in asked:
        verdict = why(moment, inputs, now=now)
        assert (verdict.bookable, verdict.staff) == (moment in offered, offered.get(moment, ()))
        off = why(moment + timedelta(seconds=1), inputs, now=now)
        assert not off.bookable
