"""`/theme.css`: the chain's colours, as a stylesheet with an address of its own for each colour."""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from chains.domain.accent import AccentTokens, make_accent, read_accent
from chains.hosts import ChainInfo
from web.theme import theme_css, theme_version

FALLBACK = "#3549C8"
YEAR = 31536000


@lru_cache(maxsize=1)
def _fallback() -> AccentTokens:
    return make_accent(FALLBACK)


def tokens_of(chain: ChainInfo) -> AccentTokens:
    """The chain's eight tokens; the platform's lapis for a chain that has chosen none."""
    return read_accent(chain.accent_tokens) or _fallback()


def theme_url(chain: ChainInfo) -> str:
    """Where the chain's stylesheet is; a changed colour is another address."""
    return f"/theme.css?v={theme_version(tokens_of(chain))}"


@require_safe
def theme(request: HttpRequest) -> HttpResponse:
    """The stylesheet, kept for a year at the address that names its version, else for five minutes."""
    tokens = tokens_of(request.chain)  # type: ignore[attr-defined]
    response = HttpResponse(theme_css(tokens), content_type="text/css")
    kept = request.GET.get("v") == theme_version(tokens)
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable" if kept else "public, max-age=300"
    return response
