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
    policies,
    practitioner,
    products,
    recommendations,
    redemptions,
    services,
    sessions,
    shifts,
    stores,
    subscription,
    swaps,
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
    *policies.urls,
    *waiting.urls,
    *availability.urls,
    *recommendations.urls,
    *redemptions.urls,
    *practitioner.urls,
    *swaps.urls,
    *feeds.urls,
    *live.urls,
    *subscription.urls,
    *docs.urls,
]
