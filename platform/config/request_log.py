"""One line of log per request, with an id that the answer carries too."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase

from accounts.ids import new_id

log = structlog.get_logger("request")


class RequestLogMiddleware:
    """Binds `request_id`, logs method, path, status and milliseconds; never query strings or bodies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = new_id().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        log.info(
            "answered",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round((time.perf_counter() - started) * 1000, 1),
            chain=getattr(getattr(request, "chain", None), "schema_name", None),
        )
        response["X-Request-Id"] = request_id
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Bind the signed-in user's id for every further line; asked only where a session cookie came."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and hasattr(request, "session"):
            user = request.session.get(SESSION_KEY)
            if user:
                structlog.contextvars.bind_contextvars(user=str(user))
