"""Paying a deposit: the hold with its countdown, the way to the provider's page, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chains.refusals import Refusal
from tenants.booking.domain.change import HoldExpired
from tenants.booking.domain.day import read_seen_booking
from tenants.booking.domain.deposits import awaits_deposit, deposit_of
from tenants.booking.domain.payments import open_payment, payment_page
from tenants.booking.domain.terms import terms_of
from tenants.booking.domain.visitor_holds import hold_left
from tenants.booking.domain.waiting_offers import token_for
from tenants.booking.models import Booking, Status
from tenants.extension.answers import DetailsInvalid
from tenants.stores.domain.words import words_of
from web.storefront.frame import language_of, members_only, once_open, show
from web.visitor import actor_of

STANDING = (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED)


def after_booking(booking: Booking) -> HttpResponse:
    """Where a member goes who has just booked: to the ticket, or to pay first."""
    if booking.status == Status.HELD:
        return redirect("pay", booking.id)
    return redirect(reverse("ticket", args=[booking.id], query={"new": 1}))


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
@members_only
def pay(request: HttpRequest, now: datetime, booking_id: UUID) -> HttpResponse:
    """What is held, what is paid now and what later; a POST goes on to the provider's page."""
    booking = read_seen_booking(booking_id, by=actor_of(request), now=now)
    if booking.status in STANDING:
        return after_booking(booking)
    if booking.status in (Status.CANCELLED, Status.NO_SHOW):
        return redirect("ticket", booking.id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            payment = open_payment(booking.id, by=actor_of(request), now=now)
        except DetailsInvalid:
            # of an offer that was not accepted yet: its own page asks
            return redirect("waiting_offer", token_for(booking.id))
        except Refusal as refused:
            refusal = refused
        else:
            return redirect(payment_page(payment))
    return _show_pay(request, booking, now=now, refusal=refusal)


def _show_pay(
    request: HttpRequest, booking: Booking, *, now: datetime, refusal: Refusal | None
) -> HttpResponse:
    language = language_of(request)
    left, deposit = hold_left(booking, now=now), deposit_of(booking)
    payable = left > timedelta() and awaits_deposit(booking)
    if not payable and refusal is None:
        refusal = HoldExpired()
    context: dict[str, Any] = {
        "page_title": _("Pay the deposit"),
        "booking": booking,
        "deposit": deposit,
        "payable": payable,
        "left": int(left.total_seconds()),
        "rest": max(0, booking.price_amount - deposit.amount),
        "zone": booking.store.time_zone,
        "terms": terms_of(booking),
        "store_name": words_of(booking.store, "name", language=language),
        "service_name": words_of(booking.service, "name", language=language),
        "practitioner_name": words_of(booking.practitioner, "name", language=language)
        if booking.practitioner
        else "",
        "refusal": refusal,
        "back_url": reverse("my_bookings"),
        "again_url": reverse("times", args=[booking.service_id], query={"store": booking.store_id}),
        "shop_url": "",
    }
    status = refusal.status if refusal and request.method == "POST" else 200
    return show(request, "storefront/pay.html", context, now=now, status=status, tab="bookings")
