"""Opening hours and shifts as spans on the UTC line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.people.models import DayShift, WeeklyShift
from tenants.stores.domain.openings import longest_opening
from tenants.stores.models import Closure, OpeningHours

from .spans import Span
from .wall import local_span

# weekday, opens, closes; weekday, starts, ends, from, until; and of one date: whether here, on, starts, ends
Opening = tuple[int, int, int]
Usual = tuple[int, int, int, date | None, date | None]
Special = tuple[bool, date, int | None, int | None]
_DAY_ZERO = date(1970, 1, 1)


def opening_spans(store_id: UUID, dates: Sequence[date], zone: ZoneInfo) -> list[Span]:
    """When the store is open on the dates, closures taken out; two queries."""
    closures = Closure.objects.filter(store_id=store_id, starts_on__lte=dates[-1], ends_on__gt=dates[0])
    hours = OpeningHours.objects.filter(store_id=store_id)
    return lay_openings(
        hours.values_list("weekday", "opens", "closes"),
        closures=closures.values_list("starts_on", "ends_on"),
        dates=dates,
        zone=zone,
    )


def shift_spans(
    employee_ids: Sequence[UUID], store_id: UUID, dates: Sequence[date], zone: ZoneInfo
) -> dict[UUID, tuple[Span, ...]]:
    """When each of them works at the store on the dates; two queries."""
    days = DayShift.objects.filter(employee_id__in=employee_ids, on__gte=dates[0], on__lte=dates[-1])
    weekly = WeeklyShift.objects.filter(employee_id__in=employee_ids, store_id=store_id)
    return lay_shifts(
        employee_ids,
        weekly=weekly.values_list("employee", "weekday", "starts", "ends", "valid_from", "valid_until"),
        planned=(
            (employee, store == store_id, on, starts, ends)
            for employee, store, on, starts, ends in days.values_list(
                "employee", "store", "on", "starts", "ends"
            )
        ),
        dates=dates,
        zone=zone,
    )


def lay_openings(
    hours: Iterable[tuple[int, int, int]],
    *,
    closures: Iterable[tuple[date, date]],
    dates: Sequence[date],
    zone: ZoneInfo,
) -> list[Span]:
    """The openings of the dates from rows of (weekday, opens, closes) and closures [from, to)."""
    closed: set[date] = set()
    for starts_on, ends_on in closures:
        closed |= {day for day in dates if starts_on <= day < ends_on}
    weekly: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for weekday, opens, closes in hours:
        weekly[weekday].append((opens, closes))
    spans = (
        local_span(day, opens, closes, zone)
        for day in dates
        if day not in closed
        for opens, closes in weekly[day.isoweekday()]
    )
    return [span for span in spans if span is not None]


@lru_cache(maxsize=1024)
def openings_on(
    hours: tuple[Opening, ...],
    closures: tuple[tuple[date, date], ...],
    dates: tuple[date, ...],
    zone: ZoneInfo,
) -> tuple[Span, ...]:
    """As lay_openings, laid once for what is the same: it follows from these rows alone."""
    return tuple(lay_openings(hours, closures=closures, dates=dates, zone=zone))


@lru_cache(maxsize=4096)
def longest_of(hours: tuple[Opening, ...]) -> int:
    """As longest_opening, of the same rows once."""
    return longest_opening(hours)


def lay_shifts(
    employee_ids: Iterable[UUID],
    *,
    weekly: Iterable[tuple[UUID, int, int, int, date | None, date | None]],
    planned: Iterable[tuple[UUID, bool, date, int | None, int | None]],
    dates: Sequence[date],
    zone: ZoneInfo,
) -> dict[UUID, tuple[Span, ...]]:
    """When each of them works: weekly rows (weekday, starts, ends, from, until), planned rows (here, on, …).

    A date with any planned shift, at whatever store, has no weekly one; a planned one without times is
    a day off.
    """
    usual: dict[UUID, list[Usual]] = defaultdict(list)
    for who, weekday, begins, stops, since, until in weekly:
        usual[who].append((weekday, begins, stops, since, until))
    special: dict[UUID, list[Special]] = defaultdict(list)
    for who, here, on, starts, ends in planned:
        special[who].append((here, on, starts, ends))
    plans = {who: (tuple(usual.get(who, ())), tuple(special.get(who, ()))) for who in employee_ids}
    return lay_plans(plans, dates=tuple(dates), zone=zone)


def lay_plans(
    plans: Mapping[UUID, tuple[tuple[Usual, ...], tuple[Special, ...]]],
    *,
    dates: tuple[date, ...],
    zone: ZoneInfo,
) -> dict[UUID, tuple[Span, ...]]:
    """The same from the rows of each person; those whose rows are the same share one tuple."""
    return {who: _lay_one(usual, special, dates, zone) for who, (usual, special) in plans.items()}


@lru_cache(maxsize=4096)
def read_hours(text: str) -> tuple[Opening, ...]:
    """One store's opening hours as facts.py packs them: `weekday,opens,closes;…`."""
    rows = (row.split(",") for row in text.split(";"))
    return tuple((int(weekday), int(opens), int(closes)) for weekday, opens, closes in rows)


@lru_cache(maxsize=4096)
def read_week(text: str) -> tuple[Usual, ...]:
    """One person's weekly rows as facts.py packs them: `weekday,starts,ends,from,until;…`, dates as days since 1970."""
    return tuple(_usual(*row.split(",")) for row in text.split(";"))


def _usual(weekday: str, starts: str, ends: str, since: str, until: str) -> Usual:
    return int(weekday), int(starts), int(ends), _date(since), _date(until)


def _date(days: str) -> date | None:
    return _DAY_ZERO + timedelta(days=int(days)) if days else None


@lru_cache(maxsize=1024)
def _lay_one(
    usual: tuple[Usual, ...], special: tuple[Special, ...], dates: tuple[date, ...], zone: ZoneInfo
) -> tuple[Span, ...]:
    """One person's shifts; see lay_shifts. Laid once for what is the same: they follow from these rows alone."""
    of_date: dict[date, list[tuple[int, int]]] = {}
    for here, on, starts, ends in special:
        of_day = of_date.setdefault(on, [])
        if starts is not None and ends is not None and here:
            of_day.append((starts, ends))
    weekly: dict[int, list[tuple[int, int, date, date]]] = defaultdict(list)
    for weekday, begins, stops, since, until in usual:
        weekly[weekday].append((begins, stops, since or date.min, until or date.max))
    spans: list[Span] = []
    for day in dates:
        hours = of_date.get(day)
        if hours is None:
            rows = weekly.get(day.isoweekday(), ())
            hours = [(begins, stops) for begins, stops, since, until in rows if since <= day < until]
        for begins, stops in hours:
            span = local_span(day, begins, stops, zone)
            if span is not None:
                spans.append(span)
    return tuple(spans)
