"""/dev/pay/<payment>: the page of the provider that only pretends; demo, development and tests have it, nobody else.

It stands on the chain's own host for want of a provider's, knows nothing but the sum, and answers through the
same door as a provider's notice does.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tenants.booking.domain.fake_payments import FakePayments
from tenants.booking.domain.payment_port import Authorisation, payment_provider
from tenants.booking.domain.payments import receive_payment
from tenants.booking.models import HoldPayment
from web.storefront.frame import once_open, show


@require_http_methods(["GET", "HEAD", "POST"])
@once_open
def provider_page(request: HttpRequest, now: datetime, payment_id: UUID) -> HttpResponse:
    """Pay or decline; both lead back to the shop. A page that was answered before leads back too."""
    if not isinstance(payment_provider(), FakePayments):
        raise Http404
    payment = HoldPayment.objects.filter(id=payment_id).first()
    if payment is None:
        raise Http404
    if request.method == "POST":
        approved = request.POST.get("answer") == "pay"
        receive_payment(payment.id, answer=Authorisation(f"fake-{payment.id}", approved), now=now)
        return redirect("pay", payment.booking_id)
    context = {
        "page_title": _("Test payment"),
        "payment": payment,
        "answered": payment.state != "asked",
        "shop_url": "",
    }
    return show(request, "dev/pay.html", context, now=now)
