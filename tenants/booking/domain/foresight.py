"""A booking's first message: what decides about it and, where this process knows the offer from before, the wished day.

What was offered when it was last read, and whose day it concerns, is foreseen: the questions that follow are asked at
once, with the token that says whether the chain is still set up so (stores.domain.set_up); all is read anew else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chains.postgresql.ask import Question, ask_all
from chains.refusals import Refusal

from .attempts import first_attempt
from .calendar import Calendar, Wish, calendar_at
from .claims import lock_practitioner_question
from .first_look import FirstLook, FirstQuestions, first_questions
from .needs import PRACTITIONER
from .offering import Offering, offering_from, remembered, zone_in
from .one_at_a_time import lock_question, overlap_question

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
        day = calendar_at(offering, starts_at, wish=wish, now=now, by_staff=self.asked.by_staff)
        others = [_overlap(offering, starts_at, member.id)] if member is not None else []
        calendar, *overlapping = ask_all([day, *others])
        return Day(calendar, *(overlapping or [None]))


def look_ahead(asked: Enquiry, starts_at: Moment, *, now: datetime) -> Seen:
    """The first look, which locks the member, and the day where it could be foreseen. One message; two where the chain
    is no longer set up as it was.

    Raises as offering_from, and what `starts_at` raises.
    """
    known = first_questions(asked.store_id, asked.service_id, member_id=asked.member_id, now=now)
    if known.found is not None:
        guess = _guess(asked, starts_at, token=known.found.token, now=now)
        if guess is not None and guess.row == known.found.what.offering:
            look, day = guess.ask(known)
            if look is not None:
                return Seen(asked, look, guess.offering, guess.starts_at, day)
    first = first_questions(asked.store_id, asked.service_id, member_id=asked.member_id, now=now, afresh=True)
    guess = _guess(asked, starts_at, token=None, now=now)
    if guess is not None:
        look, day = guess.ask(first)
        if look is not None and look.offering == guess.row:
            return Seen(asked, look, guess.offering, guess.starts_at, day)
    else:
        look = _look(asked, first)
    assert look is not None
    moment = starts_at(zone_in(look.offering, asked.store_id)) if callable(starts_at) else starts_at
    offering = offering_from(look.offering, asked.store_id, asked.service_id, by_staff=asked.by_staff)
    return Seen(asked, look, offering, moment, None)


def _look(asked: Enquiry, first: FirstQuestions) -> FirstLook | None:
    """The first look alone."""
    locks = [lock_question(asked.member_id)] if asked.member_id is not None else []
    answers = ask_all([*locks, *first.questions])
    member = answers.pop(0) if locks else None
    return first.read(answers, member=member)


@dataclass(frozen=True, slots=True)
class _Guess:
    """What the offer was when it was last read, and of which row; the moment that is meant then, and what is asked
    because of them.
    """

    row: Any
    offering: Offering
    starts_at: datetime
    locks: Sequence[Question[Any]]
    overlap: Question[list[UUID]]
    calendar: Question[Calendar]

    def ask(self, first: FirstQuestions) -> tuple[FirstLook | None, Day]:
        """The first look, None as FirstQuestions.read, and the day, which holds where the offer is what it was."""
        first = first.at(self.overlap)
        answers = ask_all([*self.locks, *first.questions, self.calendar])
        (member, *locked), (*rest, calendar) = answers[: len(self.locks)], answers[len(self.locks) :]
        look = first.read(rest, member=member)
        overlapping = look.overlapping if look is not None else None
        return look, Day(calendar, overlapping, locked[0] if locked else None)


def _guess(asked: Enquiry, starts_at: Moment, *, token: str | None, now: datetime) -> _Guess | None:
    """What follows from the offer as it was; of the day only what is not remembered under that `token`."""
    found = remembered(asked.store_id, asked.service_id, by_staff=asked.by_staff)
    if asked.member_id is None or found is None:
        return None
    row, offering = found
    only = asked.wish.practitioner_id
    quick = only is not None and asked.alone and first_attempt() and _needs_one(offering)
    # the locks come first: what is read behind them stands
    locks: list[Question[Any]] = [lock_question(asked.member_id)]
    if quick and only is not None:
        locks.append(lock_practitioner_question(only))
    try:
        moment = starts_at(offering.zone) if callable(starts_at) else starts_at
        overlap = _overlap(offering, moment, asked.member_id)
        calendar = calendar_at(
            offering,
            moment,
            wish=asked.wish,
            now=now,
            by_staff=asked.by_staff,
            holds_expire=not quick,
            token=token,
        )
    except (Refusal, ValueError, OverflowError):
        return None  # told when it is that moment's turn
    return _Guess(row, offering, moment, locks, overlap, calendar)


def _needs_one(offering: Offering) -> bool:
    """Whether one practitioner is all that serves."""
    roles = offering.roles
    return not roles or (len(roles) == 1 and roles[0].kind == PRACTITIONER and roles[0].count == 1)


def _overlap(offering: Offering, starts_at: datetime, member_id: UUID) -> Question[list[UUID]]:
    return overlap_question(member_id, starts_at, offering.need.service_span(starts_at).end, but=None)
