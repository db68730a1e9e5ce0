"""The chain's look: name, line, colour with a preview, logo; and the logo's own address."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.domain.accent import contrast, make_accent
from chains.refusals import Refusal
from tenants.people.domain.logo import LARGEST, LogoWrong, read_logo, remove_logo, save_logo
from tenants.people.domain.look import change_look
from tenants.people.domain.rights import Action
from web.manage.access import Office, in_office
from web.manage.forms import OfficeForm
from web.manage.frame import done, show
from web.theme import logo_url

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
YEAR = 31536000
brand = in_office(Action.MANAGE_CHAIN)


class LookForm(OfficeForm):
    """What members see first."""

    domain_names = {"!colour_unreadable": "accent"}

    name = forms.CharField(label=gettext_lazy("Brand's name"), max_length=120)
    tagline = forms.CharField(label=gettext_lazy("Line below the name"), max_length=120, required=False)
    accent = forms.CharField(label=gettext_lazy("Colour"), max_length=7)


def preview_of(accent: str) -> dict[str, Any] | None:
    """Both themes' four tokens with the contrast of what stands on what; None for no colour."""
    if not COLOUR.fullmatch(accent):
        return None
    tokens = make_accent(accent)
    themes = []
    for name, one, ground, ink, surface in (
        (_("Light"), tokens.light, "#F5F6F8", "#15181D", "#FFFFFF"),
        (_("Dark"), tokens.dark, "#0E1014", "#ECEEF1", "#16191E"),
    ):
        themes.append(
            {
                "name": name,
                "tokens": one,
                "ground": ground,
                "ink": ink,
                "surface": surface,
                "button": round(contrast(one.fill, one.on), 1),
                "words": round(contrast(one.text, one.wash), 1),
            }
        )
    picked = accent.upper()
    return {"themes": themes, "kept": picked == tokens.light.fill.upper(), "picked": picked}


@require_http_methods(["GET", "POST"])
@brand
def edit(request: HttpRequest, office: Office) -> HttpResponse:
    """Name, tagline, colour."""
    initial = {"name": office.chain.name, "tagline": office.chain.tagline, "accent": office.chain.accent}
    form = LookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        told = {key: form.cleaned_data[key] for key in ("name", "tagline", "accent")}
        if form.takes(lambda: change_look(by=office.actor, **told)):
            return done(request, reverse("manage:look"), _("The new look is on every page"))
    return _show(request, office, form)


def _show(
    request: HttpRequest, office: Office, form: LookForm, refusal: Refusal | None = None
) -> HttpResponse:
    context = {
        "page_title": pgettext("how the shop looks", "Look"),
        "form": form,
        "preview": preview_of(str(form["accent"].value() or "")),
        "logo": logo_url(),
        "logo_refusal": refusal,
    }
    status = 422 if form.is_bound or refusal else 200
    return show(request, office, "manage/look.html", context, current="look", status=status)


@require_safe
@brand
def preview(request: HttpRequest, office: Office) -> HttpResponse:
    """What a colour becomes, before it is kept."""
    shown = preview_of(request.GET.get("accent", ""))
    return render(request, "manage/_preview.html", {"preview": shown, "chain_name": office.chain.name})


@require_POST
@brand
def upload_logo(request: HttpRequest, office: Office) -> HttpResponse:
    """Keep a picture as the logo; the page says why where it cannot be one."""
    file = request.FILES.get("logo")
    initial = {"name": office.chain.name, "tagline": office.chain.tagline, "accent": office.chain.accent}
    try:
        save_logo(file.read(LARGEST + 1) if file else b"", by=office.actor)
    except LogoWrong as refusal:
        return _show(request, office, LookForm(initial=initial), refusal)
    return done(request, reverse("manage:look"), _("The new logo is on every page"))


@require_POST
@brand
def drop_logo(request: HttpRequest, office: Office) -> HttpResponse:
    """No logo any more: the first letter of the name stands in."""
    remove_logo(by=office.actor)
    return done(request, reverse("manage:look"), _("The logo is gone"))


@require_safe
def show_logo(request: HttpRequest, name: str) -> HttpResponse:
    """A chain's logo on its own host, for anybody; a changed picture has another name."""
    logo = read_logo(name)
    answer = HttpResponse(logo.data, content_type=logo.media_type)
    answer["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = "inline"
    return answer
