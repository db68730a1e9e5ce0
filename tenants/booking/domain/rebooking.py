"""Same as last time: the next fitting time for a member who comes with a rhythm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median_low
from zoneinfo import ZoneInfo

# Between two visits of somebody who came only once; four weeks keep the weekday.
FIRST_INTERVAL = 28
LONGEST_INTERVAL = 120


def usual_interval(visits: Sequence[datetime]) -> int:
    """Days between a member's visits of one service, as whole weeks and at least one.

    `visits` are starts in any order. The median of the gaps, rounded to weeks, so that the weekday stays
    the member's own; 28 after a single visit, never more than 120 rounded down to weeks.
    """
    ordered = sorted(visits)
    gaps = [(later - earlier).days for earlier, later in pairwise(ordered)]
    real = [gap for gap in gaps if gap > 0]
    days = median_low(real) if real else FIRST_INTERVAL
    return max(1, min(round(days / 7), LONGEST_INTERVAL // 7)) * 7


def aimed_at(last: datetime, interval: int, *, zone: ZoneInfo, now: datetime) -> tuple[date, int]:
    """The date and the wall minutes after midnight to aim at: the last visit's, an interval later.

    Moved on by whole weeks until it lies in the future.
    """
    local = last.astimezone(zone)
    minutes = local.hour * 60 + local.minute
    day = local.date() + timedelta(days=interval)
    today = now.astimezone(zone)
    while (day, minutes) <= (today.date(), today.hour * 60 + today.minute):
        day += timedelta(days=7)
    return day, minutes


def nearest_start(starts: Iterable[datetime], aim: date, minutes: int, *, zone: ZoneInfo) -> datetime | None:
    """The free start nearest to the aim; None where nothing is free.

    The very weekday and hour wins, whichever week it is nearest in; else the start with the least
    distance on the store's clock, the earlier of two equal ones.

    free        Thu 19:00   Fri 19:30   next Thu 19:30      aim Thu 19:30
    chosen                              x                   same weekday and hour
    free        Thu 19:00   Fri 19:30
    chosen      x                                           nearest
    """
    wanted = datetime.combine(aim, datetime.min.time()) + timedelta(minutes=minutes)
    exact: list[tuple[timedelta, datetime]] = []
    near: list[tuple[timedelta, datetime]] = []
    for start in starts:
        shown = start.astimezone(zone).replace(tzinfo=None)
        far = (abs(shown - wanted), start)
        near.append(far)
        if shown.weekday() == wanted.weekday() and shown.time() == wanted.time():
            exact.append(far)
    best = min(exact or near, default=None)
    return best[1] if best else None
