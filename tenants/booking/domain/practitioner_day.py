"""A practitioner's own day and week: their visits, what to know and prepare, and who comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Max

from tenants.booking.models import Booking, Status
from tenants.people.domain.rights import Actor, Forbidden
from tenants.people.models import DayShift, Employee, Leave, WeeklyShift
from tenants.stores.domain.wall import local_date, local_day
from tenants.stores.models import Store

from .attention import claimed_span
from .day import bookings_seen_by
from .history import history_cut, shown_since
from .late import read_delays
from .rota import lay_shifts
from .spans import Span

WEEK = 7
SHOWN = (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW)


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """One visit: the booking, when preparing begins, how often the member has come before, minutes late."""

    booking: Booking
    prepare_at: datetime
    visits_before: int
    last_visit_at: datetime | None
    late: int


@dataclass(frozen=True, slots=True)
class OwnDate:
    """One date of the week: how many visits, when the shifts are, whether away."""

    day: date
    visits: int
    shifts: tuple[Span, ...]
    away: bool


@dataclass(frozen=True, slots=True)
class OwnDay:
    """A practitioner's day in `zone`: shifts, leave, visits by start, the next of them; and the week around it.

    `history_from` is where the plan's history begins, if that is after the day's start.
    """

    employee: Employee
    zone: ZoneInfo
    day: date
    visits: tuple[OwnVisit, ...]
    next: OwnVisit | None
    shifts: tuple[Span, ...]
    leave: tuple[Span, ...]
    week: tuple[OwnDate, ...]
    history_from: datetime | None = None


def read_own_day(*, by: Actor, now: datetime, day: date | None = None) -> OwnDay:
    """The employee's own `day` (today without one), in a constant number of queries.

    `next` is that day's visit under way, else the first of it still to come.
    The zone is that of the store they work at. Raises Forbidden for who is no employee that can be booked.
    """
    employee = _bookable(by)
    zone = zone_of_employee(employee.id)
    day = day or local_date(now, zone)
    days = [day + timedelta(days=n) for n in range(WEEK)]
    whole = Span(local_day(days[0], zone).start, local_day(days[-1], zone).end)
    since = history_cut(whole.start, by=by, now=now)
    bookings = list(
        bookings_seen_by(by)
        .prefetch_related("claims")
        .filter(
            shown_since(since),
            practitioner_id=employee.id,
            status__in=SHOWN,
            starts_at__lt=whole.end,
            ends_at__gt=whole.start,
        )
        .order_by("starts_at", "id")
    )
    shifts = _own_shifts(employee.id, days, zone)
    leave = [
        Span(starts_at, ends_at)
        for starts_at, ends_at in Leave.objects.filter(
            employee_id=employee.id, starts_at__lt=whole.end, ends_at__gt=whole.start
        ).values_list("starts_at", "ends_at")
    ]
    places = {one: local_day(one, zone) for one in days}
    by_day = {
        one: [booking for booking in bookings if local_date(booking.starts_at, zone) == one] for one in days
    }
    visits = tuple(_visits(by_day[day], now=now))
    return OwnDay(
        employee=employee,
        zone=zone,
        day=day,
        visits=visits,
        next=next_visit(visits, now=now),
        shifts=tuple(_within(shifts, places[day].start, places[day].end)),
        leave=tuple(_within(leave, places[day].start, places[day].end)),
        week=tuple(
            OwnDate(
                one,
                len(by_day[one]),
                tuple(_within(shifts, places[one].start, places[one].end)),
                bool(_within(leave, places[one].start, places[one].end)),
            )
            for one in days
        ),
        history_from=since,
    )


def _bookable(by: Actor) -> Employee:
    found = None
    if by.employee_id is not None:
        found = Employee.objects.filter(id=by.employee_id, resource__isnull=False).first()
    if found is None:
        raise Forbidden
    return found


def next_visit(visits: Sequence[OwnVisit], *, now: datetime) -> OwnVisit | None:
    """Who is being served, else the first confirmed one that is not over; None when nobody is left."""
    serving = next((one for one in visits if one.booking.status == Status.ARRIVED), None)
    coming = (one for one in visits if one.booking.status == Status.CONFIRMED and one.booking.ends_at > now)
    return serving or next(coming, None)


def zone_of_employee(employee_id: UUID) -> ZoneInfo:
    """The zone of the first store they work at, by the chain's order; of the chain's first store without any."""
    stores = Store.objects.filter(active=True).order_by("position", "name")
    names = stores.filter(weekly_shifts__employee_id=employee_id).values_list("time_zone", flat=True)
    name = names.first() or stores.values_list("time_zone", flat=True).first()
    return ZoneInfo(name or "UTC")


def _visits(bookings: Sequence[Booking], *, now: datetime) -> list[OwnVisit]:
    """The day's visits with what is known of their members; two queries."""
    members = [booking.member_id for booking in bookings]
    known = {
        row["member_id"]: (row["count"], row["last"])
        for row in Booking.objects.filter(
            member_id__in=members, status__in=[Status.ARRIVED, Status.COMPLETED], ends_at__lte=now
        )
        .values("member_id")
        .annotate(count=Count("id"), last=Max("starts_at"))
    }
    late = read_delays(booking.id for booking in bookings)
    found = []
    for booking in bookings:
        count, last = known.get(booking.member_id, (0, None)) if booking.member_id else (0, None)
        found.append(
            OwnVisit(
                booking=booking,
                prepare_at=claimed_span(booking).start,
                visits_before=count,
                last_visit_at=last,
                late=late.get(booking.id, 0),
            )
        )
    return found


def _own_shifts(employee_id: UUID, days: Sequence[date], zone: ZoneInfo) -> tuple[Span, ...]:
    """The shifts of the dates at all stores; two queries."""
    planned = DayShift.objects.filter(employee_id=employee_id, on__gte=days[0], on__lte=days[-1])
    weekly = WeeklyShift.objects.filter(employee_id=employee_id)
    return lay_shifts(
        [employee_id],
        weekly=weekly.values_list("employee", "weekday", "starts", "ends", "valid_from", "valid_until"),
        planned=(
            (employee_id, True, on, starts, ends)
            for on, starts, ends in planned.values_list("on", "starts", "ends")
        ),
        dates=days,
        zone=zone,
    )[employee_id]


def _within(spans: Sequence[Span], start: datetime, end: datetime) -> list[Span]:
    place = Span(start, end)
    shared = (span.intersection(place) for span in spans)
    return sorted(span for span in shared if span is not None)
