"""/dev/billing: time for one chain alone, and the fake Stripe's faults as buttons. Demo, development and tests.

A trial that ends, a card that fails and what follows take months; here they take a click. What a chain's payments
follow from grows older, at the fake and with us, and the due work does the rest as it always does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from billing.domain.lifecycle import KIND
from billing.domain.refresh import refresh_now
from billing.models import ChainStanding, Customer
from chains.after_scope import AfterScope
from chains.domain.slugs import address_of
from chains.due import mark_platform_due
from chains.models import Chain, ChainState
from chains.refusals import Refusal
from chains.scope import platform_scope
from web.manage.plan_words import STATES

DAYS = (1, 3, 14, 31, 60)
MOST_SHOWN = 50
# name: (words, what the fake is told)
FAULTS: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "none": (_("All is well"), {"api": None, "webhooks": {}}),
    "duplicate": (_("Every webhook four times"), {"webhooks": {"duplicate": 3}}),
    "reorder": (_("Webhooks in another order, within 5 s"), {"webhooks": {"reorder": 5}}),
    "delay": (_("Webhooks 30 s late"), {"webhooks": {"delay": 30}}),
    "drop": (_("Webhooks lost"), {"webhooks": {"drop": 1}}),
    "500": (_("Stripe answers 500"), {"api": {"mode": "500"}}),
    "500_after": (_("Stripe acts, then answers 500"), {"api": {"mode": "500_after"}}),
    "hang": (_("Stripe hangs"), {"api": {"mode": "hang", "seconds": 60}}),
}


@never_cache
@require_GET
def billing_page(request: HttpRequest) -> HttpResponse:
    """Every chain with its state and its next step, time to let go by, and what the fake is to do wrong."""
    _only_with_a_fake()
    chains = list(Chain.objects.exclude(state=ChainState.PROVISIONING).order_by("-created_at")[:MOST_SHOWN])
    standings = {
        row.chain_id: row for row in ChainStanding.objects.filter(chain_id__in=[c.id for c in chains])
    }
    rows = [
        {
            "id": chain.id,
            "name": chain.name,
            "url": f"{address_of(chain.slug)}/manage/plan/",
            "state": STATES[ChainState(chain.state)],
            "next_at": standings[chain.id].next_at if chain.id in standings else chain.trial_ends_at,
        }
        for chain in chains
    ]
    context = {
        "rows": rows,
        "days": [
            (days, ngettext("%(count)s day", "%(count)s days", days) % {"count": days}) for days in DAYS
        ],
        "faults": [(name, words) for name, (words, _told) in FAULTS.items()],
        "done": request.GET.get("done", ""),
        "zone": "UTC",
    }
    return render(request, "dev/billing.html", context)


@require_POST
def pass_days(request: HttpRequest) -> HttpResponseBase:
    """Let days go by for a chain, then look where it stands; one rung of the ladder at most, as always."""
    _only_with_a_fake()
    get_token(request)
    try:
        chain_id, days = UUID(request.POST.get("chain", "")), int(request.POST.get("days", ""))
    except ValueError:
        raise Http404 from None
    if days not in DAYS:
        raise Http404
    return AfterScope(lambda: _passed(chain_id, days, now=timezone.now()))


@require_POST
def set_fault(request: HttpRequest) -> HttpResponseBase:
    """Have the fake do one thing wrong, until told otherwise."""
    _only_with_a_fake()
    get_token(request)
    found = FAULTS.get(request.POST.get("fault", ""))
    if found is None:
        raise Http404
    told = {**FAULTS["none"][1], **found[1]}

    def tell() -> HttpResponseBase:
        _tell_fake(told)
        return HttpResponseRedirect(f"{reverse('dev_billing')}?done=fault")

    return AfterScope(tell)


def _passed(chain_id: UUID, days: int, *, now: datetime) -> HttpResponseBase:
    with platform_scope():
        customer = Customer.objects.filter(chain_id=chain_id, deleted_at__isnull=True).first()
    if customer is not None and customer.stripe_id:
        _tell_fake({"age": {"customer": customer.stripe_id, "seconds": days * 86_400}})
    older = timedelta(days=days)
    with platform_scope():
        Chain.objects.filter(id=chain_id).update(trial_ends_at=F("trial_ends_at") - older)
        ChainStanding.objects.filter(chain_id=chain_id).update(
            since=F("since") - older, next_at=F("next_at") - older
        )
        mark_platform_due(KIND, now)
    with suppress(Refusal):  # the fake may be told to be away: the background goes on asking
        refresh_now(chain_id, now=now)
    return HttpResponseRedirect(f"{reverse('dev_billing')}?done=days")


def _tell_fake(told: Mapping[str, Any]) -> None:
    """Turn the fake's knobs. What it does not take (a customer on a test clock) changes nothing."""
    base = urlsplit(settings.STRIPE_API_BASE or "")
    connection = HTTPConnection(base.hostname or "", base.port, timeout=30)
    try:
        headers = {"Authorization": "Bearer sk_test_demo"}
        connection.request("POST", "/fake/knobs", body=json.dumps(told), headers=headers)
        connection.getresponse().read()
    finally:
        connection.close()


def _only_with_a_fake() -> None:
    if not settings.IS_DEMO or not settings.STRIPE_API_BASE:
        raise Http404
