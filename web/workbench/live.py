"""The way to the live stream for a signed-in browser."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from tenants.people.domain.rights import NotSeen
from web.workbench.access import actor_of


@require_POST
def open_stream(request: HttpRequest) -> HttpResponse:
    """A one-use ticket to the stream of `store`: {stream_url, expires_at}."""
    actor = actor_of(request)
    if not actor.is_employee:
        return JsonResponse({}, status=401)
    raise NotSeen
