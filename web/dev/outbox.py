"""What the demo shows of itself: messages that would have been sent, and how to log in where."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from chains.outgoing import sent_messages

_FIELDS = ("channel", "to", "subject", "text", "code", "at", "chain")


@never_cache
@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """Every message, newest first, for a person."""
    _only_in_demo()
    messages = [{**message, "moment": parse_datetime(message["at"])} for message in sent_messages()]
    return render(request, "dev/outbox.html", {"sent": messages, "zone": "UTC"})


@never_cache
@require_GET
def outbox_json(request: HttpRequest) -> HttpResponse:
    """Every message for a program, newest first: [{channel, to, subject, text, code, at, chain}]."""
    _only_in_demo()
    return _json([{field: message[field] for field in _FIELDS} for message in sent_messages()])


@never_cache
@require_GET
def demo_json(request: HttpRequest) -> HttpResponse:
    """The demo's chains and log-ins, as the seeding wrote them beside the data."""
    _only_in_demo()
    file = settings.DATA / "demo.json"
    if not file.is_file():
        return _json({"chains": [], "logins": []})
    return _json(json.loads(file.read_text(encoding="utf-8")))


def _only_in_demo() -> None:
    if not settings.IS_DEMO:
        raise Http404


def _json(content: Any) -> JsonResponse:
    return JsonResponse(content, safe=False, json_dumps_params={"ensure_ascii": False})
