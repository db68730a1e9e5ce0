"""What a booking begins with, in one message: what is offered, whether the chain is open, the terms, the member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chains.postgresql.ask import Question
from tenants.booking.models import Policy
from tenants.members.models import Member

from .offering import offering_question
from .one_at_a_time import lock_question
from .open import OwnRow, own_row_question
from .penalties import pause_question
from .policies import policies_question


@dataclass(frozen=True, slots=True)
class FirstLook:
    """As it was read: `offering` for offering_from, `own_row` for open.told, `policies` for read_terms.

    `member`, where one was named and is there, is locked; `paused` until when they may not book online.
    """

    offering: Any
    own_row: OwnRow | None
    policies: Sequence[Policy]
    member: Member | None
    paused: datetime | None

    @classmethod
    def of(cls, answers: Sequence[Any]) -> FirstLook:
        """From the answers to first_questions."""
        offering, own_row, policies, *of_member = answers
        member, paused = of_member or (None, None)
        return cls(offering, own_row, policies, member, paused)


def first_questions(
    store_id: UUID, service_id: UUID, *, member_id: UUID | None, now: datetime
) -> list[Question[Any]]:
    """What FirstLook.of reads the answers of; they lock the member, if one is named."""
    asked: list[Question[Any]] = [
        offering_question(store_id, service_id),
        own_row_question(),
        policies_question(service_id, store_id),
    ]
    if member_id is not None:
        asked += [lock_question(member_id), pause_question(member_id, now=now)]
    return asked
