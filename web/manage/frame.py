"""What surrounds every page of the office: navigation, drawer or page around a form, where to go next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from billing.domain.standing import Cause
from chains.domain.entitlements import ChainReadOnly, Limit, find_full
from chains.models import ChainState
from chains.ports import unpaid_cause
from tenants.people.domain.rights import Action
from web.manage.access import Office
from web.storefront.theme import theme_url
from web.theme import logo_url

SIGN_OUT = "/staff/logout/"

Entry = tuple[str, str, str, str, Action | None]


def shop_address(request: HttpRequest) -> str:
    """Where members find the shop: the host on which this page is open."""
    return request.build_absolute_uri("/")


Group = tuple[str, bool, list[Entry]]


def _what_is_sold_and_by_whom() -> list[Group]:
    """The navigation's first groups: their heading, whether they stand at the foot, their entries."""
    return [
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
                ("products", _("Products"), "package", reverse("manage:products"), Action.MANAGE_CATALOGUE),
                (
                    "sessions",
                    _("Sessions and pickups"),
                    "calendar-check",
                    reverse("manage:sessions"),
                    Action.PLAN_SESSIONS,
                ),
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
    ]


def _the_rest() -> list[Group]:
    """What stands at the foot."""
    return [
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
                ("plan", _("Plan and usage"), "credit-card", reverse("manage:plan"), Action.MANAGE_BILLING),
                ("acts", _("Operators' access"), "eye", reverse("manage:acts"), Action.READ_OPERATOR_ACTS),
                ("account", _("My account"), "shield-check", "/staff/", None),
            ],
        ),
    ]


def nav_of(office: Office, current: str) -> list[dict[str, Any]]:
    """The navigation with only what the actor may open; of a suspended chain the way to pay alone."""
    if office.chain.state == ChainState.SUSPENDED:
        return _way_to_pay(current)
    found = []
    for label, rest, entries in _what_is_sold_and_by_whom() + _the_rest():
        shown = [
            {"label": words, "icon": icon, "url": url, "current": key == current}
            for key, words, icon, url, action in entries
            if action is None or office.may_anywhere(action)
        ]
        if shown:
            found.append({"label": label, "entries": shown, "rest": rest})
    return found


def _way_to_pay(current: str) -> list[dict[str, Any]]:
    entry = {
        "label": _("Plan and usage"),
        "icon": "credit-card",
        "url": reverse("manage:plan"),
        "current": current == "plan",
    }
    return [{"label": "", "entries": [entry], "rest": False}]


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
    answer = render(request, template, {**frame_of(office, current), **(context or {})}, status=status)
    add_never_cache_headers(answer)
    return answer


def frame_of(office: Office, current: str) -> dict[str, Any]:
    """What surrounds a page of the office, read in the chain's scope."""
    stores = len(office.stores(Action.MANAGE_STORE)) or len(office.stores(Action.MANAGE_PEOPLE))
    return {
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
        "payment": payment_banner(office) if current != "plan" else None,
    }


def payment_banner(office: Office) -> dict[str, str] | None:
    """What stands above every page while the subscription is not paid: to owners what to do; past due to
    nobody else, read-only to all of the office, for they see that nothing new can begin."""
    state, owner = office.chain.state, office.may(Action.MANAGE_BILLING)
    url = reverse("manage:plan") if owner else ""
    if state == ChainState.PAST_DUE and owner:
        over = unpaid_cause() == Cause.TRIAL_OVER
        text = _("Everything goes on working for now. See until when, and choose a plan.")
        return {
            "tone": "warn",
            "title": _("The trial is over") if over else _("The subscription is not paid"),
            "text": text if over else _("Everything goes on working for now. See until when, and pay."),
            "url": url,
        }
    if state == ChainState.READ_ONLY:
        refusal = ChainReadOnly(cause=unpaid_cause())
        return {
            "tone": "bad",
            "title": _("Read-only: no new bookings can be made"),
            "text": refusal.sentence()
            if owner
            else _("%(finding)s %(way)s") % {"finding": refusal.sentence(), "way": refusal.way_out()},
            "url": url,
        }
    return None


def room_of(office: Office, limit: Limit, *, used: Callable[[], int]) -> dict[str, Any]:
    """For manage/_full.html: what the plan has no room for now, and the owner's way to more."""
    owner = office.may(Action.MANAGE_BILLING)
    return {
        "full": find_full(office.chain.entitlements, limit, used=used),
        "plan_url": reverse("manage:plan") if owner else "",
    }


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
