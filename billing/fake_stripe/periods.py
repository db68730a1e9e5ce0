"""Billing's arithmetic: when a period ends, and what a part of it is worth. No state."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

DAY = 86_400


def add_interval(anchor: int, interval: str, count: int) -> int:
    """`count` intervals after the anchor, by the calendar: the 31st becomes a shorter month's last day, and is
    the 31st again where there is one, for it is always reckoned from the anchor. Seconds since 1970, UTC.
    """
    if interval in ("day", "week"):
        return anchor + count * DAY * (7 if interval == "week" else 1)
    begun = datetime.fromtimestamp(anchor, UTC)
    months = begun.year * 12 + begun.month - 1 + count * (12 if interval == "year" else 1)
    year, month = months // 12, months % 12 + 1
    day = min(begun.day, calendar.monthrange(year, month)[1])
    return int(begun.replace(year=year, month=month, day=day).timestamp())


def next_end(anchor: int, interval: str, after: int) -> int:
    """The first end of a period, reckoned from the anchor, that is later than `after`."""
    count = 1
    while (end := add_interval(anchor, interval, count)) <= after:
        count += 1
    return end


def share(amount: int, *, of: tuple[int, int], left_at: int) -> int:
    """What is left of `amount` at a moment of the period it is for, in whole minor units.

    Exact: amount × seconds left / seconds in all, half a unit away from zero. So what is credited for the
    time not used and what was charged for the time used add up to the price within one unit.
    """
    start, end = of
    whole, left = end - start, min(max(end - left_at, 0), end - start)
    return round_share(amount * left, whole)


def round_share(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest whole number, a half away from zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))
