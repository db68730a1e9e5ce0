"""Slots written as text are to the letter what the renderer makes of the documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from api.v1.slot_text import days_text
from api.views import json_text
from tenants.booking.domain.availability import slot_documents
from tenants.booking.domain.search import DaySlots, Slot, search
from tests.booking.oracle import situations


def rendered(days: list[Any], zone: ZoneInfo) -> str:
    offering: Any = SimpleNamespace(zone=zone)
    return json_text(
        [{"date": one.day.isoformat(), "slots": slot_documents(one.slots, offering)} for one in days]
    )


@given(situations())
@settings(max_examples=200, deadline=None)
def test_found_slots_are_written_as_the_renderer_writes_them(situation: Any) -> None:
    days, inputs = situation
    found: Any = search(days, inputs)
    assert days_text(found, inputs.zone) == rendered(found, inputs.zone)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/Havana", "Pacific/Apia"])
@pytest.mark.parametrize(
    "day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2011, 12, 30)]
)
def test_moments_off_the_minute_and_past_the_day_are_written_too(zone: str, day: date) -> None:
    place = ZoneInfo(zone)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    slots: list[Any] = [
        Slot(noon + timedelta(seconds=start), noon + timedelta(seconds=start + length), (), left)
        for start, length, left in [(-86_400, 60, None), (0, 90_061, 3), (59, 86_399, 0), (30 * 3600, 300, 1)]
    ]
    slots.append(Slot(noon + timedelta(microseconds=7), noon + timedelta(minutes=5), (), None))
    days = [DaySlots(day, slots), DaySlots(day + timedelta(days=1), [])]
    assert days_text(days, place) == rendered(days, place)
