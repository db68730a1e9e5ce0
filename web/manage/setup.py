"""The guided set-up: store, hours, services, staff, and the door opens. Each step keeps itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from tenants.catalogue.domain.choosing import choose_services
from tenants.catalogue.domain.opening import MISSING, NotReady, open_chain, what_is_missing
from tenants.catalogue.models import Service
from tenants.people.domain.places import change_store, open_store, set_hours
from tenants.people.domain.rights import Action
from tenants.people.domain.shifts import WeekShift
from tenants.people.domain.teams import serve_oneself, take_on
from tenants.people.domain.week import practitioners_at
from tenants.people.models import Employee, Skill
from tenants.stores.domain.stores import DayHours
from tenants.stores.models import OpeningHours, Store
from web.manage.access import Office, in_office
from web.manage.frame import SIGN_OUT, shop_address
from web.manage.setup_forms import HelperForm, ServicesForm, StoreForm
from web.manage.weekly import WeekForm
from web.qr import draw_qr
from web.storefront.theme import theme_url

STEPS = ("store", "hours", "services", "staff", "open")
# Which step gives what the opening may still lack.
STEP_OF = {
    "store": "store",
    "hours": "hours",
    "service": "services",
    "practitioner": "staff",
    "shifts": "staff",
}
REACHED = "setup_at"

owner_only = in_office(Action.MANAGE_CHAIN)


def url_of(step: str) -> str:
    """A step's address."""
    return reverse(f"manage:setup_{step}")


def first_store() -> Store | None:
    """The store that is being set up: the first of the chain's open ones."""
    return Store.objects.filter(active=True).first()


def show_step(
    request: HttpRequest, office: Office, step: str, context: dict[str, Any], *, refused: bool = False
) -> HttpResponse:
    """A step in the set-up's quiet frame."""
    at = STEPS.index(step)
    request.session[REACHED] = step
    words = [_("Store"), _("Hours"), _("Services"), _("Staff"), pgettext("step", "Open")]
    frame = {
        "office": office,
        "now": office.now,
        "zone": office.chain.time_zone,
        "theme_css_url": theme_url(office.chain),
        "chain_name": office.chain.name,
        "employee_name": office.actor.name,
        "sign_out_url": SIGN_OUT,
        "steps": words,
        "at": at + 1,
        "links": [
            {"label": word, "url": url_of(name), "done": place < at, "current": place == at}
            for place, (name, word) in enumerate(zip(STEPS, words, strict=True))
        ],
        "back_url": url_of(STEPS[at - 1]) if at else "",
    }
    template = f"manage/setup/{step}.html"
    answer = render(request, template, {**frame, **context}, status=422 if refused else 200)
    add_never_cache_headers(answer)
    return answer


@owner_only
def resume(request: HttpRequest, office: Office) -> HttpResponse:
    """Where the owner left off; from another device, the first step that still lacks something."""
    reached = request.session.get(REACHED)
    if reached not in STEPS:
        store = first_store()
        missing = what_is_missing()
        untouched = store is None or not store.address
        reached = "store" if untouched else STEP_OF[missing[0]] if missing else "open"
    return HttpResponseRedirect(url_of(reached))


def _with_store(
    view: Callable[[HttpRequest, Office, Store], HttpResponse],
) -> Callable[[HttpRequest, Office], HttpResponse]:
    """A step that needs the store: without one, back to the first."""

    def stepped(request: HttpRequest, office: Office) -> HttpResponse:
        store = first_store()
        return HttpResponseRedirect(url_of("store")) if store is None else view(request, office, store)

    return stepped


@require_http_methods(["GET", "POST"])
@owner_only
def store(request: HttpRequest, office: Office) -> HttpResponse:
    """Step 1: name, address, phone, zone."""
    kept = first_store()
    form = StoreForm(request.POST or None, chain=office.chain, store=kept)
    if request.method == "POST" and form.is_valid():
        fields = form.store_fields()

        def keep() -> None:
            if kept is None:
                open_store(fields, by=office.actor)
            else:
                version = form.cleaned_data["version"]
                change_store(kept.id, fields, by=office.actor, version=version)

        if form.takes(keep):
            return HttpResponseRedirect(url_of("hours"))
    return show_step(request, office, "store", {"form": form}, refused=request.method == "POST")


@require_http_methods(["GET", "POST"])
@owner_only
@_with_store
def hours(request: HttpRequest, office: Office, store: Store) -> HttpResponse:
    """Step 2: the weekly hours."""
    form = WeekForm(request.POST or None, week=_hours_of(store), version=store.calendar_version)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        spans = [DayHours(*span) for span in form.spans()]
        if not spans:
            form.add_error("d1", _("Tick the days on which you are open."))
        elif form.takes(lambda: set_hours(store.id, spans, by=office.actor, version=version)):
            return HttpResponseRedirect(url_of("services"))
    context = {"form": form, "store": store}
    return show_step(request, office, "hours", context, refused=request.method == "POST")


@require_http_methods(["GET", "POST"])
@owner_only
@_with_store
def services(request: HttpRequest, office: Office, store: Store) -> HttpResponse:
    """Step 3: which services, at what price."""
    known = list(Service.objects.filter(currency=store.currency))
    skills = list(Skill.objects.values_list("name", flat=True))
    form = ServicesForm(request.POST or None, services=known, currency=store.currency)
    if request.method == "POST" and form.is_valid():
        told = {"own": form.own(), "by": office.actor, "version": form.cleaned_data["version"]}
        choices = form.choices()
        if form.takes(lambda: choose_services(store.id, choices, **told)):
            return HttpResponseRedirect(url_of("services" if "more" in request.POST else "staff"))
    context = {"form": form, "store": store, "skills": skills}
    return show_step(request, office, "services", context, refused=request.method == "POST")


@require_http_methods(["GET", "POST"])
@owner_only
@_with_store
def staff(request: HttpRequest, office: Office, store: Store) -> HttpResponse:
    """Step 4: who serves; the owner too, if they say so."""
    people = practitioners_at(store.id)
    oneself = any(person.id == office.actor.employee_id for person in people)
    skills = list(Skill.objects.filter(services__active=True).distinct())
    own = Employee.objects.get(id=office.actor.employee_id)
    form = HelperForm(
        request.POST or None,
        initial={"version": own.version},
        skills=skills,
        oneself=oneself,
        anyone=bool(people),
    )
    week = WeekForm(request.POST or None, week=_hours_of(store))
    if request.method == "POST" and form.is_valid() and (form.follows_store or week.is_valid()):
        shifts = None if form.follows_store else [WeekShift(*span) for span in week.spans()]
        told: dict[str, Any] = {
            "skills": form.cleaned_data["skills"],
            "week": shifts,
            "by": office.actor,
            "chain": office.chain,
            "now": office.now,
        }

        def keep() -> None:
            if form.is_oneself:
                serve_oneself(store.id, version=form.cleaned_data["version"], **told)
            else:
                who = {name: form.cleaned_data[name] for name in ("name", "email")}
                take_on(store.id, **who, **told)

        if form.takes(keep):
            return HttpResponseRedirect(url_of("staff" if "more" in request.POST else "open"))
    context = {"form": form, "week": week, "store": store, "people": people, "oneself": oneself}
    return show_step(request, office, "staff", context, refused=request.method == "POST")


@owner_only
def ready(request: HttpRequest, office: Office) -> HttpResponse:
    """The end: what is missing still, or that the shop is open, with its address and QR."""
    missing = [
        {"code": code, "words": MISSING[code], "url": url_of(STEP_OF[code])} for code in what_is_missing()
    ]
    return show_step(request, office, "open", _ending(request, office) | {"missing": missing})


@require_POST
@owner_only
def open_shop(request: HttpRequest, office: Office) -> HttpResponse:
    """Open the chain for bookings; what it lacks is shown instead where it cannot."""
    try:
        opened = open_chain(by=office.actor, now=office.now)
    except NotReady:
        return HttpResponseRedirect(url_of("open"))
    return show_step(
        request, office, "open", _ending(request, office) | {"opened_at": opened, "just_now": True}
    )


def _ending(request: HttpRequest, office: Office) -> dict[str, Any]:
    address = shop_address(request)
    kept = first_store()
    return {
        "store": kept,
        "address": address,
        "address_words": address.split("//", 1)[1].rstrip("/"),
        "qr": draw_qr(address),
        "opened_at": office.chain.opened_at,
        "missing": [],
        "offered": Service.objects.filter(active=True, offers__active=True).distinct().count(),
        "people": practitioners_at(kept.id) if kept else [],
    }


def _hours_of(store: Store) -> list[tuple[int, int, int]]:
    return list(OpeningHours.objects.filter(store=store).values_list("weekday", "opens", "closes"))
