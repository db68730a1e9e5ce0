"""How much of what a plan limits has happened, by month; counted from events, exact after retries.

A count goes up in the transaction that notes the effect (relay.py): an event that is delivered twice
is counted once, and one that is delivered late counts in the month in which it happened. The platform is
told absolute numbers: hearing the same twice, or an older number after a newer one, changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F

from chains.due import mark_due
from tenants.events.models import Usage

ROLL_UP = "usage"
# What happens within this is told to the platform together.
ROLL_UP_AFTER = timedelta(minutes=1)

# What is counted; the names stand in plans' limits as `<metric>_a_month`.
BOOKINGS = "bookings"
MESSAGES = "messages"
METRICS = (BOOKINGS, MESSAGES)

_COUNT = """
INSERT INTO events_usage AS u (metric, month, count, pushed) VALUES (%s, %s, %s, 0)
ON CONFLICT (metric, month) DO UPDATE SET count = u.count + EXCLUDED.count
RETURNING u.count - %s = u.pushed
"""


@dataclass(frozen=True, slots=True)
class MonthUsage:
    """What happened in the month that begins on `month` (a date in the chain's zone), by metric."""

    month: date
    counts: dict[str, int]


def count_usage(metric: str, *, at: datetime, now: datetime, more: int = 1) -> None:
    """Count `more` of a metric in the month of `at` (aware); needs the transaction that notes the effect.

    The first count after a roll-up marks the next one due, ROLL_UP_AFTER from `now`; the others ride along.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT time_zone FROM public.own_chain()")
        zone = ZoneInfo(cursor.fetchone()[0])
        cursor.execute(_COUNT, (metric, month_of(at, zone), more, more))
        first = cursor.fetchone()[0]
    if first:
        mark_due(ROLL_UP, now + ROLL_UP_AFTER)


def month_of(at: datetime, zone: ZoneInfo) -> date:
    """The first day of the month in which an aware moment lies, in a zone."""
    return at.astimezone(zone).date().replace(day=1)


def read_usage(month: date) -> MonthUsage:
    """The active chain's counts of the month that begins on `month`; zero where nothing happened."""
    counted = dict(Usage.objects.filter(month=month).values_list("metric", "count"))
    return MonthUsage(month, {metric: counted.get(metric, 0) for metric in METRICS})


def push_usage(*, now: datetime) -> None:
    """Tell the platform what has been counted and not told yet, in absolute numbers.

    Part of the due work `usage`, which billing registers: it also knows what a plan includes.

    The rows are locked until the commit: what is counted meanwhile waits, and is told by the next roll-up.
    """
    behind = Usage.objects.select_for_update().exclude(pushed=F("count"))
    rows = list(behind.order_by("metric", "month"))
    if not rows:
        return
    counts = [{"metric": row.metric, "month": row.month.isoformat(), "count": row.count} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.push_own_usage(%s::jsonb, %s)", (json.dumps(counts), now))
    Usage.objects.filter(id__in=[row.id for row in rows]).update(pushed=F("count"))


def sweep_usage(*, now: datetime) -> bool:
    """Housekeeping: mark a roll-up that was lost (a restored or moved chain). False: it does the rest."""
    if Usage.objects.exclude(pushed=F("count")).exists():
        mark_due(ROLL_UP, now)
    return False
