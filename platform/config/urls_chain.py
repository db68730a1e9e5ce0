"""Routes of a chain's host: members, clerks, owners, programs."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from config import health
from web.manage.look import show_logo

urlpatterns: list[URLPattern | URLResolver] = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("api/v1/", include("api.v1.urls_chain")),
    path("staff/", include("web.staff.urls")),
    path("workbench/mine/", include("web.practitioner.urls")),
    path("workbench/", include("web.workbench.urls")),
    path("manage/", include("web.manage.urls")),
    path("media/<str:name>", show_logo),
    path("", include("web.storefront.urls")),
]
if settings.IS_DEMO:
    urlpatterns.append(path("dev/", include("web.dev.urls_chain")))

handler400 = "web.errors.bad_request"
handler403 = "web.errors.forbidden"
handler404 = "web.errors.not_found"
handler500 = "web.errors.broken"
