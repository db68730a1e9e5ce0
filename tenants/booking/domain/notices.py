"""What a member is told of a booking: confirmed, moved, cancelled. A text to the phone, each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from chains.outgoing import Message, carry_message
from chains.refusals import Text
from tenants.booking.models import Booking, Status
from tenants.events.domain.subscribers import Call, Happened
from tenants.extension.calls import sentences_for
from tenants.extension.hooks import MessageAsked
from tenants.extension.registry import plugins_on
from tenants.stores.domain.spoken import spoken
from tenants.stores.domain.words import words_of

from .terms import terms_of
from .transitions import read_booking

TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        "booking.confirmed": _("%(chain)s: booked. %(service)s, %(when)s, %(store)s."),
        "booking.moved": _("%(chain)s: moved. %(service)s is now %(when)s, %(store)s."),
        "booking.cancelled": _("%(chain)s: cancelled. %(service)s, %(when)s, %(store)s."),
    }
)
KINDS = frozenset(TEXTS)
# Of a place that is only kept, and went along with its session: it is not booked by that.
MOVED_UNPAID = _(
    "%(chain)s: changed. %(service)s is now %(when)s, %(store)s. The place is kept until %(until)s and booked once "
    "its deposit is paid."
)
MOVED_KEPT = _(
    "%(chain)s: changed. %(service)s is now %(when)s, %(store)s. The place is kept until %(until)s and not booked yet."
)


@dataclass(frozen=True, slots=True)
class OwnChain:
    """What a chain may know of itself."""

    slug: str
    name: str
    locale: str


def tell_member(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `member_text`: the call that texts the member, or nothing where there is nothing to tell.

    For somebody of a party without a phone its payer is told. A member without a phone is not told, nor of what was
    overtaken by a later change, which tells itself. Of a hold that moved is said that it is only kept, and how long.
    """
    booking = read_booking(event.subject_id)
    if booking is None or booking.member is None or _overtaken(booking, event):
        return None
    phone = phone_of(booking)
    if not phone or _kept_no_longer(booking, event, now=now):
        return None
    chain = own_chain()
    message = Message(
        channel="sms",
        to=phone,
        subject="",
        text=notice_text(event.kind, booking, chain=chain, now=now),
        key=event.key,
    )

    def call() -> None:
        carry_message(message, now=now, chain=chain.slug)

    return call


def phone_of(booking: Booking) -> str | None:
    """Where a booking's member is told of it, or else its payer (both read); None where nobody can be."""
    if booking.member is None:
        return None
    return booking.member.phone or (booking.payer.phone if booking.payer else None)


def notice_text(kind: str, booking: Booking, *, chain: OwnChain, now: datetime) -> str:
    """The sentence in the member's language (else the chain's), names too, with the store's local time."""
    zone = ZoneInfo(booking.store.time_zone)
    language = (booking.member.locale if booking.member else "") or chain.locale
    with translation.override(language):
        text = str(_template(kind, booking)) % {
            "chain": chain.name,
            "service": words_of(booking.service, "name", language=language),
            "store": words_of(booking.store, "name", language=language),
            "when": spoken(booking.starts_at, zone=zone, now=now),
            "until": spoken(booking.expires_at, zone=zone, now=now) if booking.expires_at is not None else "",
        }
        for sentence in sentences_for(
            plugins_on(booking.store.verticals), _asked(kind, booking), details=booking.details
        ):
            # a Chinese full stop brings its own space
            text += sentence if text.endswith("。") else f" {sentence}"
        return text


def _template(kind: str, booking: Booking) -> Text:
    if kind == "booking.moved" and booking.status == Status.HELD:
        return MOVED_UNPAID if terms_of(booking).deposit else MOVED_KEPT
    return TEXTS[kind]


def _kept_no_longer(booking: Booking, event: Happened, *, now: datetime) -> bool:
    """Whether it was a hold whose time is over by now: nothing is to be had any more."""
    over = booking.expires_at is not None and booking.expires_at <= now
    return event.kind == "booking.moved" and booking.status == Status.HELD and over


def _asked(kind: str, booking: Booking) -> MessageAsked:
    return MessageAsked(
        kind, booking.id, booking.code, booking.store_id, booking.service_id, booking.starts_at
    )


def own_chain() -> OwnChain:
    """The active chain's own row, through its door in public."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT slug, name, locale FROM public.own_chain()")
        row = cursor.fetchone()
    return OwnChain(*row) if row else OwnChain("", "", "en")


def _overtaken(booking: Booking, event: Happened) -> bool:
    if event.kind == "booking.cancelled":
        return booking.status != Status.CANCELLED
    return booking.version != event.version and booking.status != Status.ARRIVED
