"""Routes of the operators' console."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from console import admin
from console.site import console

admin.register_all(console)

urlpatterns: list[URLPattern | URLResolver] = [path("", console.urls)]
