"""Days and times as people write them: 11月26日 周四 19:30, Thu 26 Nov, 19:30.

The functions are pure: the language is an argument, so is "today". Chinese is any tag that begins with `zh`.
`Spoken` is what a refusal's sentence is filled with: it is written when the sentence is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

zh_weekdays = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
en_weekdays = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
en_months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def is_chinese(language: str) -> bool:
    return language.lower().startswith("zh")


def weekday_name(weekday: int, *, language: str) -> str:
    """周一 or Mon for 1 (ISO)."""
    return (zh_weekdays if is_chinese(language) else en_weekdays)[weekday - 1]


def format_weekday(day: date, *, language: str) -> str:
    return weekday_name(day.isoweekday(), language=language)


def format_day(day: date, *, language: str, today: date, relative: bool = True, weekday: bool = True) -> str:
    """11月26日 周四 or Thu 26 Nov; 今天 and 明天 where true (`relative`); the year only if another."""
    if relative and day == today:
        return "今天" if is_chinese(language) else "Today"
    if relative and day == today + timedelta(days=1):
        return "明天" if is_chinese(language) else "Tomorrow"
    other_year = day.year != today.year
    name = format_weekday(day, language=language)
    if is_chinese(language):
        year = f"{day.year}年" if other_year else ""
        return f"{year}{day.month}月{day.day}日" + (f" {name}" if weekday else "")
    year = f" {day.year}" if other_year else ""
    return (f"{name} " if weekday else "") + f"{day.day} {en_months[day.month - 1]}{year}"


def format_clock(moment: datetime | time) -> str:
    """19:30, on the 24-hour clock; local time of whoever calls."""
    return f"{moment:%H:%M}"


def join_day_and_clock(day: str, clock: str, *, language: str) -> str:
    return f"{day} {clock}" if is_chinese(language) else f"{day}, {clock}"


def format_moment(moment: datetime, *, language: str, today: date, relative: bool = True) -> str:
    """11月26日 周四 19:30; Thu 26 Nov, 19:30. `moment` is local time in the store's zone."""
    day = format_day(moment.date(), language=language, today=today, relative=relative)
    return join_day_and_clock(day, format_clock(moment), language=language)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A local date, or wall time, written in the language that is active where it is read.

    Never 今天 or 明天: an answer may be kept, and read the day after. The year is left out where it is that of
    `today`; without one it always stands.
    """

    local: date
    today: date = date.min

    def __str__(self) -> str:
        language = get_language() or "en"
        if isinstance(self.local, datetime):
            return format_moment(self.local, language=language, today=self.today, relative=False)
        return format_day(self.local, language=language, today=self.today, relative=False)


MOST_SPOKEN = 4


@dataclass(frozen=True, slots=True)
class SpokenMoments:
    """Local times in their order, each as Spoken writes it; of more than MOST_SPOKEN the first and how many in all."""

    local: tuple[datetime, ...]
    today: date = date.min

    def __str__(self) -> str:
        chinese = is_chinese(get_language() or "en")
        said = [str(Spoken(moment, self.today)) for moment in self.local[:MOST_SPOKEN]]
        text = ("、" if chinese else "; ").join(said)
        more = len(self.local) - len(said)
        if not more:
            return text
        return f"{text} 等 {len(self.local)} 次" if chinese else f"{text} and {more} more"


@dataclass(frozen=True, slots=True)
class SpokenWeekday:
    """A weekday (ISO: 1 is Monday), written in the language that is active where it is read."""

    weekday: int

    def __str__(self) -> str:
        return weekday_name(self.weekday, language=get_language() or "en")


def spoken(moment: datetime, *, zone: ZoneInfo, now: datetime) -> Spoken:
    """An aware moment on the clock of the zone."""
    return Spoken(moment.astimezone(zone), now.astimezone(zone).date())
