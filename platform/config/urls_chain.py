"""Routes of a chain's host: members, clerks, owners, programs."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from config import health
from web.manage.look import show_logo

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("i18n/setlang/", set_language, name="set_language"),
    path("api/v1/", include("api.v1.urls_chain")),
    path("staff/", include("web.staff.urls")),
    path("workbench/", include("web.workbench.urls")),
    path("manage/", include("web.manage.urls")),
    path("media/<str:name>", show_logo),
    path("", include("web.storefront.urls")),
]

handler400 = "web.errors.bad_request"
handler403 = "web.errors.forbidden"
handler404 = "web.errors.not_found"
handler500 = "web.errors.broken"
