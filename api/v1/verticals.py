"""`<code>/…`: the routes of the installed verticals, each only at chains that run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from importlib import import_module
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from tenants.extension.registry import verticals
from tenants.people.domain.rights import NotSeen

View = Callable[..., HttpResponseBase]
Routes = list[URLPattern | URLResolver]


def urls() -> Routes:
    """`/api/v1/<code>/` of every vertical whose manifest names a module of routes."""
    return [
        path(f"{one.code}/", (only_at(one.code, import_module(one.api).urlpatterns), None, None))
        for one in verticals()
        if one.api
    ]


def only_at(code: str, routes: Iterable[URLPattern | URLResolver]) -> Routes:
    """The same routes, not there for a chain that does not run the vertical. Raises TypeError for an include."""
    found: Routes = []
    for route in routes:
        if not isinstance(route, URLPattern):
            raise TypeError(f"the routes of {code} are one flat list")
        found.append(
            URLPattern(route.pattern, _guarded(code, route.callback), route.default_args, route.name)
        )
    return found


def _guarded(code: str, view: View) -> View:
    """The view, with whatever the description of the API reads from it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if code not in request.chain.verticals:  # type: ignore[attr-defined]
            raise NotSeen
        return view(request, *args, **kwargs)

    return guarded
