"""How money, time, phones and codes are written; look.md's writing rules, case by case."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from web import formats

zh, en = "zh-hans", "en"
today = date(2026, 11, 21)
evening = datetime(2026, 11, 26, 19, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "currency", "language", "exact", "written"),
    [
        (22710, "CNY", zh, True, "¥227.10"),
        (22710, "CNY", en, True, "¥227.10"),
        (39800, "CNY", zh, True, "¥398.00"),
        (39800, "CNY", zh, False, "¥398"),
        (39850, "CNY", zh, False, "¥398.50"),
        (-3000, "CNY", zh, True, "\u2212¥30.00"),
        (198000, "CNY", zh, False, "¥1,980"),
        (0, "CNY", zh, True, "¥0.00"),
        (5, "CNY", zh, True, "¥0.05"),
        (12345, "USD", en, True, "$123.45"),
        (12300, "USD", en, False, "$123"),
        (12345, "USD", zh, True, "US$123.45"),
        (-12345, "AUD", en, True, "\u2212A$123.45"),
        (1200, "JPY", en, True, "¥1,200"),
        (1234567, "KWD", en, True, "KWD\u00a01,234.567"),
    ],
)
def test_money_is_written_with_its_sign_minus_and_minor_units(minor, currency, language, exact, written):
    assert formats.format_money(minor, currency, language=language, exact=exact) == written


def test_counts_have_their_thousands_separated():
    assert [formats.format_count(number) for number in (0, 999, 12000, -1284)] == [
        "0",
        "999",
        "12,000",
        "\u22121,284",
    ]


@pytest.mark.parametrize(
    ("minutes", "in_chinese", "in_english"),
    [
        (5, "5 分钟", "5 min"),
        (60, "60 分钟", "60 min"),
        (75, "75 分钟", "75 min"),
        (90, "1 小时 30 分", "1 h 30 min"),
        (120, "2 小时", "2 h"),
    ],
)
def test_a_duration_is_in_minutes_up_to_an_hour_and_a_half(minutes, in_chinese, in_english):
    assert formats.format_duration(minutes, language=zh) == in_chinese
    assert formats.format_duration(minutes, language=en) == in_english


@pytest.mark.parametrize(
    ("seconds", "written"), [(582, "9:42"), (60, "1:00"), (5, "0:05"), (0, "0:00"), (-3, "0:00")]
)
def test_a_countdown_never_goes_below_zero(seconds, written):
    assert formats.format_countdown(seconds) == written


@pytest.mark.parametrize(
    ("moment", "in_chinese", "in_english"),
    [
        (evening, "11月26日 周四 19:30", "Thu 26 Nov, 19:30"),
        (datetime(2026, 11, 21, 9, 5, tzinfo=UTC), "今天 09:05", "Today, 09:05"),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), "明天 00:00", "Tomorrow, 00:00"),
        (datetime(2026, 11, 20, 18, 0, tzinfo=UTC), "11月20日 周五 18:00", "Fri 20 Nov, 18:00"),
        (datetime(2027, 1, 3, 10, 0, tzinfo=UTC), "2027年1月3日 周日 10:00", "Sun 3 Jan 2027, 10:00"),
    ],
)
def test_a_moment_names_the_day_by_how_near_it_is(moment, in_chinese, in_english):
    assert formats.format_moment(moment, language=zh, today=today) == in_chinese
    assert formats.format_moment(moment, language=en, today=today) == in_english


def test_tomorrow_is_found_across_the_end_of_a_year():
    assert formats.format_day(date(2027, 1, 1), language=zh, today=date(2026, 12, 31)) == "明天"


def test_a_day_can_be_written_without_today_and_without_its_weekday():
    assert formats.format_day(today, language=zh, today=today, relative=False) == "11月21日 周六"
    assert formats.format_day(today, language=en, today=today, relative=False, weekday=False) == "21 Nov"


def test_a_span_has_an_en_dash_and_says_when_it_ends_another_day():
    night = datetime(2026, 11, 26, 23, 0, tzinfo=UTC), datetime(2026, 11, 27, 1, 0, tzinfo=UTC)

    assert (
        formats.format_span(evening, evening.replace(hour=20), language=zh, today=today)
        == "11月26日 周四 19:30–20:30"
    )
    assert (
        formats.format_span(evening, evening.replace(hour=20), language=en, today=today)
        == "Thu 26 Nov, 19:30–20:30"
    )
    assert formats.format_clocks(*night, language=zh) == "23:00–次日 01:00"
    assert formats.format_clocks(*night, language=en) == "23:00–next day 01:00"


def test_a_zone_is_named_by_its_city():
    assert formats.format_zone("Australia/Sydney", language=zh) == "悉尼时间"
    assert formats.format_zone("Australia/Sydney", language=en) == "Sydney time"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+8613800132046", "138 **** 2046"),
        ("13800132046", "138 **** 2046"),
        ("138 0013 2046", "138 **** 2046"),
        ("+61412345678", "+61 **** 5678"),
        ("+12025550123", "+1 **** 0123"),
        ("12", "****"),
    ],
)
def test_a_masked_phone_shows_its_beginning_and_four_digits(number, masked):
    assert formats.mask_phone(number) == masked


def test_a_masked_phone_never_holds_the_middle_digits():
    assert "0013" not in formats.mask_phone("+8613800132046").replace(" ", "")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+8613800132046", "138 0013 2046"),
        ("+61412345678", "+61 412 345 678"),
        ("not a number", "not a number"),
    ],
)
def test_a_phone_is_grouped_to_be_read(number, written):
    assert formats.format_phone(number) == written


@pytest.mark.parametrize("typed", ["QB7K4M2P", "qb7k4m2p", "QB7K-4M2P", " qb7k 4m2p "])
def test_a_booking_code_is_grouped_in_fours(typed):
    assert formats.format_booking_code(typed) == "QB7K-4M2P"


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("苏晴", "苏"),
        ("小雅", "雅"),
        ("阿宁", "宁"),
        ("林乔", "林"),
        ("emma Lee", "E"),
        ("小小林", "小"),
        ("", ""),
    ],
)
def test_the_initial_skips_the_prefix_of_a_nickname(name, sign):
    assert formats.initial_of(name) == sign


def test_a_name_keeps_its_hue_and_names_share_them_out():
    names = [f"顾客{number}" for number in range(200)]

    assert formats.hue_of("苏晴") == formats.hue_of(" 苏晴 ") == 6
    assert {formats.hue_of(name) for name in names} == set(range(formats.hues))


def test_a_list_is_joined_as_its_language_joins_it():
    assert [formats.format_list(["甲", "乙"], language=one) for one in ("zh-Hans", "en")] == [
        "甲、乙",
        "甲, 乙",
    ]
