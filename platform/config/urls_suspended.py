"""Routes of a chain that is not open: its members get a polite page, its employees the reason, its owners pay."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from config import health
from web import closed

urlpatterns: list[URLPattern | URLResolver] = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("staff/", include("web.staff.urls")),
    path("theme.css", closed.theme),
    path("manage/", include("web.manage.urls_plan")),
    path("api/v1/", include("api.v1.urls_suspended")),
    re_path(r"^api/", closed.api),
    re_path(r"", closed.page),
]

handler400 = "web.errors.bad_request"
handler403 = "web.errors.forbidden"
handler404 = "web.errors.not_found"
handler500 = "web.errors.broken"
