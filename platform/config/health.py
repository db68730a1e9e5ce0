"""Up, and ready with each part's state."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from chains.scope import platform_scope


def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok", content_type="text/plain")


livez._non_atomic_requests = {"default"}  # type: ignore[attr-defined]


def readyz(request: HttpRequest) -> JsonResponse:
    """200 with every part `ok`, 503 with the part that is not. Says nothing about hosts or versions."""
    parts = {"database": _state(_ask_database), "broker": _state(_ask_broker)}
    ready = parts["database"] == "ok"
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


readyz._non_atomic_requests = {"default"}  # type: ignore[attr-defined]


def _ask_database() -> None:
    with platform_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM chains_chain LIMIT 1")


def _ask_broker() -> None:
    redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()


def _state(ask: Callable[[], None]) -> str:
    try:
        ask()
    except Exception:  # whatever it is, the part is not ready
        return "down"
    return "ok"
