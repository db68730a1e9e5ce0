"""Refusals raised by a page's domain call become a page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from chains.refusals import Refusal
from web.errors import answer_refusal


class RefusalMiddleware:
    """Renders a Refusal that a view let through; the view's savepoint has rolled back by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The refusal's page or problem document; anything else goes on as an error."""
        return answer_refusal(request, exception) if isinstance(exception, Refusal) else None
