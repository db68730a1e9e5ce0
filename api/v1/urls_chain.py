"""API v1 on a chain's host: one list of routes a module."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from api.v1 import docs

urlpatterns: list[URLPattern | URLResolver] = [
    *docs.urls,
    # bookings, availability, redemptions, live: one line each
]
