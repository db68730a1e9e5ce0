"""The way to the live stream for a signed-in browser."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from tenants.booking.domain.live import issue_ticket, stream_url
from tenants.people.domain.rights import NotSeen
from web.workbench.access import actor_of


@require_POST
def open_stream(request: HttpRequest) -> HttpResponse:
    """A one-use ticket to the stream of `store`: {stream_url, expires_at}; 401 without a session."""
    actor = actor_of(request)
    if not actor.is_employee:
        return JsonResponse({}, status=401)
    try:
        store_id = UUID(request.POST.get("store", ""))
    except ValueError:
        raise NotSeen from None
    ticket, ends_at = issue_ticket(store_id, by=actor, now=timezone.now())
    url = stream_url(ticket, host=request.get_host())
    answer = JsonResponse({"stream_url": url, "expires_at": ends_at.astimezone(UTC).isoformat()})
    answer["Cache-Control"] = "no-store"
    return answer
