"""What a practitioner is told of a booking of theirs: moved, cancelled, filled from the waiting list.

By text to their phone, or by e-mail where no phone is known; each once. New bookings stand in their day;
what they did themselves they know.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chains.outgoing import Message, carry_message
from chains.refusals import Text
from tenants.booking.models import Booking, Status, Transition
from tenants.events.domain.subscribers import Call, Happened
from tenants.people.models import Employee
from tenants.stores.domain.spoken import Spoken, spoken
from tenants.stores.domain.words import words_of

from .employee_messages import DAY_CHANGED, employee_message
from .notices import OwnChain, own_chain
from .transitions import read_booking

TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        "booking.moved": gettext_lazy(
            "%(chain)s: moved. %(service)s for %(member)s is now %(when)s, %(store)s."
        ),
        "booking.cancelled": gettext_lazy(
            "%(chain)s: cancelled. %(service)s for %(member)s, %(when)s, %(store)s."
        ),
        "waiting.accepted": gettext_lazy(
            "%(chain)s: from the waiting list. %(service)s for %(member)s, %(when)s, %(store)s."
        ),
    }
)
GIVEN_AWAY = gettext_lazy(
    "%(chain)s: no longer yours. %(service)s for %(member)s, %(when)s, %(store)s, was moved."
)
KINDS = frozenset(TEXTS)


def tell_practitioner(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `practitioner_note`: the call that tells whoever serves, and whoever no longer does.

    Nothing for what was overtaken by a later change, which tells itself.
    """
    booking = read_booking(event.subject_id)
    if booking is None or _overtaken(booking, event) or _went_along(booking, event):
        return None
    chain, moved = own_chain(), _moved_from(booking) if event.kind == "booking.moved" else None
    messages = []
    if booking.practitioner is not None and not _did_it(booking, booking.practitioner_id):
        messages.append(
            _message(booking.practitioner, event, booking, TEXTS[event.kind], booking.starts_at, chain, now)
        )
    if moved is not None and moved[0] != booking.practitioner_id and not _did_it(booking, moved[0]):
        before = Employee.objects.select_related("user").filter(id=moved[0], active=True).first()
        if before is not None:
            messages.append(_message(before, event, booking, GIVEN_AWAY, moved[1], chain, now))
    if not messages:
        return None

    def call() -> None:
        for message in messages:
            carry_message(message, now=now, chain=chain.slug)

    return call


def _message(
    to: Employee,
    event: Happened,
    booking: Booking,
    template: Text,
    starts_at: datetime,
    chain: OwnChain,
    now: datetime,
) -> Message:
    def say(language: str) -> str:
        when: Spoken = spoken(starts_at, zone=ZoneInfo(booking.store.time_zone), now=now)
        return str(template) % {
            "chain": chain.name,
            "service": words_of(booking.service, "name", language=language),
            "store": words_of(booking.store, "name", language=language),
            "member": (booking.member.name if booking.member else "") or _("a guest"),
            "when": when,
        }

    return employee_message(to, say, subject=DAY_CHANGED, key=event.key, chain=chain)


def _went_along(booking: Booking, event: Happened) -> bool:
    """Whether its session was moved or called off with it: whoever gives that is told of it, once."""
    if event.kind not in ("booking.moved", "booking.cancelled") or booking.session_id is None:
        return False
    lines = Transition.objects.filter(booking_id=booking.id).order_by("-id")
    if event.kind == "booking.moved":
        lines = lines.filter(detail__has_key="from")
    return "with_session" in (lines.values_list("detail", flat=True).first() or {})


def _moved_from(booking: Booking) -> tuple[UUID, datetime] | None:
    """With whom and when the booking was before its last move."""
    moves = Transition.objects.filter(booking_id=booking.id, detail__has_key="from").order_by("-id")
    detail = moves.values_list("detail", flat=True).first()
    if not detail or not detail["from"].get("practitioner"):
        return None
    return UUID(detail["from"]["practitioner"]), datetime.fromisoformat(detail["from"]["starts_at"])


def _did_it(booking: Booking, employee_id: UUID | None) -> bool:
    last = Transition.objects.filter(booking_id=booking.id).order_by("-id")
    return employee_id is not None and last.values_list("by_employee", flat=True).first() == employee_id


def _overtaken(booking: Booking, event: Happened) -> bool:
    if event.kind == "booking.cancelled":
        return booking.status != Status.CANCELLED
    return booking.version != event.version and booking.status != Status.ARRIVED
