"""Offers of the waiting list: told, accepted, declined, run out; the hold underneath says which."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from chains.scope import current_chain_id
from tenants.booking.models import Booking, OfferState, Status, WaitingOffer, Wish, WishStatus
from tenants.events.domain.record import record_event
from tenants.people.domain.rights import Actor, NotSeen

from .attempts import again_on_conflict
from .change import HoldExpired, confirm_booking
from .deposits import awaits_deposit
from .keys import chain_key
from .payments import await_payment
from .transitions import Move, StatusForbids, apply_move, read_booking
from .waiting_rules import rules_of
from .waiting_state import settle_offer
from .wishes import record_wish, set_status


class NothingOffered(Refusal):
    """The wish has no place on offer."""

    code = "nothing_offered"
    status = 409
    title = _("Nothing on offer")
    detail = _("No place is held for you at the moment.")
    fix = _("You stay on the list; we write when one is free.")


class OfferGone(Refusal):
    """The time to answer is over, and the place went on."""

    code = "offer_gone"
    status = 409
    title = _("The place went on")
    detail = _("The time to answer is over; the place was offered to the next in the queue.")
    fix = _("You stay on the list for other places, or choose a free time.")


def open_offer(wish_id: UUID) -> WaitingOffer:
    """The offer that stands for the wish. Raises NothingOffered, OfferGone for one that just ran out."""
    offers = WaitingOffer.objects.filter(wish_id=wish_id).select_related("booking")
    offer = offers.filter(state=OfferState.OPEN).first()
    if offer is None:
        last = offers.order_by("-made_at", "-id").first()
        raise OfferGone if last is not None and last.state == OfferState.EXPIRED else NothingOffered
    return offer


@again_on_conflict
def accept_offer(
    wish_id: UUID, *, by: Actor, now: datetime, details: Mapping[str, Any] | None = None
) -> Booking:
    """The held place becomes the member's booking, at the price and terms of the offer; with a deposit once it is paid.

    `details` answer what plug-ins ask, by their codes. Raises NotSeen for somebody else's wish, NothingOffered,
    OfferGone; DetailsInvalid and what plug-ins' rules refuse, and then the offer stands on.
    """
    _require_own(wish_id, by=by)
    offer = open_offer(wish_id)
    try:
        if awaits_deposit(offer.booking):
            return await_payment(offer.booking_id, by=by, now=now, details=details)
        # settles the offer too
        return confirm_booking(offer.booking_id, by=by, now=now, details=details)
    except (HoldExpired, StatusForbids) as error:
        raise OfferGone from error


@again_on_conflict
def decline_offer(wish_id: UUID, *, by: Actor, now: datetime) -> None:
    """Let the place go to the next at once; the wish waits on for others. Raises as accept_offer does."""
    _require_own(wish_id, by=by)
    _let_go(open_offer(wish_id), by=by, now=now)


@again_on_conflict
def leave_waiting(wish_id: UUID, *, by: Actor, now: datetime) -> None:
    """Take the wish off the list, with what is on offer to it. Nothing happens where it has ended.

    Raises NotSeen for somebody else's.
    """
    wish = _require_own(wish_id, by=by)
    offer = wish.offers.filter(state=OfferState.OPEN).select_related("booking").first()
    if offer is not None:
        _let_go(offer, by=by, now=now)
    if set_status(wish_id, WishStatus.LEFT):
        wish.status = WishStatus.LEFT
        record_wish("waiting.left", wish, now=now)


def _require_own(wish_id: UUID, *, by: Actor) -> Wish:
    wish = Wish.objects.filter(id=wish_id).first()
    if wish is None or not by.is_member or wish.member_id != by.member_id:
        raise NotSeen
    return wish


def _let_go(offer: WaitingOffer, *, by: Actor, now: datetime) -> None:
    """The hold ends as a hold that ran out does, not as a cancelled booking: nothing was booked."""
    booking = read_booking(offer.booking_id)
    assert booking is not None
    if booking.status != Status.HELD:
        raise OfferGone
    apply_move(booking, Move.EXPIRE, by=by, now=now, reason="declined")
    settle_offer(booking, now=now, declined=True)


@again_on_conflict
def tell_offer(offer_id: UUID, *, now: datetime) -> None:
    """The member hears of the offer, once; who agreed to it is booked at once, while there is time to react.

    Nothing happens where it was told before or stands no more.
    """
    waiting = WaitingOffer.objects.filter(id=offer_id, state=OfferState.OPEN, told_at=None)
    offer = waiting.select_for_update(of=("self",)).select_related("wish", "booking__store").first()
    if offer is None:
        return
    WaitingOffer.objects.filter(id=offer_id).update(told_at=now)
    until = rules_of(offer.wish.store_id).auto_until
    minutes = (offer.starts_at - now).total_seconds() / 60
    if offer.wish.auto_accept and minutes >= until:
        try:
            confirm_booking(offer.booking_id, by=Actor(member_id=offer.wish.member_id), now=now)
            return
        except (HoldExpired, StatusForbids):
            raise
        except Refusal:
            pass  # a question that only they can answer, or a rule: the offer is told like any other
    record_event(
        "waiting.offered",
        subject_id=offer.id,
        store_id=offer.wish.store_id,
        version=1,
        payload={"booking": str(offer.booking_id), "wish": str(offer.wish_id)},
        now=now,
    )


def offer_token(offer_id: UUID) -> str:
    """What the link in the message carries: the offer's id and a seal that only this chain can make."""
    return base64.urlsafe_b64encode(offer_id.bytes + _seal(offer_id.bytes)).decode().rstrip("=")


def token_for(booking_id: UUID) -> str:
    """The token of the offer that stands on this hold; '' where none does."""
    offer_id = (
        WaitingOffer.objects.filter(booking_id=booking_id, state=OfferState.OPEN)
        .values_list("id", flat=True)
        .first()
    )
    return offer_token(offer_id) if offer_id is not None else ""


def _seal(raw: bytes) -> bytes:
    key = chain_key(current_chain_id(), purpose="waiting-offer")
    return hmac.digest(key, raw, hashlib.sha256)[:16]


def read_offer(token: str) -> WaitingOffer:
    """The offer that a link leads to: who holds it may answer for its member. Raises NotSeen."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        offer_id = UUID(bytes=raw[:16])
    except (ValueError, UnicodeEncodeError):
        raise NotSeen from None
    if not hmac.compare_digest(offer_token(offer_id), token):
        raise NotSeen
    offer = offers_with_all().filter(id=offer_id).first()
    if offer is None:
        raise NotSeen
    return offer


def offers_with_all() -> QuerySet[WaitingOffer]:
    """Offers with all that a page or a message says of one; lazy."""
    return WaitingOffer.objects.select_related(
        "wish__member", "booking__store", "booking__service", "booking__practitioner", "booking__member"
    )


def offer_link(offer_id: UUID, *, slug: str) -> str:
    """The address of the offer's page on the chain's host."""
    return f"{settings.SCHEME}://{slug}.{settings.BASE}/waiting/offer/{offer_token(offer_id)}/"


def offer_stands(offer: WaitingOffer, *, now: datetime) -> bool:
    """Whether the offer can still be accepted."""
    return offer.state == OfferState.OPEN and now < offer.expires_at


def zone_of_offer(offer: WaitingOffer) -> ZoneInfo:
    """The store's zone."""
    return ZoneInfo(offer.booking.store.time_zone)
