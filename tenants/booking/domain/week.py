"""One person's week at a store: what they serve and when they work, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.booking.models import Booking, Session, SessionState, Status
from tenants.people.domain.rights import Action, Actor, NotSeen, require
from tenants.people.models import Employee, Leave
from tenants.stores.domain.wall import local_day
from tenants.stores.models import Store

from .attention import Presence
from .day import WITH, WITH_SESSION
from .history import history_cut, shown_since
from .rota import shift_spans
from .spans import Span, merge

DAYS = 7


@dataclass(frozen=True, slots=True)
class PersonDay:
    """A local date of the week: its span on the UTC line, when the person is there, their bookings and sessions by start."""

    day: date
    span: Span
    presence: Presence
    bookings: tuple[Booking, ...]
    sessions: tuple[Session, ...] = ()


def week_around(day: date) -> list[date]:
    """Monday to Sunday of the week in which the date lies."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(DAYS)]


def read_person_week(
    store_id: UUID, employee_id: UUID, days: Sequence[date], *, by: Actor, now: datetime
) -> list[PersonDay]:
    """The days (consecutive local dates) of one practitioner at a store, in seven queries, one more for days long ago.

    Cancelled and expired bookings are left out, and what ended before the plan's history. Raises Forbidden, NotSeen.
    """
    require(by, Action.READ_DAY, store_id=store_id)
    store = Store.objects.filter(id=store_id).first()
    name = Employee.objects.filter(id=employee_id).values_list("name", flat=True).first()
    if store is None or name is None:
        raise NotSeen
    zone = ZoneInfo(store.time_zone)
    spans = [Span(place.start, place.end) for place in (local_day(day, zone) for day in days)]
    whole = Span(spans[0].start, spans[-1].end)
    since = history_cut(whole.start, by=by, now=now)
    bookings = list(
        Booking.objects.select_related(*WITH)
        .filter(shown_since(since), store_id=store_id, practitioner_id=employee_id)
        .filter(starts_at__lt=whole.end, starts_at__gte=whole.start)
        .exclude(status__in=[Status.CANCELLED, Status.EXPIRED])
        .order_by("starts_at", "id")
    )
    sessions = list(
        Session.objects.select_related(*WITH_SESSION)
        .filter(
            shown_since(since), store_id=store_id, practitioner_id=employee_id, state=SessionState.SCHEDULED
        )
        .filter(starts_at__lt=whole.end, starts_at__gte=whole.start)
        .order_by("starts_at", "id")
    )
    leave = [
        Span(one.starts_at, one.ends_at)
        for one in Leave.objects.filter(
            employee_id=employee_id, starts_at__lt=whole.end, ends_at__gt=whole.start
        )
    ]
    shifts = merge(shift_spans([employee_id], store_id, days, zone)[employee_id])
    return [
        PersonDay(
            day,
            span,
            Presence(
                employee_id,
                name,
                tuple(shift for shift in shifts if span.holds(shift.start)),
                tuple(one for one in leave if one.overlaps(span)),
            ),
            tuple(one for one in bookings if span.holds(one.starts_at)),
            tuple(one for one in sessions if span.holds(one.starts_at)),
        )
        for day, span in zip(days, spans, strict=True)
    ]
