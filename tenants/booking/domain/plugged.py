"""What plug-ins say about a booking: their answers, their rules, and what it claims beside its practitioner.

The core's own parts stand here too, behind the same hooks: the note, the room asked for, that the shop
is open, the code in a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.booking.models import Booking, Claim
from tenants.extension.answers import Answers, Step, check_answers, steps_for
from tenants.extension.calls import extra_needs, require_rules
from tenants.extension.hooks import (
    ExtraNeed,
    Field,
    Hooks,
    MessageAsked,
    NeedsAsked,
    StepsAsked,
    Wish,
)
from tenants.extension.registry import plugins_on
from tenants.people.domain.rights import NOBODY
from tenants.stores.models import Resource, ResourceKind

from .claims import ResourceClaim, SlotTaken, slot_taken
from .codes import show_code
from .figures import METRICS
from .offering import Offering
from .open import require_open
from .spans import Span

NOTE_LENGTH = 500
CODE_IN = frozenset({"booking.confirmed", "booking.moved"})


def ask_for_note(asked: StepsAsked) -> Sequence[Field]:
    """The core's own step: a message to whoever serves."""
    return [
        Field(
            "note",
            gettext_lazy("Message"),
            longest=NOTE_LENGTH,
            placeholder=gettext_lazy("Allergies, pregnancy or anything to mind"),
            fills="note",
        )
    ]


def claim_room_asked_for(asked: NeedsAsked) -> Sequence[ExtraNeed]:
    """The core's own need: the room or table named by whoever books, for as long as the practitioner."""
    if asked.resource_id is None:
        return ()
    return [ExtraNeed("", before=asked.prepare, after=asked.clean_up, only=(asked.resource_id,))]


def refuse_while_closed(wish: Wish) -> None:
    """The core's own rule: guests book once the chain has opened. Raises NotOpen."""
    if not (wish.by_staff or wish.moves):
        require_open(by=NOBODY)


def tell_code(asked: MessageAsked) -> str:
    """The core's own sentence: the code to show at the desk."""
    return _("Your code: %(code)s.") % {"code": show_code(asked.code)} if asked.kind in CODE_IN else ""


HOOKS = Hooks(
    needs=claim_room_asked_for,
    rules=refuse_while_closed,
    steps=ask_for_note,
    messages=tell_code,
    metrics=METRICS,
)


def steps_of(offering: Offering, *, by_staff: bool = False) -> list[Step]:
    """What whoever books this here is asked."""
    asked = StepsAsked(offering.store_id, offering.service_id, by_staff)
    return steps_for(plugins_on(offering.verticals), asked)


def fill_answers(
    booking: Booking, offering: Offering, given: Mapping[str, Any], *, by_staff: bool
) -> Answers:
    """Check the answers and put them into the booking (not saved). Raises DetailsInvalid."""
    answers = check_answers(
        steps_of(offering, by_staff=by_staff),
        given,
        fills={"note": booking.note, "party_size": booking.party_size},
    )
    booking.details = answers.details
    booking.note = answers.fills.get("note", booking.note)
    booking.party_size = answers.fills.get("party_size") or booking.party_size
    return answers


def require_plugged_rules(
    booking: Booking,
    offering: Offering,
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
    )
    require_rules(plugins_on(offering.verticals), wish, details=booking.details)


def choose_beside(
    offering: Offering, booking: Booking, resource_id: UUID | None, *, starts_at: datetime
) -> list[ResourceClaim]:
    """The claims beside the practitioner's, each on a resource that is free as far as can be seen now.

    Needs of one kind share a resource where one was asked for. Raises SlotTaken where none is free.
    """
    need = offering.need
    asked = NeedsAsked(
        store_id=offering.store_id,
        service_id=offering.service_id,
        minutes=need.minutes,
        prepare=need.prepare,
        clean_up=need.clean_up,
        party_size=booking.party_size,
        resource_id=resource_id,
    )
    served = need.service_span(starts_at)
    chosen: dict[UUID, Span] = {}
    for extra in extra_needs(plugins_on(offering.verticals), asked):
        during = served.widen(timedelta(minutes=extra.before), timedelta(minutes=extra.after))
        one = _pick(extra, during, offering=offering, booking=booking, chosen=chosen)
        before = chosen.get(one)
        chosen[one] = Span(min(before.start, during.start), max(before.end, during.end)) if before else during
    return [ResourceClaim(resource, during) for resource, during in chosen.items()]


def _pick(
    extra: ExtraNeed, during: Span, *, offering: Offering, booking: Booking, chosen: Mapping[UUID, Span]
) -> UUID:
    if len(extra.only) == 1 and not extra.kind:
        return extra.only[0]
    fitting = Q(store_id=offering.store_id, active=True) & ~Q(kind=ResourceKind.PRACTITIONER)
    if extra.kind:
        fitting &= Q(kind=extra.kind)
    if extra.only:
        fitting &= Q(id__in=extra.only)
    if extra.fits_party:
        fitting &= Q(capacity__gte=booking.party_size)
    candidates = list(
        Resource.objects.filter(fitting).order_by("capacity", "name", "id").values_list("id", flat=True)
    )
    shared = next((one for one in candidates if one in chosen), None)
    if shared is not None:
        return shared
    taken = set(
        Claim.objects.filter(
            active=True, resource_id__in=candidates, starts_at__lt=during.end, ends_at__gt=during.start
        )
        .exclude(booking_id=booking.id)
        .values_list("resource_id", flat=True)
    )
    free = next((one for one in candidates if one not in taken), None)
    if free is not None:
        return free
    raise slot_taken(candidates[0]) if candidates else SlotTaken(params={"name": extra.kind})
