"""What a chain's host has in the demo alone: the page of the provider that only pretends."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.dev.pay import provider_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("pay/<uuid:payment_id>/", provider_page, name="dev_pay"),
]
