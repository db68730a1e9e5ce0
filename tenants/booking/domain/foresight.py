"""A booking's first message: what decides about it and, where this process knows the offer from before, the wished day.

What is offered is read every time. Only which questions follow from it is foreseen: they are asked with it, and
asked again where it is not what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chains.postgresql.ask import Question, ask, ask_all
from chains.refusals import Refusal

from .attempts import first_attempt
from .calendar import Calendar, Wish, calendar_at
from .claims import lock_practitioner_question
from .first_look import FirstLook, first_questions
from .needs import PRACTITIONER
from .offering import Offering, offering_from, remembered, zone_in
from .one_at_a_time import overlap_question

# A moment, or how it is read once the store's clock is known.
Moment = datetime | Callable[[ZoneInfo], datetime]


@dataclass(frozen=True, slots=True)
class Enquiry:
    """What a booking begins with. `member_id` where the member is known; `alone` where nothing is claimed beside
    what the service needs, and by no permission.
    """

    store_id: UUID
    service_id: UUID
    member_id: UUID | None
    wish: Wish
    by_staff: bool
    alone: bool


@dataclass(frozen=True, slots=True)
class Day:
    """The day of a wish, and the bookings that the member has then; None where nobody was known to ask for.

    `locked` is the resource that was locked before the calendar was read, in which then no hold has expired: who is
    free in it is free. Whoever confirms a hold late needs no lock for it, and travel has no constraint behind it.
    """

    calendar: Calendar
    overlapping: list[UUID] | None
    locked: UUID | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the first message told: the offer, what else decides, the moment that is meant; `foreseen` is the day of
    the wish that was asked, where it came with it.
    """

    asked: Enquiry
    look: FirstLook
    offering: Offering
    starts_at: datetime
    foreseen: Day | None

    def day_of(self, wish: Wish, *, now: datetime) -> Day:
        """The day of the wish as it turned out; in one more message where that was not foreseen."""
        if self.foreseen is not None and wish == self.asked.wish:
            return self.foreseen
        offering, starts_at, member = self.offering, self.starts_at, self.look.member
        calendar = calendar_at(offering, starts_at, wish=wish, now=now, by_staff=self.asked.by_staff)
        if member is None:
            return Day(ask(calendar), None)
        return Day(*ask_all([calendar, _overlap(offering, starts_at, member.id)]))


def look_ahead(asked: Enquiry, starts_at: Moment, *, now: datetime) -> Seen:
    """The first look, which locks the member, and the day where it could be foreseen. One message.

    Raises as offering_from, and what `starts_at` raises.
    """
    first = first_questions(asked.store_id, asked.service_id, member_id=asked.member_id, now=now)
    guess = _guess(asked, starts_at, now=now)
    answers = ask_all([*first, *(guess.then if guess else ())])
    look = FirstLook.of(answers[: len(first)])
    if guess is not None and guess.row == look.offering:
        *locked, overlapping, calendar = answers[len(first) :]
        day = Day(calendar, overlapping, locked[0] if locked else None)
        return Seen(asked, look, guess.offering, guess.starts_at, day)
    moment = starts_at(zone_in(look.offering, asked.store_id)) if callable(starts_at) else starts_at
    offering = offering_from(look.offering, asked.store_id, asked.service_id, by_staff=asked.by_staff)
    return Seen(asked, look, offering, moment, None)


@dataclass(frozen=True, slots=True)
class _Guess:
    """What the offer was when it was last read, the moment that is meant then, and what is asked because of both."""

    row: Any
    offering: Offering
    starts_at: datetime
    then: Sequence[Question[Any]]


def _guess(asked: Enquiry, starts_at: Moment, *, now: datetime) -> _Guess | None:
    found = remembered(asked.store_id, asked.service_id, by_staff=asked.by_staff)
    if found is None or asked.member_id is None:
        return None
    row, offering = found
    only = asked.wish.practitioner_id
    quick = only is not None and asked.alone and first_attempt() and _needs_one(offering)
    # the lock comes first: what is read behind it stands
    locks = [lock_practitioner_question(only)] if quick and only is not None else []
    try:
        moment = starts_at(offering.zone) if callable(starts_at) else starts_at
        overlap = _overlap(offering, moment, asked.member_id)
        calendar = calendar_at(
            offering, moment, wish=asked.wish, now=now, by_staff=asked.by_staff, holds_expire=not quick
        )
    except (Refusal, ValueError, OverflowError):
        return None  # told when it is that moment's turn
    return _Guess(row, offering, moment, [*locks, overlap, calendar])


def _needs_one(offering: Offering) -> bool:
    """Whether one practitioner is all that serves."""
    roles = offering.roles
    return not roles or (len(roles) == 1 and roles[0].kind == PRACTITIONER and roles[0].count == 1)


def _overlap(offering: Offering, starts_at: datetime, member_id: UUID) -> Question[list[UUID]]:
    return overlap_question(member_id, starts_at, offering.need.service_span(starts_at).end, but=None)
