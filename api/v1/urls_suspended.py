"""API v1 of a suspended chain: signing in, and its owner's subscription."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from api.v1 import auth, subscription

urlpatterns: list[URLPattern | URLResolver] = [*auth.urls, *subscription.urls]
