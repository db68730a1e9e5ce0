"""Opening hours and shifts as spans on the UTC line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.people.models import DayShift, WeeklyShift
from tenants.stores.models import Closure, OpeningHours

from .spans import Span
from .wall import local_span


def opening_spans(store_id: UUID, dates: Sequence[date], zone: ZoneInfo) -> list[Span]:
    """When the store is open on the dates, closures taken out; two queries."""
    closed: set[date] = set()
    closures = Closure.objects.filter(store_id=store_id, starts_on__lte=dates[-1], ends_on__gt=dates[0])
    for starts_on, ends_on in closures.values_list("starts_on", "ends_on"):
        closed |= {day for day in dates if starts_on <= day < ends_on}
    weekly: dict[int, list[tuple[int, int]]] = defaultdict(list)
    hours = OpeningHours.objects.filter(store_id=store_id)
    for weekday, opens, closes in hours.values_list("weekday", "opens", "closes"):
        weekly[weekday].append((opens, closes))
    spans = (
        local_span(day, opens, closes, zone)
        for day in dates
        if day not in closed
        for opens, closes in weekly[day.isoweekday()]
    )
    return [span for span in spans if span is not None]


def shift_spans(
    employee_ids: Sequence[UUID], store_id: UUID, dates: Sequence[date], zone: ZoneInfo
) -> dict[UUID, list[Span]]:
    """When each of them works at the store on the dates; a date with any day shift has no weekly one."""
    planned: dict[tuple[UUID, date], list[tuple[int, int]]] = {}
    days = DayShift.objects.filter(employee_id__in=employee_ids, on__gte=dates[0], on__lte=dates[-1])
    for employee, store, on, starts, ends in days.values_list("employee", "store", "on", "starts", "ends"):
        of_day = planned.setdefault((employee, on), [])
        if starts is not None and ends is not None and store == store_id:
            of_day.append((starts, ends))
    weekly: dict[UUID, dict[int, list[tuple[int, int, date, date]]]] = defaultdict(lambda: defaultdict(list))
    rows = WeeklyShift.objects.filter(employee_id__in=employee_ids, store_id=store_id).values_list(
        "employee", "weekday", "starts", "ends", "valid_from", "valid_until"
    )
    for employee, weekday, starts, ends, valid_from, valid_until in rows:
        weekly[employee][weekday].append((starts, ends, valid_from or date.min, valid_until or date.max))
    found: dict[UUID, list[Span]] = {}
    for employee in employee_ids:
        spans: list[Span] = []
        for day in dates:
            usual = [
                (starts, ends)
                for starts, ends, since, until in weekly[employee][day.isoweekday()]
                if since <= day < until
            ]
            hours = planned.get((employee, day), usual)
            laid = (local_span(day, starts, ends, zone) for starts, ends in hours)
            spans.extend(span for span in laid if span is not None)
        found[employee] = spans
    return found
