"""Reads what a recommendation needs, in three queries however much there is, and asks `recommend`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F, Min, Q

from tenants.booking.models import LIVE, Booking, Status
from tenants.catalogue.models import Offer
from tenants.stores.domain.wall import local_date

from .calendar import Calendar, read_calendar
from .cells import cells_for
from .offering import Offering
from .recommend import Recommendation, recommend
from .recommend_gaps import Floor, Timeline
from .recommend_habit import Habit, Visit, read_habit
from .search import DaySlots, grid_over, search
from .spans import Span

# How many of the member's latest visits and bookings say what they usually do.
VISITS = 40
# How far ahead is looked: to the member's next turn and a while past it, at least so many days.
LEAST_DAYS, PAST_TURN, MOST_DAYS = 14, 10, 62
COUNTS = (Status.COMPLETED, Status.ARRIVED, Status.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Recommended:
    """The recommendations for one member (or a visitor), and the practitioners' names."""

    found: tuple[Recommendation[UUID], ...]
    names: dict[UUID, str]


@dataclass(frozen=True, slots=True)
class History:
    """A member's visits as the recommendation reads them, and when they are taken already."""

    visits: tuple[Visit[UUID], ...] = ()
    busy: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Searched:
    """What a page has searched already, for anybody: the days in order, their calendar, what is free."""

    days: tuple[date, ...]
    calendar: Calendar
    found: tuple[DaySlots[UUID], ...]


def find_recommendations(
    offering: Offering,
    *,
    member_id: UUID | None,
    now: datetime,
    practitioner_id: UUID | None = None,
    party_size: int = 1,
    but: UUID | None = None,
    searched: Searched | None = None,
) -> Recommended:
    """Up to three times for the service at the store, for that member or for nobody known.

    `practitioner_id` leaves nobody else, `party_size` no place that is too small; `but` is a booking whose own
    claims do not count (one that is being moved, or held by whoever asks). Three queries, two for nobody known;
    one less where `searched`, for the same party and `but`, holds the very days that are looked at.
    """
    history = read_history(member_id, offering.service_id, now=now, but=but) if member_id else History()
    habit = read_habit(history.visits, zone=offering.zone)
    days = days_to_look_at(habit, offering, now=now)
    if searched is None or practitioner_id is not None or list(searched.days) != days:
        calendar = read_calendar(
            offering, days, now=now, practitioner_id=practitioner_id, party_size=party_size, but=but
        )
        searched = Searched(tuple(days), calendar, tuple(search(days, calendar.inputs)))
    calendar = searched.calendar
    # a table or room that nobody serves has no idle person to weigh: nothing is recommended for it
    slots = [slot for day in searched.found for slot in day.slots if slot.staff]
    floor = lay_floor(calendar, days, useful=read_useful(offering))
    found = recommend(slots, habit, floor, now=now, busy=history.busy)
    names = {one.employee_id: one.name for one in calendar.candidates.values()}
    return Recommended(tuple(found), names)


def read_history(member_id: UUID, service_id: UUID, *, now: datetime, but: UUID | None = None) -> History:
    """The member's latest visits anywhere in the chain, bookings to come among them; one query."""
    wanted = Q(status__in=COUNTS) | Q(status__in=LIVE, ends_at__gt=now)
    rows = list(
        Booking.objects.filter(wanted, member_id=member_id)
        .exclude(id=but)
        .exclude(status=Status.HELD, expires_at__lte=now)
        .order_by("-starts_at")
        .values_list("starts_at", "ends_at", "practitioner_id", "service_id", "created_at", "status")[:VISITS]
    )
    return History(
        visits=tuple(
            Visit(starts_at, practitioner, service == service_id, made)
            for starts_at, _ends, practitioner, service, made, status in rows
            if status in COUNTS
        ),
        busy=tuple(
            Span(starts_at, ends_at)
            for starts_at, ends_at, _practitioner, _service, _made, status in rows
            if status in LIVE and ends_at > now
        ),
    )


def days_to_look_at(habit: Habit[UUID], offering: Offering, *, now: datetime) -> list[date]:
    """From today to past the member's next turn, within what can be booked and MOST_DAYS."""
    today = local_date(now, offering.zone)
    end = LEAST_DAYS
    if habit.last is not None:
        due = habit.last + timedelta(days=round(habit.interval))
        end = max(end, (due - today).days + PAST_TURN)
    last = (local_date(now + offering.horizon, offering.zone) - today).days + 1
    return [today + timedelta(days=n) for n in range(max(1, min(end, MOST_DAYS, last)))]


def lay_floor(calendar: Calendar, days: Sequence[date], *, useful: int) -> Floor[UUID]:
    """The practitioners' shifts and free cells over the days; what is before the earliest start is not free."""
    inputs = calendar.inputs
    grid = grid_over(days, inputs.zone, inputs.need)
    # a remnant between now and the soonest start is nobody's to sell
    coming = grid.full & ~grid.between(0, grid.floor(inputs.earliest) - inputs.need.before)
    staff = {}
    for who, one in inputs.staff.items():
        works = grid.lay_free(one.shifts)
        away = grid.lay_busy(one.busy) | grid.lay_busy(one.leave)
        staff[who] = Timeline(works & ~grid.lay_busy(one.leave), works & ~away & coming)
    return Floor(grid, staff, inputs.need.before, inputs.need.claimed, useful)


def read_useful(offering: Offering) -> int:
    """Cells of the shortest claim that the store sells: a shorter free run is lost. One query."""
    sold = Offer.objects.filter(store_id=offering.store_id, active=True, service__active=True)
    shortest = sold.aggregate(
        minutes=Min(F("service__prepare") + F("service__minutes") + F("service__clean_up"))
    )["minutes"]
    return min(offering.need.claimed, cells_for(shortest)) if shortest else offering.need.claimed
