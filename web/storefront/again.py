"""The card "same as last time": one tap books what a member usually books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chains.refusals import Refusal
from tenants.booking.domain.availability import find_slots
from tenants.booking.domain.policies import read_terms
from tenants.booking.domain.rebooking import aimed_at, nearest_start, usual_interval
from tenants.booking.domain.recommend_habit import Visit, read_habit
from tenants.booking.domain.terms import Terms
from tenants.booking.models import Booking, Status
from tenants.catalogue.models import BookedAs
from tenants.members.models import Member
from tenants.stores.domain.spoken import format_day
from tenants.stores.domain.wall import local_date
from tenants.stores.domain.words import words_of

VISITS = 24
# Days searched around the aim: a few before it, and the same weekday of the next two weeks.
BEFORE, AFTER = 3, 14
# Visits of one service from which on there is a rhythm (see recommend_habit.read_habit).
RHYTHMIC = 3


@dataclass(frozen=True, slots=True)
class Again:
    """A time to offer. Price in minor units; `terms` are what booking it would promise."""

    service_id: UUID
    service_name: str
    store_id: UUID
    practitioner_id: UUID | None
    practitioner_name: str
    minutes: int
    price_amount: int
    currency: str
    starts_at: datetime
    terms: Terms
    zone: str
    rhythm: str = ""

    @property
    def value(self) -> str:
        """How a form names the time."""
        return f"{self.starts_at:%Y-%m-%dT%H:%M}Z"


def read_visits(member: Member) -> list[Booking]:
    """The member's last visits and bookings to come, newest first, with what they were; one query."""
    kept = [Status.COMPLETED, Status.ARRIVED, Status.CONFIRMED]
    return list(
        Booking.objects.select_related("service", "store", "practitioner")
        .filter(member=member, status__in=kept)
        .order_by("-starts_at")[:VISITS]
    )


def suggest_again(visits: list[Booking], *, now: datetime, language: str) -> Again | None:
    """The next fitting time for the member's latest visit; None for whom nothing fits.

    The same service and practitioner, at the same weekday and hour, an interval after the last one. Where
    that person is not free at all, anyone. Nobody with a booking of that service still to come is asked:
    what else they come for regularly is offered then.
    """
    last = usual_visit(visits, now=now)
    if last is None:
        return None
    same = [visit.starts_at for visit in visits if visit.service_id == last.service_id]
    zone = ZoneInfo(last.store.time_zone)
    day, minutes = aimed_at(last.starts_at, usual_interval(same), zone=zone, now=now)
    today = local_date(now, zone)
    days = [day + timedelta(days=n) for n in range(-BEFORE, AFTER + 1) if day + timedelta(days=n) >= today]
    try:
        offering, found = find_slots(last.store_id, last.service_id, days=days, now=now)
    except Refusal:
        return None
    slots = [slot for one in found for slot in one.slots]
    theirs = [slot.starts_at for slot in slots if last.practitioner_id in slot.staff]
    starts_at = nearest_start(theirs or [slot.starts_at for slot in slots], day, minutes, zone=zone)
    if starts_at is None:
        return None
    known = last.practitioner if theirs else None
    return Again(
        service_id=last.service_id,
        service_name=words_of(last.service, "name", language=language),
        store_id=last.store_id,
        practitioner_id=known.id if known else None,
        practitioner_name=words_of(known, "name", language=language) if known else "",
        minutes=offering.need.minutes,
        price_amount=offering.price_amount,
        currency=offering.currency,
        starts_at=starts_at,
        terms=read_terms(offering, member_id=last.member_id, now=now),
        zone=last.store.time_zone,
        rhythm=say_rhythm(visits, last, zone=zone, language=language, today=today),
    )


def usual_visit(visits: Sequence[Booking], *, now: datetime) -> Booking | None:
    """The visit to offer again: the latest, or where that is booked already the latest of what has a rhythm."""
    coming = {visit.service_id for visit in visits if visit.starts_at > now}
    past = [visit for visit in visits if visit.starts_at <= now]
    often = Counter(visit.service_id for visit in past)
    for number, visit in enumerate(past):
        if visit.service_id in coming or visit.service.booked_as != BookedAs.TIME:
            continue
        if number == 0 or often[visit.service_id] >= RHYTHMIC:
            return visit
    return None


def say_rhythm(
    visits: Sequence[Booking], last: Booking, *, zone: ZoneInfo, language: str, today: date
) -> str:
    """How often the member comes for it and when they are due, as the recommendations know it; empty for no rhythm."""
    habit = read_habit(
        [Visit(one.starts_at, one.practitioner_id, one.service_id == last.service_id) for one in visits],
        zone=zone,
    )
    if not habit.rhythmic or habit.last is None:
        return ""
    days = round(habit.interval)
    due = habit.last + timedelta(days=days)
    weeks, rest = divmod(days, 7)
    often = ngettext("Every %(count)s day", "Every %(count)s days", days) % {"count": days}
    if weeks and not rest:
        often = _("Every week") if weeks == 1 else _("Every %(count)s weeks") % {"count": weeks}
    said = {"often": often, "day": format_day(due, language=language, today=today, relative=False)}
    return (
        _("%(often)s: your turn was %(day)s") if due < today else _("%(often)s: your turn is %(day)s")
    ) % said
