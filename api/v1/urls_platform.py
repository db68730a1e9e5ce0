"""API v1 on the platform's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from api.v1 import docs, platform

urlpatterns: list[URLPattern | URLResolver] = [*docs.urls, *platform.urls]
