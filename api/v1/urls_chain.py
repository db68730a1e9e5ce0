"""API v1 on a chain's host: one list of routes a module."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from api.v1 import availability, bookings, docs, redemptions

urlpatterns: list[URLPattern | URLResolver] = [
    *docs.urls,
    *bookings.urls,
    *availability.urls,
    *redemptions.urls,
]
