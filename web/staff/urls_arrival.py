"""Routes of the owner's arrival."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.staff import arrival

urlpatterns: list[URLPattern | URLResolver] = [
    path("start", arrival.start, name="arrival_start"),
    path("<str:token>", arrival.finish, name="arrival"),
]
