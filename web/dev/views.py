"""/dev/components: every component in every state, in the language and theme asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from chains.domain.accent import make_accent
from web.dev.samples import make_samples
from web.theme import theme_css

languages = ("zh-hans", "en")
themes = ("light", "dark")
pages = ("member", "time", "confirm", "staff", "owner", "signup")
sample_now = datetime(2026, 11, 21, 6, 20, tzinfo=UTC)


def show_components(request: HttpRequest) -> HttpResponse:
    """The catalogue; `?lang=zh-Hans|en&theme=light|dark`."""
    return render_sample(request, "dev/components.html")


def show_page(request: HttpRequest, name: str) -> HttpResponse:
    """A layout filled with sample data: member, time, confirm, staff, owner, signup."""
    if name not in pages:
        raise Http404
    return render_sample(request, f"dev/{name}.html")


def show_theme_css(request: HttpRequest) -> HttpResponse:
    """A stylesheet with the accent of `?colour=2C7A66`."""
    tokens = make_accent("#" + request.GET.get("colour", "2C7A66"))
    return HttpResponse(theme_css(tokens), content_type="text/css")


def render_sample(request: HttpRequest, template: str) -> HttpResponse:
    language = request.GET.get("lang", "").lower()
    theme = request.GET.get("theme", "")
    with translation.override(language if language in languages else translation.get_language()):
        chinese = (translation.get_language() or "").startswith("zh")
        context = {
            **make_samples(chinese=chinese),
            "theme": theme if theme in themes else "",
            "zone": "Asia/Shanghai",
            "now": sample_now,
        }
        return render(request, template, context)
