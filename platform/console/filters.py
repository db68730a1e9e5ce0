"""Filters of the console's lists, in words."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.words import EVENT_STATES


class EventStateFilter(admin.SimpleListFilter):
    """What became of an event."""

    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Every state in words."""
        return list(EVENT_STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The events in that state."""
        return queryset.filter(state=self.value()) if self.value() in EVENT_STATES else queryset
