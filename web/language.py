"""Which language an answer is in."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header


def _supported(code: str) -> str | None:
    try:
        return get_supported_language_variant(code)
    except LookupError:
        return None


def choose_language(request: HttpRequest) -> str:
    """A person's choice (cookie, pages only), else Accept-Language, else the chain's own, else English."""
    if not request.path.startswith("/api/"):
        chosen = _supported(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
        if chosen:
            return chosen
    for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if code == "*":
            break
        wanted = _supported(code)
        if wanted:
            return wanted
    chain = getattr(request, "chain", None)
    return (_supported(chain.locale) if chain is not None else None) or "en"


class LanguageMiddleware:
    """Activates the language for the request and says so in Content-Language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = choose_language(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", {"zh-hans": "zh-Hans"}.get(language, language))
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response
