"""Services: the table, one in its drawer, and what publishing it will change."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.booking.domain.figures import count_by_service, count_upcoming
from tenants.catalogue.domain.differences import Differences, find_differences
from tenants.catalogue.domain.needs import specs_of
from tenants.catalogue.domain.practitioners import read_practitioners
from tenants.catalogue.domain.services import change_service, create_service
from tenants.catalogue.domain.warnings import Warning, warn_of_draft
from tenants.catalogue.models import Service
from tenants.people.domain.rights import Action, NotSeen
from tenants.people.models import Employee, Skill
from tenants.stores.models import Store
from web.formats import format_duration, format_money
from web.manage.access import Office, in_office
from web.manage.forms import other_language
from web.manage.frame import done, is_fragment, names_of, show, show_form
from web.manage.service_form import ServiceForm

catalogue = in_office(Action.MANAGE_CATALOGUE)


@dataclass(slots=True)
class Effect:
    """What publishing changes, and what speaks against it."""

    lines: list[str] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)


@require_safe
@catalogue
def show_services(request: HttpRequest, office: Office) -> HttpResponse:
    """The table, by group, with a search and two filters."""
    wanted = request.GET
    everything = list(Service.objects.prefetch_related("offers"))
    counts = count_by_service(by=office.actor, now=office.now)
    other = other_language(office.chain.locale)
    rows = [
        {
            "service": service,
            "second": service.translations.get(other, {}).get("name", ""),
            "stores": sum(offer.active for offer in service.offers.all()),
            "booked": counts.get(service.id, 0),
        }
        for service in everything
        if _fits(service, wanted, other)
    ]
    order: dict[str, int] = {}
    for row in rows:
        order.setdefault(row["service"].category, len(order))
    rows.sort(key=lambda row: order[row["service"].category])
    groups = [
        {"name": name, "rows": list(members)}
        for name, members in groupby(rows, key=lambda row: row["service"].category)
    ]
    online = sum(service.online and service.active for service in everything)
    context = {
        "page_title": _("Services"),
        "groups": groups,
        "found": len(rows),
        "count": len(everything),
        "online": online,
        "stores": Store.objects.filter(active=True),
        "q": wanted.get("q", ""),
        "store": wanted.get("store", ""),
        "state": wanted.get("state", ""),
    }
    return show(request, office, "manage/services.html", context, current="services")


def _fits(service: Service, wanted: QueryDict, other: str) -> bool:
    text, store, state = (wanted.get(name, "").strip() for name in ("q", "store", "state"))
    words = f"{service.name} {service.translations.get(other, {}).get('name', '')}".casefold()
    if text and text.casefold() not in words:
        return False
    if store and not any(str(offer.store_id) == store and offer.active for offer in service.offers.all()):
        return False
    if state == "retired":
        return not service.active
    if not service.active:
        return False
    return state != "online" or service.online


def _form_of(request: HttpRequest, office: Office, service: Service | None) -> ServiceForm:
    return ServiceForm(
        request.POST or None,
        service=service,
        stores=list(Store.objects.filter(active=True)),
        skills=list(Skill.objects.all()),
        currency=office.chain.currency,
        locale=office.chain.locale,
    )


def _read(service_id: UUID) -> Service:
    service = Service.objects.prefetch_related("skills", "offers__store").filter(id=service_id).first()
    if service is None:
        raise NotSeen
    return service


def _show(request: HttpRequest, office: Office, form: ServiceForm, service: Service | None) -> HttpResponse:
    effect = effect_of(office, form, service)
    offered = len(form["stores"].value() or [])
    effect_url = (
        reverse("manage:service_effect", args=[service.id])
        if service
        else reverse("manage:service_effect_new")
    )
    context = {
        "form": form,
        "service": service,
        "effect": effect,
        "effect_url": effect_url,
        "able": able_people(form) if service else [],
        "own_name": "中文" if office.chain.locale.startswith("zh") else "English",
        "other_name": "English" if office.chain.locale.startswith("zh") else "中文",
        "other_lang": form.other,
        "own_lang": office.chain.locale,
    }
    label = ngettext("Publish to %(n)s store", "Publish to %(n)s stores", offered) % {"n": offered}
    return show_form(
        request,
        office,
        "manage/services/_edit.html",
        context,
        title=service.name if service else _("New service"),
        current="services",
        back=reverse("manage:services"),
        back_label=_("Services"),
        save_label=label,
        foot="manage/services/_foot.html",
        start="manage/services/_start.html",
        refused=request.method == "POST",
    )


def able_people(form: ServiceForm) -> list[Employee]:
    """Who can do it as the form stands now, at one at least of the stores that are ticked (of all, if none is)."""
    needed = {UUID(one) for one, _name in form.fields["skills"].choices if one in form.ticked("skills")}  # type: ignore[attr-defined]
    ticked = form.ticked("stores")
    stores = [store.id for store in form.known_stores if not ticked or str(store.id) in ticked]
    return [
        one.employee
        for one in read_practitioners()
        if any(one.can_do(needed, store_id=store_id) for store_id in stores)
    ]


@require_http_methods(["GET", "POST"])
@catalogue
def new(request: HttpRequest, office: Office) -> HttpResponse:
    """A service of the chain's own."""
    form = _form_of(request, office, None)
    if request.method == "POST" and form.is_valid():
        stores = [store.id for store in form.chosen_stores()]

        def keep() -> None:
            create_service(
                form.service_fields(),
                price=form.price(),
                skills=form.chosen_skills(),
                stores=stores,
                by=office.actor,
            )

        if form.takes(keep):
            return done(request, reverse("manage:services"), _("The service is published"))
    return _show(request, office, form, None)


@require_http_methods(["GET", "POST"])
@catalogue
def edit(request: HttpRequest, office: Office, service_id: UUID) -> HttpResponse:
    """One service; `retire` takes it off every store, `restore` brings it back."""
    service = _read(service_id)
    if request.method == "POST" and ("retire" in request.POST or "restore" in request.POST):
        active = "restore" in request.POST
        form = _form_of(request, office, service)
        version, by = form.opened_with(), office.actor
        if not form.takes(lambda: change_service(service.id, {"active": active}, by=by, version=version)):
            return _show(request, office, form, service)
        said = _("The service is back") if active else _("The service is retired; bookings already made stay")
        return done(request, reverse("manage:services"), said)
    form = _form_of(request, office, service)
    if request.method == "POST" and form.is_valid():

        def keep() -> None:
            change_service(
                service.id,
                form.service_fields(),
                price=form.price(),
                skills=form.chosen_skills(),
                offers=form.offers(),
                by=office.actor,
                version=form.cleaned_data["version"],
            )

        if form.takes(keep):
            return done(request, reverse("manage:services"), _("The service is published"))
    return _show(request, office, form, service)


@require_POST
@catalogue
def switch_online(request: HttpRequest, office: Office, service_id: UUID) -> HttpResponse:
    """On or off for members, straight from the table."""
    online = request.POST.get("online") == "on"
    change_service(service_id, {"online": online}, by=office.actor)
    if not is_fragment(request):
        return done(request, reverse("manage:services"))
    return HttpResponse(status=204)


@require_POST
@catalogue
def show_effect(request: HttpRequest, office: Office, service_id: UUID | None = None) -> HttpResponse:
    """What the form, as it is now, would change; nothing is kept."""
    service = _read(service_id) if service_id else None
    form = _form_of(request, office, service)
    context = {"form": form, "service": service, "effect": effect_of(office, form, service), "live": True}
    return render(request, "manage/services/_effect.html", context)


def effect_of(office: Office, form: ServiceForm, service: Service | None) -> Effect:
    """The differences in words, what stays as promised, and contradictions of the new configuration."""
    effect = Effect()
    if form.is_bound and form.is_valid():
        stores = form.chosen_stores()
        minutes = form.cleaned_data["minutes"]
        around = (form.cleaned_data["prepare"] or 0, form.cleaned_data["clean_up"] or 0)
        skills = [UUID(one) for one in form.cleaned_data["skills"]]
        if service is not None:
            effect.lines = _lines(office, service, find_differences(service, form.draft(), stores=stores))
    elif service is not None and not form.is_bound:
        stores = [offer.store for offer in service.offers.all() if offer.active]
        minutes, skills = service.minutes, [one.id for one in service.skills.all()]
        around = (service.prepare, service.clean_up)
    else:
        return effect
    needs = specs_of(service) if service is not None else []
    effect.warnings = warn_of_draft(minutes, skills, stores, needs=needs, around=around)
    return effect


def _lines(office: Office, service: Service, changed: Differences) -> list[str]:
    """The differences in words."""
    language = get_language() or "en"
    lines = []
    if changed.price is not None:
        before, after = (
            format_money(amount, service.currency, language=language, exact=False) for amount in changed.price
        )
        text = ngettext(
            "Price %(before)s → %(after)s at %(n)s store",
            "Price %(before)s → %(after)s at %(n)s stores",
            changed.priced_at,
        )
        lines.append(text % {"before": before, "after": after, "n": changed.priced_at})
    if changed.calendar is not None:
        before, after = (format_duration(minutes, language=language) for minutes in changed.calendar)
        words = {"before": before, "after": after}
        lines.append(_("A visit takes %(before)s → %(after)s of the calendar") % words)
    if changed.gone:
        lines.append(_("No longer offered at %(names)s") % {"names": names_of(changed.gone)})
    if changed.come:
        lines.append(_("New at %(names)s") % {"names": names_of(changed.come)})
    if changed.hidden:
        lines.append(_("Members no longer see it; staff can still book it"))
    upcoming = count_upcoming(service.id, now=office.now) if changed.any else 0
    if upcoming:
        text = ngettext(
            "%(n)s booking already made keeps its price and time",
            "%(n)s bookings already made keep their price and time",
            upcoming,
        )
        lines.append(text % {"n": upcoming})
    return lines
