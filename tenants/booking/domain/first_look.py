"""What a booking begins with, in one message: whether the chain is open, what is offered on which terms, who may book.

What is offered, and its policies, follow from how the chain is set up: where this process has read them before, only
the token is read that says whether they still stand (stores.domain.set_up).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chains.postgresql.ask import Question, beside, gathered
from tenants.booking.models import Policy
from tenants.members.models import Member
from tenants.stores.domain.set_up import Remembered, recall, remember, set_up_question

from .offering import offering_question
from .open import OwnRow, standing_question
from .penalties import pause_question
from .policies import policies_question


@dataclass(frozen=True, slots=True)
class FirstLook:
    """As it was read: `offering` for offering_from, `own_row` for open.told, `policies` for read_terms.

    `member`, where one was named and is there, is locked; `paused` until when they may not book online; `overlapping`
    are the bookings that they have at the time that was asked about, if one was.
    """

    offering: Any
    own_row: OwnRow | None
    policies: Sequence[Policy]
    member: Member | None
    paused: datetime | None
    overlapping: list[UUID] | None


@dataclass(frozen=True, slots=True)
class Offered:
    """What is offered, as its row was read, and the policies that can fit it."""

    offering: Any
    policies: Sequence[Policy]


@dataclass(frozen=True, slots=True)
class FirstQuestions:
    """What is asked behind whatever is locked, so that it stands; `found` is what of it was remembered and not asked."""

    key: tuple[str, UUID, UUID]
    found: Remembered | None
    of_member: bool
    of_time: bool
    questions: list[Question[Any]]

    def at(self, overlap: Question[list[UUID]]) -> FirstQuestions:
        """The same, and what the member has at some time."""
        standing, *more = self.questions
        return replace(self, of_time=True, questions=[beside(standing, gathered(overlap)), *more])

    def read(self, answers: Sequence[Any], *, member: Member | None) -> FirstLook | None:
        """What the answers tell; None where what is remembered no longer stands: ask again, afresh."""
        standing, *more = answers
        standing, overlapping = standing if self.of_time else (standing, None)
        (own_row, token), paused = standing if self.of_member else (standing, None)
        if self.found is None:
            offering, policies, behind = more
            offered = Offered(offering, policies)
            if offering is not None and token == behind:
                remember(self.key, offered, token=token, weight=1 + len(policies))
        elif token == self.found.token:
            offered = self.found.what
        else:
            return None
        return FirstLook(offered.offering, own_row, offered.policies, member, paused, overlapping)


def first_questions(
    store_id: UUID, service_id: UUID, *, member_id: UUID | None, now: datetime, afresh: bool = False
) -> FirstQuestions:
    """What a booking of the service at the store asks first; `afresh` whatever is remembered."""
    key = ("offered", store_id, service_id)
    found = None if afresh else recall(key)
    standing: Question[Any] = standing_question()
    if member_id is not None:
        standing = beside(standing, pause_question(member_id, now=now))
    asked = [standing]
    if found is None:
        asked += [offering_question(store_id, service_id), policies_question(service_id, store_id)]
        asked.append(set_up_question())
    return FirstQuestions(key, found, member_id is not None, False, asked)
