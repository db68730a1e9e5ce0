"""Routes of a host that leads nowhere: 404, as a page or as a problem document."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from config import health
from web import errors

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    re_path(r"", errors.unknown_host),
]

handler400 = "web.errors.bad_request"
handler404 = "web.errors.not_found"
handler500 = "web.errors.broken"
