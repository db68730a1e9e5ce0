"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from chains.hosts import ChainInfo
from web.theme import theme_version, tokens_of


def page(request: HttpRequest) -> dict[str, Any]:
    """The chain (or None), its stylesheet, the chosen theme, whether this is the demo."""
    theme = request.COOKIES.get("tessera_theme", "")
    chain: ChainInfo | None = getattr(request, "chain", None)
    tokens = chain.accent_tokens if chain is not None else {}
    return {
        "chain": chain,
        "theme_css_url": f"/theme.css?v={theme_version(tokens_of(tokens))}" if tokens else "",
        "theme": theme if theme in {"light", "dark"} else "",
        "is_demo": settings.IS_DEMO,
        "platform_base": f"{settings.SCHEME}://{settings.BASE}",
    }
