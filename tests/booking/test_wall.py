"""Wall time: gaps, folds, dates that do not exist, and what a request's text may say."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tenants.booking.domain.spans import Span
from tenants.booking.domain.wall import local_span
from tenants.stores.domain.spoken import Spoken
from tenants.stores.domain.wall import (
    DateMalformed,
    NonexistentTime,
    OffsetMissing,
    RangeBackwards,
    RangeTooLong,
    TimeMalformed,
    days_between,
    local_day,
    moments_of_local,
    parse_day,
    parse_moment,
    resolve_local,
)
from tests.bars import FULL

from .zones import all_zones, sweep, transitions

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
LORD_HOWE, APIA, HAVANA = (
    ZoneInfo("Australia/Lord_Howe"),
    ZoneInfo("Pacific/Apia"),
    ZoneInfo("America/Havana"),
)
GAP, FOLD = date(2026, 3, 29), date(2026, 10, 25)


def utc(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0
) -> datetime:
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)


def test_an_ordinary_wall_time_is_one_moment():
    assert moments_of_local(date(2026, 5, 1), 9 * 60 + 30, SHANGHAI) == (utc(2026, 5, 1, 1, 30),)
    assert resolve_local(date(2026, 5, 1), 9 * 60 + 30, SHANGHAI) == utc(2026, 5, 1, 1, 30)


def test_minutes_past_midnight_reach_into_the_next_day():
    assert resolve_local(date(2026, 5, 1), 25 * 60 + 30, SHANGHAI) == utc(2026, 5, 1, 17, 30)


def test_a_wall_time_in_a_gap_is_no_moment_and_resolves_to_the_change():
    assert moments_of_local(GAP, 150, BERLIN) == ()
    assert [resolve_local(GAP, minutes, BERLIN) for minutes in (119, 120, 150, 179, 180, 181)] == [
        utc(2026, 3, 29, 0, 59),
        *[utc(2026, 3, 29, 1)] * 4,
        utc(2026, 3, 29, 1, 1),
    ]


def test_a_wall_time_in_a_gap_is_refused_on_demand():
    with pytest.raises(NonexistentTime) as refused:
        resolve_local(GAP, 150, BERLIN, gap="refuse")
    assert (refused.value.code, refused.value.status) == ("nonexistent_time", 422)
    assert refused.value.params == {
        "zone": "Europe/Berlin",
        "local": Spoken(datetime.combine(GAP, time(2, 30))),
    }


def test_a_wall_time_in_a_fold_is_two_moments_and_resolves_to_the_first():
    both = (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30))
    assert moments_of_local(FOLD, 150, BERLIN) == both
    assert (resolve_local(FOLD, 150, BERLIN), resolve_local(FOLD, 150, BERLIN, fold="last")) == both


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Shanghai", date(2026, 3, 29), 24),
        ("Europe/Berlin", GAP, 23),
        ("Europe/Berlin", FOLD, 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Antarctica/Troll", date(2026, 3, 29), 22),
        ("America/Havana", date(2026, 3, 8), 23),  # midnight itself is skipped
        ("America/Havana", date(2026, 11, 1), 25),  # midnight itself is repeated
        ("America/Santiago", date(2026, 4, 4), 25),  # the hour before midnight is repeated
    ],
)
def test_a_local_day_is_as_long_as_its_clock_says(zone, day, hours):
    place = local_day(day, ZoneInfo(zone))
    assert (place.exists, place.end - place.start) == (True, timedelta(hours=hours))


def test_a_date_that_the_calendar_skips_does_not_exist_and_has_no_length():
    skipped = date(2011, 12, 30)
    place = local_day(skipped, APIA)
    assert (place.exists, place.start, place.end) == (False, utc(2011, 12, 30, 10), utc(2011, 12, 30, 10))
    assert local_day(date(2011, 12, 29), APIA).end == local_day(date(2011, 12, 31), APIA).start


def test_hours_become_spans_and_what_a_gap_swallows_is_none():
    assert local_span(GAP, 60, 240, BERLIN) == Span(utc(2026, 3, 29, 0), utc(2026, 3, 29, 2))
    assert local_span(GAP, 125, 175, BERLIN) is None
    assert local_span(date(2026, 5, 1), 1080, 1560, SHANGHAI) == Span(
        utc(2026, 5, 1, 10), utc(2026, 5, 1, 18)
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T09:30:00+08:00", utc(2026, 5, 1, 1, 30)),
        ("2026-05-01T09:30:00 08:00", utc(2026, 5, 1, 1, 30)),  # an unescaped + of a query
        ("2026-05-01t01:30:00z", utc(2026, 5, 1, 1, 30)),
        ("2026-05-01 01:30:00Z", utc(2026, 5, 1, 1, 30)),
        ("2026-05-01T01:30Z", utc(2026, 5, 1, 1, 30)),
        ("2026-04-30T20:00:00-05:30", utc(2026, 5, 1, 1, 30)),
        ("2026-05-01T01:30:00-00:00", utc(2026, 5, 1, 1, 30)),
        ("2026-05-01T01:30:00.1234567Z", utc(2026, 5, 1, 1, 30, 0, 123456)),
    ],
)
def test_a_moment_is_read_in_any_offset(text, moment):
    parsed = parse_moment(text)
    assert (parsed, parsed.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("text", ["2026-05-01T09:30:00", "2026-05-01 09:30", " 2026-05-01T09:30:00 "])
def test_a_time_without_offset_is_refused(text):
    with pytest.raises(OffsetMissing) as refused:
        parse_moment(text)
    assert (refused.value.code, refused.value.status) == ("offset_missing", 400)


@pytest.mark.parametrize(
    "text",
    [
        "", "tomorrow", "2026-05-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-05-01T24:00:00Z",
        "2026-05-01T09:60:00Z", "2026-05-01T09:30:61Z", "2026-05-01T09:30:00+24:00", "2026-05-01T09:30:00+08:75",
        "2026-05-01T09:30:00+0800", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:00-10:00", "２０２６-05-01T09:30:00Z",
        "2026-05-01T09:30:00Z; DROP", "1" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(TimeMalformed) as refused:
        parse_moment(text)
    assert (refused.value.code, refused.value.status) == ("time_malformed", 400)


@pytest.mark.parametrize("text", ["2026-03-29T02:30:00+01:00", "2026-03-29T02:30:00+02:00"])
def test_a_time_that_the_stores_clock_skips_is_refused(text):
    with pytest.raises(NonexistentTime):
        parse_moment(text, zone=BERLIN)
    assert parse_moment(text, zone=SHANGHAI) == parse_moment(text)


def test_the_same_moment_written_in_another_offset_is_taken():
    assert parse_moment("2026-03-29T01:30:00Z", zone=BERLIN) == utc(2026, 3, 29, 1, 30)
    assert parse_moment("2026-03-29T03:30:00+02:00", zone=BERLIN) == utc(2026, 3, 29, 1, 30)


def test_a_repeated_time_is_told_apart_by_its_offset():
    assert [parse_moment(f"2026-10-25T02:30:00+0{hours}:00", zone=BERLIN) for hours in (2, 1)] == list(
        moments_of_local(FOLD, 150, BERLIN)
    )


def test_days_are_read_and_counted_half_open():
    assert days_between(parse_day("2026-02-27"), parse_day("2026-03-02")) == (
        date(2026, 2, 27),
        date(2026, 2, 28),
        date(2026, 3, 1),
    )
    assert days_between(GAP, GAP) == ()
    assert len(days_between(GAP, GAP + timedelta(days=62))) == 62


@pytest.mark.parametrize(
    "text", ["", "2026-2-1", "2026-02-30", "20260201", "0001-01-01", "9999-12-31", "２０２６-02-01"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(DateMalformed) as refused:
        parse_day(text)
    assert (refused.value.code, refused.value.status) == ("date_malformed", 400)


def test_ranges_too_long_or_backwards_are_refused():
    with pytest.raises(RangeTooLong) as long:
        days_between(GAP, GAP + timedelta(days=63))
    with pytest.raises(RangeBackwards) as backwards:
        days_between(GAP, GAP - timedelta(days=1))
    assert [(each.value.code, each.value.status) for each in (long, backwards)] == [
        ("range_too_long", 422),
        ("range_backwards", 422),
    ]


def test_the_sweep_finds_the_transitions():
    assert list(transitions(BERLIN, utc(2026, 1, 1), utc(2027, 1, 1))) == [
        utc(2026, 3, 29, 1),
        utc(2026, 10, 25, 1),
    ]


def test_the_sweep_notices_a_resolution_that_follows_rfc_5545_in_gaps(monkeypatch):
    def past_the_gap(wall, zone):
        return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)

    local_day.cache_clear()
    monkeypatch.setattr("tenants.stores.domain.wall._change_across", past_the_gap)
    assert sweep(HAVANA, utc(2026, 1, 1), utc(2026, 6, 1)) != []
    local_day.cache_clear()


@pytest.mark.parametrize(
    "key",
    all_zones() if FULL else sorted({
        "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "Antarctica/Troll",
        "Pacific/Chatham", "Africa/Cairo", "Asia/Beirut", "America/Nuuk", "America/Santiago",
        *random.Random(2).sample(all_zones(), 30),
    }),
)  # fmt: skip
def test_every_transition_from_2025_to_2030_is_answered_as_the_clock_shows(key):
    years = range(2025, 2031) if FULL else random.Random(key).sample(range(2025, 2031), 2)
    assert [
        wrong for year in years for wrong in sweep(ZoneInfo(key), utc(year, 1, 1), utc(year + 1, 1, 1))
    ] == []
