"""Why a time cannot be booked, as the time page answers it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from chains.refusals import Refusal
from tenants.booking.domain.availability import Explanation, explain
from tenants.people.models import Employee
from tenants.stores.models import Store
from web.formats import format_moment
from web.storefront.asking import local_wish, read_wish, uuid_or_none
from web.storefront.frame import language_of, while_open
from web.visitor import member_of


@require_safe
@while_open
def why(request: HttpRequest, now: datetime, service_id: UUID) -> HttpResponse:
    """Why a time that the person picked cannot be booked, and what near it can. A fragment for htmx."""
    wish = read_wish(request.GET)
    store = Store.objects.filter(id=wish.store_id, active=True).first() if wish.store_id else None
    if store is None:
        raise Http404
    language, zone = language_of(request), ZoneInfo(store.time_zone)
    context: dict[str, Any] = {"now": now, "zone": store.time_zone}
    moved = uuid_or_none(request.GET.get("move", ""))
    try:
        asked = wish.starts_at or local_wish(request.GET.get("day", ""), request.GET.get("clock", ""), zone)
        answer = explain(
            store.id,
            service_id,
            starts_at=asked,
            now=now,
            practitioner_id=wish.person_id,
            party_size=wish.party_size,
            elsewhere="move" not in request.GET,
            member_id=member.id if (member := member_of(request)) else None,
            but=moved,
        )
    except Refusal as refusal:
        return render(request, "storefront/_why.html", {**context, "refusal": refusal}, status=200)
    action = reverse("move", args=[moved]) if moved else reverse("times", args=[service_id])
    here = {
        "store": store.id,
        "party": wish.party_size,
        "with": wish.person_id or "",
        "at": f"{asked:%Y-%m-%dT%H:%M}Z",
    }
    context |= {
        "answer": answer,
        "asked": asked,
        "asked_words": format_moment(
            asked.astimezone(zone), language=language, today=now.astimezone(zone).date()
        ),
        "free_url": f"{action}?{urlencode(here)}",
        "changes": change_links(answer, action, party=wish.party_size),
    }
    return render(request, "storefront/_why.html", context)


def change_links(answer: Explanation, action: str, *, party: int) -> list[dict[str, Any]]:
    """Changes that would help as links; a query for the names of people, one for those of stores."""
    ids = {change.practitioner_id for change in answer.changes if change.practitioner_id}
    elsewhere = {change.store_id for change in answer.changes if change.kind == "store"}
    shops = dict(Store.objects.filter(id__in=elsewhere).values_list("id", "name")) if elsewhere else {}
    names = dict(Employee.objects.filter(id__in=ids).values_list("id", "name")) if ids else {}
    return [
        {
            "starts_at": change.starts_at,
            "who": names.get(change.practitioner_id, "") if change.practitioner_id else "",
            "where": shops.get(change.store_id, "") if change.kind == "store" else "",
            "zone": change.zone.key,
            "detail": change.detail,
            "url": f"{action}?"
            + urlencode(
                {
                    "store": change.store_id,
                    "with": change.practitioner_id or "",
                    "party": party,
                    "at": f"{change.starts_at:%Y-%m-%dT%H:%M}Z",
                }
            ),
        }
        for change in answer.changes
    ]
