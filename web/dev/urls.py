"""Include under `dev/` where the components may be seen."""

from __future__ import annotations

from django.urls import path

from web.dev.views import show_components, show_page, show_theme_css

urlpatterns = [
    path("components", show_components, name="components"),
    path("components/<str:name>", show_page, name="component_page"),
    path("theme.css", show_theme_css, name="sample_theme"),
]
