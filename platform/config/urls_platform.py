"""Routes of the platform's own host: sign-up, plans, console, and what the demo shows."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from billing.webhook import stripe_events
from config import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("api/v1/", include("api.v1.urls_platform")),
    path("hooks/stripe", stripe_events),
    path("console/", include("console.urls")),
    path("", include("web.signup.urls")),
]
if settings.IS_DEMO:
    urlpatterns.append(path("dev/", include("web.dev.urls")))

handler400 = "web.errors.bad_request"
handler403 = "web.errors.forbidden"
handler404 = "web.errors.not_found"
handler500 = "web.errors.broken"
