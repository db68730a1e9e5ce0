"""Search: what closes a slot, by example, and agreement with the slow oracle on random situations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from tenants.booking.domain.cells import Grid
from tenants.booking.domain.search import (
    DaySlots,
    Inputs,
    Need,
    Slot,
    StaffInputs,
    desk_step,
    reach,
    search,
    thin,
)
from tenants.booking.domain.spans import Span, merge
from tenants.booking.domain.wall import local_span

from .oracle import situations, slow_search

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
DAY = date(2026, 5, 1)


def wall(start: str, end: str, day: date = DAY, zone: ZoneInfo = SHANGHAI) -> Span:
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
    span = local_span(day, first, last, zone)
    assert span is not None
    return span


def shop(**changes: Any) -> Inputs[str]:
    """Open 10–14, one hour an appointment on the half hour, Ann all day; no notice to speak of."""
    given: dict[str, Any] = {
        "zone": SHANGHAI,
        "need": Need(60, step=30),
        "hours": [wall("10:00", "14:00")],
        "staff": {"ann": StaffInputs([wall("08:00", "20:00")])},
        "earliest": datetime(2026, 1, 1, tzinfo=UTC),
        "latest": datetime(2027, 1, 1, tzinfo=UTC),
    }
    return Inputs(**(given | changes))


def times(inputs: Inputs[str], day: date = DAY) -> list[str]:
    return [
        slot.starts_at.astimezone(inputs.zone).strftime("%H:%M") for slot in search([day], inputs)[0].slots
    ]


def test_the_service_lies_inside_the_hours():
    assert times(shop()) == ["10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00"]


def test_a_slot_says_when_it_begins_and_ends_and_who_is_free_in_the_order_given():
    staff = {"bo": StaffInputs([wall("10:00", "11:30")]), "ann": StaffInputs([wall("10:00", "11:00")])}
    start, half = datetime(2026, 5, 1, 2, tzinfo=UTC), timedelta(minutes=30)
    assert search([DAY], shop(staff=staff)) == [
        DaySlots(
            DAY,
            [
                Slot(start, start + 2 * half, ("bo", "ann")),
                Slot(start + half, start + 3 * half, ("bo",)),
            ],
        )
    ]


def test_buffers_may_lie_outside_the_hours_but_not_outside_the_shift():
    need = Need(60, prepare=30, clean_up=30, step=30)
    assert times(shop(need=need)) == ["10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00"]
    tight = {"ann": StaffInputs([wall("10:00", "14:00")])}
    assert times(shop(need=need, staff=tight)) == ["10:30", "11:00", "11:30", "12:00", "12:30"]


def test_a_claim_closes_what_its_buffers_meet():
    busy = {"ann": StaffInputs([wall("08:00", "20:00")], busy=[wall("11:30", "12:00")])}
    assert times(shop(staff=busy)) == ["10:00", "10:30", "12:00", "12:30", "13:00"]
    need = Need(60, prepare=5, clean_up=10, step=30)
    assert times(shop(staff=busy, need=need)) == ["10:00", "12:30", "13:00"]


def test_leave_closes_as_a_claim_does():
    away = {"ann": StaffInputs([wall("08:00", "20:00")], leave=[wall("00:00", "12:00")])}
    assert times(shop(staff=away)) == ["12:00", "12:30", "13:00"]


def test_shifts_and_hours_that_touch_are_one():
    halves = [wall("12:00", "14:00"), wall("10:00", "12:00")]
    assert times(shop(hours=halves, staff={"ann": StaffInputs(halves)})) == times(shop())


def test_notice_bounds_the_start_and_includes_both_ends():
    bounds = {"earliest": wall("10:30", "12:00").start, "latest": wall("10:30", "12:00").end}
    assert times(shop(**bounds)) == ["10:30", "11:00", "11:30", "12:00"]


def test_without_staff_hours_or_days_there_is_nothing():
    assert [times(shop(staff={})), times(shop(hours=[])), search([], shop())] == [[], [], []]


def test_every_day_asked_for_is_answered_in_order_even_when_it_is_empty():
    days = [DAY + timedelta(days=n) for n in (1, 0, 3)]
    assert [(found.day, len(found.slots)) for found in search(days, shop())] == list(
        zip(days, (0, 7, 0), strict=True)
    )


def test_a_service_may_run_past_midnight_and_belongs_to_the_day_it_begins():
    late = [wall("22:00", "26:00")]
    inputs = shop(hours=late, staff={"ann": StaffInputs(late)}, need=Need(90, clean_up=30, step=60))
    assert (times(inputs), times(inputs, DAY + timedelta(days=1))) == (["22:00", "23:00"], ["00:00"])


def test_a_date_that_the_calendar_skips_is_answered_empty():
    apia = ZoneInfo("Pacific/Apia")
    always = Span(datetime(2011, 12, 1, tzinfo=UTC), datetime(2012, 1, 31, tzinfo=UTC))
    inputs = shop(zone=apia, hours=[always], staff={"ann": StaffInputs([always])}, earliest=always.start)
    days = [date(2011, 12, day) for day in (29, 30, 31)]
    assert [(found.day.day, len(found.slots)) for found in search(days, inputs)] == [
        (29, 48),
        (30, 0),
        (31, 48),
    ]


@pytest.mark.parametrize(("day", "expected"), [(date(2026, 3, 29), 3), (date(2026, 10, 25), 5)])
def test_hours_across_a_change_of_the_clock_offer_the_time_that_passes(day, expected):
    hours = [wall("00:00", "04:00", day, BERLIN)]
    inputs = shop(zone=BERLIN, hours=hours, staff={"ann": StaffInputs(hours)}, need=Need(60, step=60))
    assert len(times(inputs, day)) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 0},
        {"minutes": 30, "prepare": -1},
        {"minutes": 30, "clean_up": -5},
        {"minutes": 30, "step": 25},
    ],
)
def test_a_need_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"service|step"):
        Need(**wrong)


def test_reach_covers_every_claim_that_begins_in_the_days():
    need = Need(60, prepare=7, clean_up=12)
    covered = reach([DAY], SHANGHAI, need)
    midnight, last = wall("00:00", "23:45").start, wall("00:00", "23:45").end
    assert covered.contains(need.claim_span(midnight))
    assert covered.contains(need.claim_span(last))


@given(situations())
@settings(max_examples=250, deadline=None)
def test_search_finds_what_the_slow_oracle_finds(situation):
    days, inputs = situation
    found = [(found.day, [tuple(slot) for slot in found.slots]) for found in search(days, inputs)]
    assert found == slow_search(days, inputs)


@given(situations())
@settings(max_examples=100, deadline=None)
def test_nothing_is_offered_that_is_not_free_to_the_second(situation):
    days, inputs = situation
    for found in search(days, inputs):
        for slot in found.slots:
            service = inputs.need.service_span(slot.starts_at)
            main = next((role for role in inputs.roles if role.of_people), None)
            claims = main.claim_spans(slot.starts_at) if main else []
            assert any(open_.contains(service) for open_ in merge(inputs.hours))
            for person in slot.staff:
                given_ = inputs.staff[person]
                for claim in claims:
                    assert any(shift.contains(claim) for shift in merge(given_.shifts))
                    assert not any(taken.overlaps(claim) for taken in (*given_.busy, *given_.leave))


@given(situations())
@settings(max_examples=60, deadline=None)
def test_days_searched_together_or_alone_say_the_same(situation):
    days, inputs = situation
    assert search(days, inputs) == [search([day], inputs)[0] for day in days]


def test_the_oracle_notices_claims_rounded_inward(monkeypatch):
    """Control: with the wrong rounding, the comparison fails."""
    inputs = shop(staff={"ann": StaffInputs([wall("08:00", "20:00")], busy=[wall("11:01", "11:04")])})
    assert times(inputs) == ["10:00", "11:30", "12:00", "12:30", "13:00"]
    monkeypatch.setattr(Grid, "lay_busy", Grid.lay_free)
    found = [(found.day, [tuple(slot) for slot in found.slots]) for found in search([DAY], inputs)]
    assert found != slow_search([DAY], inputs)


def test_a_desk_is_shown_a_start_every_quarter_of_an_hour_at_most() -> None:
    assert [desk_step(step) for step in (5, 15, 20, 60)] == [15, 15, 20, 60]


@pytest.mark.parametrize(
    ("clock", "kept"),
    [
        ("12:00", ["12:00", "12:15", "12:30"]),
        # what began less than a cell ago is still a walk-in's
        ("12:04", ["12:00", "12:15", "12:30"]),
        ("12:05", ["12:05", "12:15", "12:30"]),
        ("12:31", []),
    ],
)
def test_a_desk_is_shown_the_soonest_start_and_then_the_step(clock: str, kept: list[str]) -> None:
    starts = [wall("12:00", "13:00").start + timedelta(minutes=5 * n) for n in range(7)]
    slots = [Slot(start, start + timedelta(hours=1), ("ann",)) for start in starts]
    now = wall(clock, "24:00").start
    if clock == "12:31":
        slots = slots[:6]
    found = thin(slots, zone=SHANGHAI, step=15, now=now)
    assert [f"{slot.starts_at.astimezone(SHANGHAI):%H:%M}" for slot in found] == kept
