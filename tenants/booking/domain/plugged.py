"""What plug-ins say about a booking: their questions and rules; what they claim stands in its offering.

The core's own parts stand here too, behind the same hooks: the note, that the shop is open, the code
in a text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.booking.models import Booking
from tenants.extension.answers import Answers, Step, check_answers, steps_for
from tenants.extension.calls import require_rules
from tenants.extension.hooks import (
    NO_DETAILS,
    Field,
    Hooks,
    MessageAsked,
    StepsAsked,
    Wish,
)
from tenants.extension.registry import plugins_on

from .codes import show_code
from .figures import METRICS
from .offering import Offering
from .open import require_beginnings

NOTE_LENGTH = 500
CODE_IN = frozenset({"booking.confirmed", "booking.moved"})


_NOTE = Field(
    "note",
    gettext_lazy("Message"),
    longest=NOTE_LENGTH,
    placeholder=gettext_lazy("Allergies, pregnancy or anything to mind"),
    fills="note",
)


def ask_for_note(asked: StepsAsked) -> Sequence[Field]:
    """The core's own step: a message to whoever serves."""
    return (_NOTE,)


def refuse_while_closed(wish: Wish) -> None:
    """The core's own rule: guests book once the chain has opened, nobody while it is read-only."""
    if not wish.moves:
        require_beginnings(by_staff=wish.by_staff)


def tell_code(asked: MessageAsked) -> str:
    """The core's own sentence: the code to show at the desk."""
    return _("Your code: %(code)s.") % {"code": show_code(asked.code)} if asked.kind in CODE_IN else ""


HOOKS = Hooks(
    rules=refuse_while_closed,
    steps=ask_for_note,
    messages=tell_code,
    metrics=METRICS,
)


def steps_of(offering: Offering, *, by_staff: bool = False) -> list[Step]:
    """What whoever books this here is asked."""
    asked = StepsAsked(offering.store_id, offering.service_id, by_staff)
    return steps_for(plugins_on(offering.verticals), asked)


def check_details(
    offering: Offering,
    given: Mapping[str, Any],
    *,
    note: str,
    party_size: int,
    by_staff: bool = False,
    later: bool = False,
) -> Answers:
    """The checked answers of whoever books; `fills` holds the note and the party's size.

    `later`: nothing is asked yet. Raises DetailsInvalid.
    """
    columns: dict[str, Any] = {"note": note, "party_size": party_size}
    if later:
        return Answers(fills=columns)
    answers = check_answers(steps_of(offering, by_staff=by_staff), given, fills=columns)
    answers.fills = {**columns, **{name: value for name, value in answers.fills.items() if value is not None}}
    return answers


class Switched(Protocol):
    """Where verticals are switched on: an offering, or its store."""

    @property
    def verticals(self) -> Collection[str]: ...


def require_plugged_rules(
    booking: Booking,
    offering: Switched,
    *,
    by_staff: bool,
    now: datetime,
    complete: bool = True,
    moves: bool = False,
) -> None:
    """Let the core's and the verticals' rules refuse the booking as it stands in memory."""
    wish = Wish(
        store_id=booking.store_id,
        service_id=booking.service_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        party_size=booking.party_size,
        member_id=booking.member_id,
        by_staff=by_staff,
        now=now,
        complete=complete,
        moves=moves,
        details=NO_DETAILS,
    )
    require_rules(plugins_on(offering.verticals), wish, details=booking.details)
