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
    plans,
    redemptions,
    services,
    shifts,
    steps,
    stores,
    subscription,
    verticals,
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
    *plans.urls,
    *availability.urls,
    *redemptions.urls,
    *live.urls,
    *subscription.urls,
    *steps.urls,
    *docs.urls,
    *verticals.urls(),
]
