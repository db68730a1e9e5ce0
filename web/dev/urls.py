"""Routes of the demo's own pages: the design system, the outbox, the log-ins."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.dev import billing, outbox
from web.dev.views import show_components, show_page, show_theme_css

urlpatterns: list[URLPattern | URLResolver] = [
    path("components", show_components, name="components"),
    path("components/<str:name>", show_page, name="component_page"),
    path("theme.css", show_theme_css, name="sample_theme"),
    path("outbox", outbox.outbox, name="dev_outbox"),
    path("outbox.json", outbox.outbox_json, name="dev_outbox_json"),
    path("demo.json", outbox.demo_json, name="dev_demo_json"),
    path("billing", billing.billing_page, name="dev_billing"),
    path("billing/days", billing.pass_days, name="dev_billing_days"),
    path("billing/fault", billing.set_fault, name="dev_billing_fault"),
]
