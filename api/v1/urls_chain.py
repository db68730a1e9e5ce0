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
    feeds,
    live,
    members,
    pickups,
    plans,
    policies,
    practitioner,
    products,
    recommendations,
    redemptions,
    services,
    sessions,
    shifts,
    steps,
    stores,
    subscription,
    verticals,
    waiting,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *auth.urls,
    *chain.urls,
    *stores.urls,
    *services.urls,
    *employees.urls,
    *shifts.urls,
    *members.urls,
    *sessions.urls,
    *pickups.urls,
    *products.urls,
    *bookings.urls,
    *plans.urls,
    *policies.urls,
    *waiting.urls,
    *availability.urls,
    *recommendations.urls,
    *redemptions.urls,
    *practitioner.urls,
    *feeds.urls,
    *live.urls,
    *subscription.urls,
    *steps.urls,
    *docs.urls,
    *verticals.urls(),
]
