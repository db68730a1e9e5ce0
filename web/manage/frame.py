"""What surrounds every page of the office: navigation, drawer or page around a form, where to go next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from tenants.people.domain.rights import Action
from web.manage.access import Office
from web.storefront.theme import theme_url
from web.theme import logo_url

SIGN_OUT = "/staff/logout/"

Entry = tuple[str, str, str, str, Action | None]


def shop_address(request: HttpRequest) -> str:
    """Where members find the shop: the host on which this page is open."""
    return request.build_absolute_uri("/")


def nav_of(office: Office, current: str) -> list[dict[str, Any]]:
    """The navigation with only what the actor may open."""
    groups: list[tuple[str, bool, list[Entry]]] = [
        (
            "",
            False,
            [
                ("overview", _("Overview"), "layout-dashboard", reverse("manage:overview"), None),
                ("workbench", _("Workbench"), "calendar-days", "/workbench/", Action.READ_DAY),
            ],
        ),
        (
            _("What you sell"),
            False,
            [
                ("services", _("Services"), "sparkles", reverse("manage:services"), Action.MANAGE_CATALOGUE),
                (
                    "policies",
                    _("Policies"),
                    "clipboard-list",
                    reverse("manage:policies"),
                    Action.MANAGE_STORE,
                ),
            ],
        ),
        (
            _("Who does it"),
            False,
            [
                ("staff", _("Staff"), "users", reverse("manage:staff"), Action.MANAGE_PEOPLE),
                ("shifts", _("Shifts"), "calendar-clock", reverse("manage:shifts"), Action.MANAGE_SHIFTS),
                ("stores", _("Stores"), "store", reverse("manage:stores"), Action.MANAGE_STORE),
            ],
        ),
        (
            "",
            True,
            [
                (
                    "look",
                    pgettext("how the shop looks", "Look"),
                    "palette",
                    reverse("manage:look"),
                    Action.MANAGE_CHAIN,
                ),
                ("acts", _("Operators' access"), "eye", reverse("manage:acts"), Action.READ_OPERATOR_ACTS),
                ("account", _("My account"), "shield-check", "/staff/", None),
            ],
        ),
    ]
    found = []
    for label, rest, entries in groups:
        shown = [
            {"label": words, "icon": icon, "url": url, "current": key == current}
            for key, words, icon, url, action in entries
            if action is None or office.may_anywhere(action)
        ]
        if shown:
            found.append({"label": label, "entries": shown, "rest": rest})
    return found


def show(
    request: HttpRequest,
    office: Office,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    current: str,
    status: int = 200,
) -> HttpResponse:
    """A page of the office in its frame; a person's own, so no cache keeps it."""
    stores = len(office.stores(Action.MANAGE_STORE)) or len(office.stores(Action.MANAGE_PEOPLE))
    frame = {
        "office": office,
        "now": office.now,
        "zone": office.chain.time_zone,
        "theme_css_url": theme_url(office.chain),
        "chain_name": office.chain.name,
        "chain_line": ngettext("Brand · %(count)s store", "Brand · %(count)s stores", stores)
        % {"count": stores},
        "logo_url": logo_url(),
        "employee_name": office.actor.name,
        "sign_out_url": SIGN_OUT,
        "nav": nav_of(office, current),
        "crumbs": [],
    }
    answer = render(request, template, {**frame, **(context or {})}, status=status)
    add_never_cache_headers(answer)
    return answer


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked for the inside of a drawer rather than the browser for a page."""
    return bool(request.headers.get("HX-Request"))


def show_form(
    request: HttpRequest,
    office: Office,
    body: str,
    context: dict[str, Any],
    *,
    title: str,
    current: str,
    back: str,
    back_label: str,
    save_label: str,
    foot: str = "",
    start: str = "",
    url: str = "",
    refused: bool = False,
) -> HttpResponse:
    """A form in a drawer over its list, or on a page of its own where there is no script.

    `body`, `foot` and `start` (what stands left of the actions) are templates; `url` takes the form, this
    page's own unless told; `refused` marks the answer to a form that was not taken (422).
    """
    around = {
        **context,
        "form_body": body,
        "form_foot": foot,
        "form_start": start,
        "form_url": url or request.path,
        "form_title": title,
        "page_title": title,
        "save_label": save_label,
        "back_url": back,
        "crumbs": [{"label": back_label, "url": back}, {"label": title, "url": ""}],
    }
    status = 422 if refused else 200
    if is_fragment(request):
        inside = {"office": office, "now": office.now, "zone": office.chain.time_zone}
        answer = render(request, "manage/_drawer.html", {**inside, **around}, status=status)
        add_never_cache_headers(answer)
        return answer
    return show(request, office, "manage/form_page.html", around, current=current, status=status)


def done(request: HttpRequest, url: str, text: str = "") -> HttpResponse:
    """Off to `url`, where a toast says what happened; from a drawer the whole page goes there."""
    if text:
        messages.success(request, text)
    if is_fragment(request):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = url
        return answer
    return HttpResponseRedirect(url)


def names_of(items: Sequence[Any], *, most: int = 3) -> str:
    """The first names in a row, and how many more there are."""
    shown = [str(item) for item in items[:most]]
    rest = len(items) - len(shown)
    joined = _(", ").join(shown)
    return joined if rest <= 0 else _("%(names)s and %(count)s more") % {"names": joined, "count": rest}
