"""Money that waits to be given back in a store: the list, handing it over, having the provider asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.refusals import Refusal
from tenants.booking.domain.history import history_cut
from tenants.booking.domain.owed import (
    Owed,
    ask_provider_again,
    give_back_at_desk,
    list_owed,
    read_tries,
    sum_owed,
)
from tenants.booking.models import Booking, Means, PaymentRefund, RefundCause, Status
from tenants.events.domain.again import Waits
from tenants.people.domain.rights import Action, NotSeen
from web.formats import format_clock, format_money, mask_phone
from web.workbench.access import Desk, at_desk
from web.workbench.acts import over
from web.workbench.day import Attention, guest_name
from web.workbench.frame import frame, here

PAGE = 25


@dataclass(frozen=True, slots=True)
class OwedRow:
    """One sum that waits, as its row says it; `url` opens its booking, empty before the plan's history."""

    id: UUID
    booking: Booking
    name: str
    payer: str
    phone: str
    money: str
    since: datetime
    why: str
    at_desk: bool
    tries: str
    url: str


@require_safe
@at_desk
def show_owed(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All that waits here, the longest first, a page at a time."""
    return _show(request, desk)


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def hand_over(request: HttpRequest, desk: Desk, refund: UUID) -> HttpResponseBase:
    """Ask whether it was handed over, to whom and how much; then note it."""
    found = _here(desk, refund)
    if request.method == "POST":
        try:
            with transaction.atomic():
                give_back_at_desk(found.id, by=desk.actor, now=desk.now)
        except Refusal as refusal:
            return _show(request, desk, refusal)
        return _done(request, desk, _("Given back"))
    if found.done_at is not None or found.payment.means != Means.DESK:
        return HttpResponseRedirect(here("owed", desk))
    context = {
        "row": _row(found, desk, None, None),
        "give_url": here("hand_over", desk, found.id),
        "back_url": here("owed", desk),
    }
    return over(request, desk, _("Give back"), "workbench/_hand_over.html", context)


@require_POST
@at_desk
def retry(request: HttpRequest, desk: Desk, refund: UUID) -> HttpResponseBase:
    """Have the provider asked again at once."""
    found = _here(desk, refund)
    try:
        with transaction.atomic():
            ask_provider_again(found.id, by=desk.actor, now=desk.now)
    except Refusal as refusal:
        return _show(request, desk, refusal)
    return _done(request, desk, _("The provider is asked again"))


def read_owed_attention(desk: Desk) -> list[Attention]:
    """That money waits here, for who may give it back; nothing where none does. One query."""
    if not desk.may(Action.TAKE_PAYMENT):
        return []
    found = sum_owed([desk.store.id], now=desk.now).get(desk.store.id, [])
    if not found:
        return []
    return [
        Attention("owed", "warn", "banknote", say_owed(found), count_owed(found), None, here("owed", desk))
    ]


def say_owed(sums: Sequence[Owed]) -> str:
    """¥150.00 to give back; several currencies one after the other."""
    language = get_language() or "en"
    money = " + ".join(format_money(one.amount, one.currency, language=language) for one in sums)
    return _("%(money)s to give back") % {"money": money}


def count_owed(sums: Sequence[Owed]) -> str:
    """How many sums that is."""
    count = sum(one.count for one in sums)
    return ngettext("%(count)s sum is waiting", "%(count)s sums are waiting", count) % {"count": count}


def _show(request: HttpRequest, desk: Desk, refusal: Refusal | None = None) -> HttpResponse:
    if refusal is not None and refusal.code in ("forbidden", "not_found"):
        raise refusal
    page = Paginator(list_owed(desk.store.id, by=desk.actor, now=desk.now), PAGE).get_page(
        request.GET.get("page")
    )
    refunds = list(page)
    tries = read_tries(refunds)
    oldest = min((one.payment.booking.ends_at for one in refunds), default=desk.now)
    since = history_cut(oldest, by=desk.actor, now=desk.now)
    sums = sum_owed([desk.store.id], now=desk.now).get(desk.store.id, [])
    context: dict[str, Any] = {
        **frame(request, desk, current="more"),
        "rows": [_row(one, desk, tries.get(one.id), since) for one in refunds],
        "page": page,
        "said": f"{say_owed(sums)} · {count_owed(sums)}" if sums else "",
        "refusal": refusal,
    }
    return render(request, "workbench/owed.html", context, status=refusal.status if refusal else 200)


def _done(request: HttpRequest, desk: Desk, words: str) -> HttpResponse:
    messages.success(request, words)
    return HttpResponseRedirect(here("owed", desk))


def _here(desk: Desk, refund_id: UUID) -> PaymentRefund:
    """Money of this store, waiting or not. Raises NotSeen for any other, Forbidden."""
    list_owed(desk.store.id, by=desk.actor, now=desk.now)
    found = (
        PaymentRefund.objects.filter(id=refund_id, payment__booking__store_id=desk.store.id)
        .select_related("payment__booking__service", "payment__booking__member", "payment__booking__payer")
        .first()
    )
    if found is None:
        raise NotSeen
    return found


def _row(refund: PaymentRefund, desk: Desk, tries: Waits | None, since: datetime | None) -> OwedRow:
    payment, booking = refund.payment, refund.payment.booking
    payer = booking.payer if booking.payer_id != booking.member_id else None
    whose = payer or booking.member
    shown = since is None or booking.ends_at >= since
    return OwedRow(
        id=refund.id,
        booking=booking,
        name=guest_name(booking.member),
        payer=_("Paid by %(name)s") % {"name": payer.name} if payer else "",
        phone=mask_phone(whose.phone) if whose and whose.phone and desk.may(Action.READ_MEMBERS) else "",
        money=format_money(refund.amount, payment.currency, language=get_language() or "en"),
        since=refund.asked_at,
        why=_why(refund, booking),
        at_desk=payment.means == Means.DESK,
        tries=_say_tries(tries, desk) if payment.means == Means.ONLINE else "",
        url=here("booking", desk, booking.id) if shown else "",
    )


def _why(refund: PaymentRefund, booking: Booking) -> str:
    if refund.cause == RefundCause.WAIVED:
        return _("The fee was waived")
    if refund.cause == RefundCause.NO_PLACE:
        return _("Paid when it was not needed any more")
    return _("No-show") if booking.status == Status.NO_SHOW else _("Cancelled")


def _say_tries(tries: Waits | None, desk: Desk) -> str:
    if tries is None:
        return _("Nothing is under way to the provider")
    if not tries.attempts:
        return _("The provider has not been asked yet")
    words = ngettext(
        "The provider refused it or could not be reached %(count)s time; next try %(at)s",
        "The provider refused it or could not be reached %(count)s times; next try %(at)s",
        tries.attempts,
    )
    at = format_clock(max(tries.next_at, desk.now).astimezone(desk.zone))
    return words % {"count": tries.attempts, "at": at}
