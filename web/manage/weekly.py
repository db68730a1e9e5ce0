"""The editor of a week: for each weekday whether, from when until when, and after a break once more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from web.formats import format_list
from web.manage.forms import ClockField, OfficeForm, clock_of

WEEKDAYS = range(1, 8)
NAMES = {
    1: pgettext_lazy("weekday", "Mon"),
    2: pgettext_lazy("weekday", "Tue"),
    3: pgettext_lazy("weekday", "Wed"),
    4: pgettext_lazy("weekday", "Thu"),
    5: pgettext_lazy("weekday", "Fri"),
    6: pgettext_lazy("weekday", "Sat"),
    7: pgettext_lazy("weekday", "Sun"),
}
PARTS = ("", "b")
USUAL = (9 * 60, 18 * 60)

Span = tuple[int, int, int]


class WeekForm(OfficeForm):
    """Fields d1 … d7 (open), d1_from, d1_to, and d1b_from, d1b_to for the part after a break."""

    def __init__(
        self, *args: Any, week: Iterable[Span] = (), version: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = version
        known: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for weekday, starts, ends in sorted(week):
            known[weekday].append((starts, ends))
        for weekday in WEEKDAYS:
            spans = known[weekday]
            self.fields[f"d{weekday}"] = forms.BooleanField(required=False)
            self.initial.setdefault(f"d{weekday}", bool(spans))
            for part, span in zip(PARTS, [*spans, None, None], strict=False):
                usual: tuple[int | None, int | None] = (None, None) if part else USUAL
                for name, value in zip(("from", "to"), span or usual, strict=True):
                    self.fields[f"d{weekday}{part}_{name}"] = ClockField(required=False)
                    self.initial.setdefault(f"d{weekday}{part}_{name}", value)

    def clean(self) -> dict[str, Any]:
        """Both ends of a span, in order, and one span a ticked day at least."""
        cleaned = super().clean() or {}
        for weekday in WEEKDAYS:
            if not cleaned.get(f"d{weekday}"):
                continue
            for part in PARTS:
                self._check(cleaned, f"d{weekday}{part}", needed=not part)
        return cleaned

    def _check(self, cleaned: dict[str, Any], name: str, *, needed: bool) -> None:
        if f"{name}_from" in self.errors or f"{name}_to" in self.errors:
            return
        starts, ends = cleaned.get(f"{name}_from"), cleaned.get(f"{name}_to")
        if starts is None and ends is None and not needed:
            return
        if starts is None or ends is None:
            self.add_error(f"{name}_from", _("Write both times."))
        elif starts >= ends:
            self.add_error(f"{name}_from", _("It ends before it begins. Midnight is 24:00."))

    def spans(self) -> list[Span]:
        """The ticked days as (ISO weekday, from, until) in minutes after midnight."""
        found = []
        for weekday in WEEKDAYS:
            if not self.cleaned_data.get(f"d{weekday}"):
                continue
            for part in PARTS:
                starts = self.cleaned_data.get(f"d{weekday}{part}_from")
                ends = self.cleaned_data.get(f"d{weekday}{part}_to")
                if starts is not None and ends is not None:
                    found.append((weekday, starts, ends))
        return found

    def rows(self) -> list[dict[str, Any]]:
        """What the template draws: a row a weekday."""
        rows = []
        for weekday in WEEKDAYS:
            fields = {part or "a": self._ends(f"d{weekday}{part}") for part in PARTS}
            errors = [text for ends in fields.values() for bound in ends for text in bound.errors]
            rows.append(
                {
                    "name": NAMES[weekday],
                    "open": self[f"d{weekday}"],
                    "first": fields["a"],
                    "second": fields["b"],
                    "has_second": any(bound.value() not in (None, "") for bound in fields["b"]),
                    "error": errors[0] if errors else "",
                }
            )
        return rows

    def _ends(self, name: str) -> tuple[forms.BoundField, forms.BoundField]:
        return self[f"{name}_from"], self[f"{name}_to"]


def describe_week(week: Iterable[Span]) -> list[tuple[str, str]]:
    """A week in words: runs of weekdays with the same hours, ("Mon–Fri", "09:00–18:00")."""
    known: dict[int, list[str]] = defaultdict(list)
    for weekday, starts, ends in sorted(week):
        known[weekday].append(f"{clock_of(starts)}–{clock_of(ends)}")
    lines: list[tuple[int, int, str]] = []
    for weekday in WEEKDAYS:
        hours = format_list(known[weekday], language=get_language() or "en")
        if not hours:
            continue
        if lines and lines[-1][2] == hours and lines[-1][1] == weekday - 1:
            lines[-1] = (lines[-1][0], weekday, hours)
        else:
            lines.append((weekday, weekday, hours))
    return [
        (str(NAMES[first]) if first == last else f"{NAMES[first]}–{NAMES[last]}", hours)
        for first, last, hours in lines
    ]
