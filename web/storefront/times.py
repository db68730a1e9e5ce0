"""What the time page shows: with whom, which day, which time, and what has been chosen so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from chains.refusals import Text
from tenants.booking.domain.calendar import Calendar, Candidate, read_calendar
from tenants.booking.domain.offering import Offering
from tenants.booking.domain.recommend_read import Searched
from tenants.booking.domain.search import DaySlots, Inputs, Slot, search
from tenants.booking.domain.spans import Span
from tenants.booking.domain.why import why
from tenants.stores.domain.wall import local_date

WINDOW = 14
AFTERNOON, EVENING = 12, 18
# Of the starts the shop's hours allow: from this share on a day has plenty, or is simply open.
PLENTY, OPEN = 0.6, 0.25

DayWord = Literal["plenty", "open", "few", "full", "off", "closed"]
PartName = Literal["morning", "afternoon", "evening"]
PIPS: dict[DayWord, int | None] = {"plenty": 3, "open": 2, "few": 1, "full": 0, "off": None, "closed": None}


@dataclass(frozen=True, slots=True)
class DayChip:
    """A local date, how free it is, and whether it is the one shown."""

    day: date
    word: DayWord
    shown: bool

    @property
    def pips(self) -> int | None:
        """0 to 3 pips; None where the shop is closed, or nobody works who could serve."""
        return PIPS[self.word]


@dataclass(frozen=True, slots=True)
class Time:
    """A start on the shown day (UTC), free or taken; `twice` where the wall clock shows it two times.

    `left` are the places left, where they are counted.
    """

    starts_at: datetime
    free: bool
    chosen: bool
    twice: bool
    left: int | None = None

    @property
    def value(self) -> str:
        """How a form names it: RFC 3339 in UTC."""
        return f"{self.starts_at:%Y-%m-%dT%H:%M}Z"


@dataclass(frozen=True, slots=True)
class Part:
    """Times of one part of the day, never empty."""

    name: PartName
    times: tuple[Time, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands in the bar: a time, free or just taken; the practitioner where one was asked for."""

    starts_at: datetime
    ends_at: datetime
    free: bool
    practitioner: Candidate | None

    @property
    def value(self) -> str:
        """How a form names the time."""
        return f"{self.starts_at:%Y-%m-%dT%H:%M}Z"


@dataclass(frozen=True, slots=True)
class Times:
    """The time page. `days` is a window of two weeks; `first` to `last` are the bookable dates.

    `never` says why no day has a time, where the shop itself is the reason. `searched` is what was searched for
    anybody, None where a person was asked for.
    """

    offering: Offering
    people: tuple[Candidate, ...]
    person: Candidate | None
    days: tuple[DayChip, ...]
    day: date
    parts: tuple[Part, ...]
    choice: Choice | None
    first: date
    last: date
    party_size: int = 1
    never: Text = ""
    searched: Searched | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month: its weeks from Monday, and how free each date is on which a booking may be.

    `before` and `after` are the first days of the months beside it, None where nothing can be booked there.
    """

    first: date
    weeks: tuple[tuple[date, ...], ...]
    days: Mapping[date, DayChip]
    before: date | None
    after: date | None


# Rules by which no day would help: they are told instead of a calendar without a time.
NEVER = ("longer_than_opening", "no_practitioner", "no_resource", "party_size")


def read_times(
    offering: Offering,
    *,
    now: datetime,
    person_id: UUID | None = None,
    day: date | None = None,
    starts_at: datetime | None = None,
    picked_id: UUID | None = None,
    but: UUID | None = None,
    party_size: int = 1,
) -> Times:
    """The page for what has been chosen so far; seven queries, however much there is.

    A day or person that cannot be is left aside: the page then shows the first day with a free time, and
    anyone. `picked_id` is who serves at a recommended time, if still free then. `but` is a booking being moved, whose own claims do not count.
    """
    first = local_date(now, offering.zone)
    last = local_date(now + offering.horizon, offering.zone)
    if day is None and starts_at is not None:
        day = local_date(starts_at, offering.zone)
    if day is not None and not first <= day <= last:
        day = starts_at = None
    window = days_from(first, last, day)
    calendar = read_calendar(offering, window, now=now, but=but, party_size=party_size)
    person = calendar.candidates.get(person_id) if person_id else None
    inputs = inputs_for(calendar, person)
    found = search(window, inputs)
    shown = day or next((one.day for one in found if one.slots), window[0])
    taken = taken_starts(shown, inputs, found)
    times = list_times(shown, offering, found, taken, starts_at, inputs=inputs)
    return Times(
        offering=offering,
        people=tuple(calendar.candidates.values()),
        person=person,
        days=tuple(chips(found, inputs, shown)),
        day=shown,
        parts=tuple(parts_of(times, offering)),
        choice=choice_of(times, offering, person or picked(calendar, found, starts_at, picked_id)),
        first=first,
        last=last,
        party_size=party_size,
        never="" if any(one.slots for one in found) else never_free(inputs, now=now),
        searched=None if person else Searched(tuple(window), calendar, tuple(found)),
    )


def read_month(
    offering: Offering,
    *,
    now: datetime,
    month: date | None = None,
    day: date | None = None,
    person_id: UUID | None = None,
    but: UUID | None = None,
    party_size: int = 1,
) -> Month:
    """The month asked for, else that of the day shown, else this one; within what can be booked, as read_times says it."""
    first = local_date(now, offering.zone)
    last = local_date(now + offering.horizon, offering.zone)
    begin = min(max(month or day or first, first), last).replace(day=1)
    end = _next_month(begin)
    bookable = [one for one in _dates(begin, end) if first <= one <= last]
    calendar = read_calendar(offering, bookable, now=now, but=but, party_size=party_size)
    inputs = inputs_for(calendar, calendar.candidates.get(person_id) if person_id else None)
    found = chips(search(bookable, inputs), inputs, day or first)
    monday = begin - timedelta(days=begin.weekday())
    weeks = _dates(monday, end + timedelta(days=-end.weekday() % 7))
    return Month(
        first=begin,
        weeks=tuple(tuple(weeks[at : at + 7]) for at in range(0, len(weeks), 7)),
        days={chip.day: chip for chip in found},
        before=(begin - timedelta(days=1)).replace(day=1) if begin > first else None,
        after=end if end <= last else None,
    )


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _dates(first: date, end: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((end - first).days)]


def never_free(inputs: Inputs[UUID], *, now: datetime) -> Text:
    """Why the shop can never serve this, in words; empty where a day may come on which it can."""
    ahead = [span.start for span in inputs.hours if span.start >= inputs.earliest]
    verdict = why(min(ahead, default=inputs.earliest), inputs, now=now)
    return next((reason.detail for reason in verdict.reasons if reason.code in NEVER), "")


def days_from(first: date, last: date, day: date | None) -> list[date]:
    """Two weeks from today; or, for a day beyond them, two weeks from three days before it."""
    start = first
    if day is not None and day >= first + timedelta(days=WINDOW):
        start = day - timedelta(days=3)
    return [start + timedelta(days=n) for n in range(WINDOW) if start + timedelta(days=n) <= last]


def inputs_for(calendar: Calendar, person: Candidate | None) -> Inputs[UUID]:
    """The inputs with nobody but the person, where one was asked for."""
    if person is None:
        return calendar.inputs
    staff = {person.employee_id: calendar.inputs.staff[person.employee_id]}
    return replace(calendar.inputs, staff=staff)


def taken_starts(day: date, inputs: Inputs[UUID], found: Sequence[DaySlots[UUID]]) -> list[datetime]:
    """Starts of the day that other bookings alone close: they would be free if nobody had booked."""
    (whole,) = search([day], inputs.unbooked())
    free = {slot.starts_at for one in found if one.day == day for slot in one.slots}
    return [slot.starts_at for slot in whole.slots if slot.starts_at not in free]


def chips(found: Iterable[DaySlots[UUID]], inputs: Inputs[UUID], shown: date) -> Iterable[DayChip]:
    """One chip a date: closed, off, full, few, open or plenty, by the share of its hours that is free.

    `off` are days on which nothing would be free had nobody booked: who could serve does not work then.
    """
    found = list(found)
    off = days_off([one.day for one in found if not one.slots], inputs)
    step, length = timedelta(minutes=inputs.need.step), timedelta(minutes=inputs.need.minutes)
    of_day: dict[date, list[Span]] = defaultdict(list)
    for span in inputs.hours:
        of_day[local_date(span.start, inputs.zone)].append(span)
    for one in found:
        hours = of_day.get(one.day, [])
        possible = sum(
            max(0, (span.end - max(span.start, inputs.earliest) - length) // step + 1) for span in hours
        )
        share = len(one.slots) / possible if possible else 0.0
        word: DayWord = "few"
        if not hours:
            word = "closed"
        elif not one.slots:
            word = "off" if one.day in off else "full"
        elif share >= PLENTY:
            word = "plenty"
        elif share >= OPEN:
            word = "open"
        yield DayChip(one.day, word, one.day == shown)


def days_off(days: Sequence[date], inputs: Inputs[UUID]) -> set[date]:
    """Those of the days, each without a free time, that had none either if nobody had booked and notice were none."""
    if not inputs.hours or not days:
        return set()
    first, last = min(one.start for one in inputs.hours), max(one.end for one in inputs.hours)
    whole = replace(inputs.unbooked(), earliest=first, latest=last)
    return {one.day for one in search(days, whole) if not one.slots}


def list_times(
    day: date,
    offering: Offering,
    found: Sequence[DaySlots[UUID]],
    taken: Sequence[datetime],
    chosen: datetime | None,
    *,
    inputs: Inputs[UUID] | None = None,
) -> list[Time]:
    """Free and taken starts of the day in order, with the places left where they are counted or it is the last."""
    slots: list[Slot[UUID]] = [slot for one in found if one.day == day for slot in one.slots]
    starts = {slot.starts_at: True for slot in slots} | dict.fromkeys(taken, False)
    left = {slot.starts_at: places_left(slot, inputs) if inputs else slot.left for slot in slots}
    clock = {start: f"{start.astimezone(offering.zone):%H:%M}" for start in starts}
    shown = Counter(clock.values())
    return [
        Time(
            starts_at=start,
            free=free,
            chosen=start == chosen,
            twice=shown[clock[start]] > 1,
            left=left.get(start),
        )
        for start, free in sorted(starts.items())
    ]


def places_left(slot: Slot[UUID], inputs: Inputs[UUID]) -> int | None:
    """How many more could be booked at this time: as counted, or 1 where no second team of people is free.

    None where rooms may decide, and where one person alone could serve at all: then every time is the last.
    """
    if slot.left is not None:
        return slot.left
    team = inputs.main.count if inputs.main is not None else 1
    return 1 if len(slot.staff) < 2 * team <= len(inputs.staff) else None


def parts_of(times: Sequence[Time], offering: Offering) -> Iterable[Part]:
    """Morning to noon, afternoon to six, evening; parts without a time are left out."""
    by_part: dict[PartName, list[Time]] = {"morning": [], "afternoon": [], "evening": []}
    for time in times:
        hour = time.starts_at.astimezone(offering.zone).hour
        name: PartName = "morning" if hour < AFTERNOON else "afternoon" if hour < EVENING else "evening"
        by_part[name].append(time)
    for name, members in by_part.items():
        if members:
            yield Part(name, tuple(members))


def picked(
    calendar: Calendar,
    found: Sequence[DaySlots[UUID]],
    starts_at: datetime | None,
    picked_id: UUID | None,
) -> Candidate | None:
    """The practitioner of a recommended time, while they are free then."""
    free = {who for one in found for slot in one.slots if slot.starts_at == starts_at for who in slot.staff}
    return calendar.candidates[picked_id] if picked_id in free else None


def choice_of(times: Sequence[Time], offering: Offering, person: Candidate | None) -> Choice | None:
    """What is chosen, if it is a time of the shown day."""
    for time in times:
        if time.chosen:
            ends_at = time.starts_at + timedelta(minutes=offering.need.minutes)
            return Choice(time.starts_at, ends_at, time.free, person)
    return None
