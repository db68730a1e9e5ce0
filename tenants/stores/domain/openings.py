"""How long a store is open on end, by its weekly timetable."""

from __future__ import annotations

from collections.abc import Iterable

from tenants.stores.models import MINUTES_A_DAY

Hours = Iterable[tuple[int, int, int]]


def longest_opening(hours: Hours) -> int:
    """Minutes of the longest opening of rows (weekday, opens, closes); what touches, over midnight too, is one.

    Mon 09-13, 13-18      9 h
    Fri 20-24, Sat 00-02  6 h
    """
    return max((end - begin for begin, end in _on_end(hours)), default=0)


def longest_within(shifts: Hours, hours: Hours) -> int:
    """Minutes of the longest time on shift that lies within one opening; rows as longest_opening has them.

    Mon 09-13, 13-18 of Mon 10-12 and 14-20   4 h
    """
    opened = _on_end(hours)
    shared = [
        min(end, until) - max(begin, start) for begin, end in _on_end(shifts) for start, until in opened
    ]
    return max([0, *shared])


def _on_end(hours: Hours) -> list[tuple[int, int]]:
    """The rows as spans of minutes since Monday, joined where they touch, twice around the week."""
    pairs = sorted(
        ((day - 1) * MINUTES_A_DAY + opens, (day - 1) * MINUTES_A_DAY + closes)
        for day, opens, closes in hours
    )
    # twice around, so that what runs from Sunday into Monday is found as one
    around = [*pairs, *((first + 7 * MINUTES_A_DAY, last + 7 * MINUTES_A_DAY) for first, last in pairs)]
    joined: list[tuple[int, int]] = []
    for first, last in around:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
