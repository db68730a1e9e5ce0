"""What a refusal says of a time: as people write it, in the reader's language, in the store's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from tenants.people.domain.shifts import ShiftsOverlap
from tenants.stores.domain.spoken import Spoken, SpokenWeekday, spoken
from tenants.stores.domain.stores import HoursOverlap
from tenants.stores.domain.wall import NonexistentTime, RangeBackwards, days_between, resolve_local

SHANGHAI, DUBLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Dublin")
NOW = datetime(2026, 11, 26, 11, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("moment", "zone", "zh", "en"),
    [
        (NOW, SHANGHAI, "11月26日 周四 19:30", "Thu 26 Nov, 19:30"),
        (NOW, DUBLIN, "11月26日 周四 11:30", "Thu 26 Nov, 11:30"),
        # the day after in Shanghai; never "tomorrow", for the answer may be read then
        (datetime(2026, 11, 26, 16, tzinfo=UTC), SHANGHAI, "11月27日 周五 00:00", "Fri 27 Nov, 00:00"),
        (
            datetime(2026, 12, 31, 16, tzinfo=UTC),
            SHANGHAI,
            "2027年1月1日 周五 00:00",
            "Fri 1 Jan 2027, 00:00",
        ),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), DUBLIN, "12月31日 周四 16:00", "Thu 31 Dec, 16:00"),
    ],
)
def test_a_moment_is_said_on_the_stores_clock(moment: datetime, zone: ZoneInfo, zh: str, en: str) -> None:
    words = spoken(moment, zone=zone, now=NOW)
    with override("zh-hans"):
        assert str(words) == zh
    with override("en"):
        assert str(words) == en


def test_a_date_without_a_today_has_its_year() -> None:
    with override("zh-hans"):
        assert (str(Spoken(date(2026, 12, 1))), str(SpokenWeekday(7))) == ("2026年12月1日 周二", "周日")
    with override("en"):
        assert (str(Spoken(date(2026, 12, 1))), str(SpokenWeekday(1))) == ("Tue 1 Dec 2026", "Mon")


def test_the_language_is_that_of_who_reads_not_of_who_raised() -> None:
    with override("en"), pytest.raises(RangeBackwards) as caught:
        days_between(date(2026, 12, 2), date(2026, 12, 1))
    with override("zh-hans"):
        assert "2026年12月2日 周三" in caught.value.sentence()


def test_a_time_that_the_clock_skips_is_said_so() -> None:
    with override("en"), pytest.raises(NonexistentTime) as caught:
        resolve_local(date(2026, 3, 29), 90, DUBLIN, gap="refuse")
    with override("en"):
        assert "Sun 29 Mar 2026, 01:30" in caught.value.sentence()


def test_weekdays_are_named() -> None:
    with override("en"):
        assert HoursOverlap(params={"day": SpokenWeekday(1)}).sentence() == "Two spans of Mon overlap."
        assert ShiftsOverlap(params={"day": SpokenWeekday(2)}).sentence() == "On Tue two shifts overlap."
    with override("zh-hans"):
        assert HoursOverlap(params={"day": SpokenWeekday(1)}).sentence() == "周一的两段时间重叠。"


def test_no_rule_writes_a_time_by_itself() -> None:
    """Every sentence's time goes through Spoken: no format of date and clock stands in a domain."""
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tenants").rglob("domain/*.py")
        if re.search(r"%Y-%m-%d %H|isoformat\(\" \"|strftime", path.read_text())
    ]
    assert found == []
