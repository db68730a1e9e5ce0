"""How long a store is open on end, by its weekly timetable."""

from __future__ import annotations

from collections.abc import Iterable

from tenants.stores.models import MINUTES_A_DAY


def longest_opening(hours: Iterable[tuple[int, int, int]]) -> int:
    """Minutes of the longest opening of rows (weekday, opens, closes); what touches, over midnight too, is one.

    Mon 09-13, 13-18      9 h
    Fri 20-24, Sat 00-02  6 h
    """
    pairs = sorted(
        ((day - 1) * MINUTES_A_DAY + opens, (day - 1) * MINUTES_A_DAY + closes)
        for day, opens, closes in hours
    )
    # twice around, so that what runs from Sunday into Monday is found as one
    around = [*pairs, *((first + 7 * MINUTES_A_DAY, last + 7 * MINUTES_A_DAY) for first, last in pairs)]
    longest, begin, end = 0, 0, -1
    for first, last in around:
        begin, end = (begin, max(end, last)) if first <= end else (first, last)
        longest = max(longest, end - begin)
    return longest
