"""Routes of a chain's API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from api.v1 import (
    auth,
    availability,
    bookings,
    chain,
    docs,
    employees,
    members,
    redemptions,
    services,
    shifts,
    stores,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *auth.urls,
    *chain.urls,
    *stores.urls,
    *services.urls,
    *employees.urls,
    *shifts.urls,
    *members.urls,
    *bookings.urls,
    *availability.urls,
    *redemptions.urls,
    *docs.urls,
]
