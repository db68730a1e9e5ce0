"""Wall time: from what a store's clock shows to the UTC line, and from a request's text to a moment.

Opening hours and shifts are local wall time, everything else is UTC. This module is the only edge.
A zone's clock sometimes skips (a gap: that wall time never happens) and sometimes repeats (a fold: it
happens twice); both are answered here, explicitly, and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.stores.domain.spoken import Spoken

MAX_DAYS = 62
DAY_MINUTES = 24 * 60
# Requests name days in this range of years, so that arithmetic near them never overflows.
YEARS = range(1970, 3000)


class TimeMalformed(Refusal):
    """The text is not a date and time as RFC 3339 writes them."""

    code = "time_malformed"
    status = 400
    title = _("The time cannot be read")
    detail = _("“%(text)s” is not a date and time.")
    fix = _("Write it like 2026-05-01T09:30:00+08:00.")


class OffsetMissing(Refusal):
    """The text says what a clock shows, but not where."""

    code = "offset_missing"
    status = 400
    title = _("The time has no offset")
    detail = _("“%(text)s” does not say how far it is from UTC.")
    fix = _("Add the offset, like 2026-05-01T09:30:00+08:00. In an address, write + as %%2B.")


class NonexistentTime(Refusal):
    """The store's clock never shows this time: it is skipped when the clock goes forward."""

    code = "nonexistent_time"
    status = 422
    title = _("That time does not exist")
    detail = _("The clock in %(zone)s skips %(local)s.")
    fix = _("Choose a time before or after the change of the clock.")


class DateMalformed(Refusal):
    """The text is not a date `YYYY-MM-DD`."""

    code = "date_malformed"
    status = 400
    title = _("The date cannot be read")
    detail = _("“%(text)s” is not a date.")
    fix = _("Write it like 2026-05-01.")


class RangeTooLong(Refusal):
    """More days asked for at once than an answer holds."""

    code = "range_too_long"
    status = 422
    title = _("Too many days at once")
    detail = _("%(days)s days were asked for; at most %(most)s are answered at once.")
    fix = _("Ask for fewer days, then for the rest.")


class RangeBackwards(Refusal):
    """The range ends before it begins."""

    code = "range_backwards"
    status = 422
    title = _("The range ends before it begins")
    detail = _("It begins on %(from)s and ends before %(to)s.")
    fix = _("Swap the two dates.")


def moments_of_local(day: date, minutes: int, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Every UTC moment at which the clock of `zone` shows `minutes` after midnight of `day`.

    None in a gap, two in a fold (earlier first), else one. `minutes` may pass 24 h: 25:30 is 01:30 of
    the next day.
    """
    wall = _wall_clock(day, minutes)
    found: list[datetime] = []
    for fold in (0, 1):
        moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if _shown(moment, zone) == wall and moment not in found:
            found.append(moment)
    return tuple(found)


def resolve_local(
    day: date,
    minutes: int,
    zone: ZoneInfo,
    *,
    gap: Literal["forward", "refuse"] = "forward",
    fold: Literal["first", "last"] = "first",
) -> datetime:
    """The UTC moment at which the clock of `zone` shows `minutes` after midnight of `day`.

    In a fold the first or the last of the two moments: "first" as RFC 5545 (3.3.5) reads it.
    In a gap, "forward" gives the moment of the change itself, so that a later wall time is never an
    earlier moment (RFC 5545 would send 02:30 past 03:00); "refuse" raises NonexistentTime.
    """
    found = moments_of_local(day, minutes, zone)
    if found:
        return found[0] if fold == "first" else found[-1]
    wall = _wall_clock(day, minutes)
    if gap == "refuse":
        raise NonexistentTime(params={"zone": zone.key, "local": Spoken(wall)})
    return _change_across(wall, zone)


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A calendar day of a zone on the UTC line, from its first midnight to the next day's.

    `start == end` when the calendar skips the date. `steady` days have 24 h and one offset, which is
    what makes `at` quick on all but a few days of a year.
    """

    day: date
    zone: ZoneInfo
    start: datetime
    end: datetime
    steady: bool

    @property
    def exists(self) -> bool:
        """Whether the zone's calendar has this date."""
        return self.start < self.end

    def at(self, minutes: int) -> datetime:
        """As `resolve_local`: forward out of a gap, first of a fold. `minutes` from 0 to two days."""
        if self.steady and 0 <= minutes <= DAY_MINUTES:
            return self.start + timedelta(minutes=minutes)
        return resolve_local(self.day, minutes, self.zone)


@lru_cache(maxsize=8192)
def local_day(day: date, zone: ZoneInfo) -> LocalDay:
    """The day's place on the UTC line; also for a date that the calendar skips."""
    start = resolve_local(day, 0, zone)
    end = resolve_local(day, DAY_MINUTES, zone)
    offset = start.astimezone(zone).utcoffset()
    # Zones change on their wall clock's hour or half hour, so half-hourly looks see every change.
    steady = end - start == timedelta(days=1) and all(
        (start + timedelta(minutes=minutes)).astimezone(zone).utcoffset() == offset
        for minutes in range(0, DAY_MINUTES + 1, 30)
    )
    return LocalDay(day, zone, start, end, steady)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The date that the calendar of `zone` shows at an aware moment."""
    return moment.astimezone(zone).date()


_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:([Zz])|([-+ ])(\d\d):(\d\d))?",
    re.ASCII,
)


def parse_moment(text: str, *, zone: ZoneInfo | None = None) -> datetime:
    """The aware UTC moment that an RFC 3339 date and time names; any offset.

    A space before the offset is read as `+`, which is what an unescaped `+` of a query becomes; digits
    past microseconds are dropped; seconds may be left out. Raises TimeMalformed, and OffsetMissing
    without an offset. With `zone` (the store's) it also raises NonexistentTime for a time that this
    zone's clock skips, written with one of the zone's own offsets around the change: its sender
    meant the store's clock.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise TimeMalformed(params={"text": text[:40]})
    year, month, day, hour, minute, second, fraction, utc, sign, off_hours, off_minutes = match.groups()
    if utc is None and sign is None:
        raise OffsetMissing(params={"text": text[:40]})
    try:
        offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0))
        if int(off_minutes or 0) > 59 or int(year) not in YEARS:
            raise ValueError
        wall = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")), tzinfo=timezone(-offset if sign == "-" else offset),
        )  # fmt: skip
    except ValueError:
        raise TimeMalformed(params={"text": text[:40]}) from None
    if zone is not None:
        _refuse_skipped(wall, zone)
    return wall.astimezone(UTC)


def parse_day(text: str) -> date:
    """The date that `YYYY-MM-DD` names, years 1970 to 2999. Raises DateMalformed."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip(), re.ASCII) is None:
            raise ValueError
        day = date.fromisoformat(text.strip())
        if day.year not in YEARS:
            raise ValueError
    except ValueError:
        raise DateMalformed(params={"text": text[:40]}) from None
    return day


def days_between(first: date, end: date, *, most: int = MAX_DAYS) -> tuple[date, ...]:
    """The dates of the half-open range `[first, end)`, in order; none when both are equal.

    Raises RangeBackwards, and RangeTooLong for more than `most` days.
    """
    count = (end - first).days
    if count < 0:
        raise RangeBackwards(params={"from": Spoken(first), "to": Spoken(end)})
    if count > most:
        raise RangeTooLong(params={"days": count, "most": most})
    return tuple(first + timedelta(days=n) for n in range(count))


def _wall_clock(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time.min) + timedelta(minutes=minutes)


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock of `zone` shows at `moment`, naive."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _change_across(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment whose wall clock has passed `wall`, which lies in a gap.

    The two offsets around a gap put `wall` on either side of the change (PEP 495): bisect between.
    """
    low = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    high = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = timedelta(seconds=1)
    while high - low > second:
        middle = low + (high - low) // 2 // second * second
        if _shown(middle, zone) > wall:
            high = middle
        else:
            low = middle
    return high


def _refuse_skipped(written: datetime, zone: ZoneInfo) -> None:
    wall = written.replace(tzinfo=None)
    sides = [wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    skipped = all(_shown(side.astimezone(UTC), zone) != wall for side in sides)
    if skipped and written.utcoffset() in {side.utcoffset() for side in sides}:
        raise NonexistentTime(params={"zone": zone.key, "local": Spoken(wall)})
