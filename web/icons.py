"""Lucide icons as inline SVG, read once from the vendored sprite."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

sprite = Path(__file__).parent / "static" / "vendor" / "lucide" / "lucide.svg"
symbol = re.compile(r'<symbol id="([a-z0-9-]+)" viewBox="0 0 24 24">(.*?)</symbol>')


class UnknownIcon(LookupError):
    """The vendored sprite has no icon of this name."""


@cache
def icon_paths() -> dict[str, SafeString]:
    """Drawing of every vendored icon by its Lucide name, on a 24 × 24 ground."""
    # The sprite is a file of this repository, never a person's input.
    return {name: mark_safe(body) for name, body in symbol.findall(sprite.read_text())}  # noqa: S308


def draw_icon(name: str, size: int = 16) -> SafeString:
    """Inline `<svg>` of a Lucide icon, `size` px square, hidden from screen readers.

    Strokes are 1.75 of 24, and 2.2 under 15 px. The word beside it carries the meaning.
    Raises UnknownIcon for a name that is not vendored.
    """
    try:
        paths = icon_paths()[name]
    except KeyError:
        raise UnknownIcon(f"No icon “{name}” in {sprite.name}; see web/static/vendor/README.md") from None
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="{1}" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        "{2}</svg>",
        size,
        "2.2" if size < 15 else "1.75",
        paths,
    )
