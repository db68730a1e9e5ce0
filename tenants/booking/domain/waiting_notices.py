"""What a member on the waiting list is told: a place is held for them, until when, and where to answer."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from chains.outgoing import Message, carry_message
from tenants.booking.models import WaitingOffer
from tenants.events.domain.subscribers import Call, Happened
from tenants.stores.domain.spoken import spoken
from tenants.stores.domain.words import words_of

from .notices import OwnChain, own_chain
from .waiting_offers import offer_link, offer_stands, offers_with_all, zone_of_offer

KINDS = frozenset({"waiting.offered"})
TEXT = _(
    "%(chain)s: a place is free. %(service)s, %(when)s, %(store)s. It is yours until %(until)s: %(link)s"
)


def tell_of_offer(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `waiting_text`: the call that texts the member; nothing once the offer stands no more."""
    offer = offers_with_all().filter(id=event.subject_id).first()
    if offer is None or not offer_stands(offer, now=now) or not offer.wish.member.phone:
        return None
    chain = own_chain()
    message = Message(
        channel="sms",
        to=offer.wish.member.phone,
        subject="",
        text=offer_text(offer, chain=chain, now=now),
        key=event.key,
    )

    def call() -> None:
        carry_message(message, now=now, chain=chain.slug)

    return call


def offer_text(offer: WaitingOffer, *, chain: OwnChain, now: datetime) -> str:
    """The sentence in the member's language (else the chain's), with the store's local times."""
    zone, booking = zone_of_offer(offer), offer.booking
    language = offer.wish.member.locale or chain.locale
    with translation.override(language):
        return str(TEXT) % {
            "chain": chain.name,
            "service": words_of(booking.service, "name", language=language),
            "store": words_of(booking.store, "name", language=language),
            "when": spoken(offer.starts_at, zone=zone, now=now),
            "until": spoken(offer.expires_at, zone=zone, now=now),
            "link": offer_link(offer.id, slug=chain.slug),
        }
