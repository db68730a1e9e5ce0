"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    """The chain (or None), the chosen theme, whether this is the demo."""
    theme = request.COOKIES.get("theme", "")
    return {
        "chain": getattr(request, "chain", None),
        "theme": theme if theme in {"light", "dark"} else "",
        "is_demo": settings.IS_DEMO,
        "platform_base": f"{settings.SCHEME}://{settings.BASE}",
    }
