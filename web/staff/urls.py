"""Routes of web.staff."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("arrive/", include("web.staff.urls_arrival")),
]
