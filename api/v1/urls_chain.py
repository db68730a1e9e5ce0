"""API v1 on a chain's host: one list of routes a module."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from api.v1 import (
    auth,
    availability,
    bookings,
    chain,
    docs,
    employees,
    live,
    members,
    redemptions,
    resources,
    services,
    shifts,
    stores,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *auth.urls,
    *chain.urls,
    *stores.urls,
    *resources.urls,
    *services.urls,
    *employees.urls,
    *shifts.urls,
    *members.urls,
    *bookings.urls,
    *availability.urls,
    *redemptions.urls,
    *live.urls,
    *docs.urls,
]
