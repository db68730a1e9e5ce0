"""Rows of public tables as the console shows them: read, never edited."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from console.words import LABELS


def labelled(field: str) -> Any:
    """A column of a model's field under its translated label; models carry no words for people."""

    @display(description=LABELS[field], ordering=field)
    def shown(row: Model) -> Any:
        value = getattr(row, field)
        if isinstance(value, datetime):
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return ", ".join(value)
        if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False)
        return value

    shown.__name__ = field
    return shown


class ReadOnly(ModelAdmin):
    """Rows to look at; `heading` is the list's title, `nothing_yet` what an empty list says."""

    heading: Any = ""
    nothing_yet: Any = _("Nothing has happened here yet.")
    actions = None
    compressed_fields = True
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> Any:
        """Fields under their translated labels."""
        return [self._shown(name) for name in self.list_display]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """The first column leads to the row."""
        return list(list_display)[:1]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The fields of the row's page, each as the list shows it: masked, in words, never a secret."""
        return [
            (title, {**options, "fields": [self._shown(name) for name in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Every field: the console shows rows, it never edits one."""
        return [name for _title, options in self.get_fieldsets(request, obj) for name in options["fields"]]

    def _shown(self, name: Any) -> Any:
        return (
            labelled(name) if isinstance(name, str) and name in LABELS and not hasattr(self, name) else name
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """A title in words, not the model's name."""
        return super().changelist_view(request, {"title": self.heading, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The list's title; the row's name stands below it."""
        return super().change_view(
            request, object_id, form_url, {"title": self.heading, **(extra_context or {})}
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """False: rows come about where they belong, not in the console."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """False: what an operator changes goes through an act that is recorded."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """False: nothing is deleted from the console."""
        return False
