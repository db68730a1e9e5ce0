"""Who stands at their own pages: any employee with a day to read, at the store last worked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from web.staff.people import to_sign_in
from web.workbench.access import Desk, actor_of, first_store, open_desk
from web.workbench.frame import frame

HOME = "/workbench/mine/"


def at_own(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view of one's own: signed in and employed; the store is where one worked last."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: object) -> HttpResponseBase:
        actor = actor_of(request)
        if not actor.is_employee:
            return to_sign_in(request, home=HOME)
        return view(request, open_desk(request, actor, first_store(request, actor).id), **kwargs)

    return guarded


def show_own(
    request: HttpRequest, desk: Desk, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The page in the workbench's frame; never from a cache: it holds people's names."""
    page = render(request, template, {**frame(request, desk, current="mine"), **context}, status=status)
    add_never_cache_headers(page)
    return page


def back_to(name: str, **query: object) -> HttpResponse:
    """On to one of the own pages, by GET."""
    asked = {key: str(value) for key, value in query.items() if value}
    return HttpResponseRedirect(reverse(f"mine:{name}", query=asked or None))
