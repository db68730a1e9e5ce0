"""The installed verticals as words and choices: no page names an industry itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import get_language, gettext

from tenants.extension.registry import verticals


def industry_words(codes: Collection[str] | None = None) -> str:
    """The names of all, or of the verticals with these codes, as one list within a sentence."""
    language = get_language() or "en"
    names = [each.name(language) for each in verticals() if codes is None or each.code in codes]
    if language.startswith("zh"):
        return "、".join(names)
    names = [name.lower() for name in names]
    if len(names) < 2:
        return "".join(names)
    return gettext("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def industry_choices(chosen: Collection[str]) -> list[dict[str, Any]]:
    """The verticals as ui/choices takes them."""
    language = get_language() or "en"
    return [
        {
            "value": each.code,
            "label": each.name(language),
            "icon": each.icon,
            "checked": each.code in chosen,
        }
        for each in verticals()
    ]
