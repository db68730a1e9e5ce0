"""Stores: the list, what can be said of one, its weekly hours, the days it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.domain.entitlements import Limit
from tenants.catalogue.domain.warnings import warn_of_all
from tenants.extension.registry import verticals
from tenants.people.domain.places import change_store, close_days, open_store, reopen_days, set_hours
from tenants.people.domain.rights import Action
from tenants.stores.domain.resources import LONGEST_WAY, Way, read_ways
from tenants.stores.domain.stores import DayHours, StoreFields, count_stores
from tenants.stores.domain.wall import local_date
from tenants.stores.models import Closure, OpeningHours, Store
from web.manage.access import Office, in_office
from web.manage.forms import OfficeForm
from web.manage.frame import done, room_of, show, show_form
from web.manage.setup_forms import StoreForm
from web.manage.weekly import WeekForm, describe_week

managers = in_office(Action.MANAGE_STORE)


class FullStoreForm(StoreForm):
    """A store with everything: the way there, the industries it serves, whether it is in use."""

    directions = forms.CharField(label=gettext_lazy("How to get there"), max_length=300, required=False)
    verticals = forms.MultipleChoiceField(label=gettext_lazy("Serves"), required=False)
    active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    latitude = forms.FloatField(label=gettext_lazy("Latitude"), min_value=-90, max_value=90, required=False)
    longitude = forms.FloatField(
        label=gettext_lazy("Longitude"), min_value=-180, max_value=180, required=False
    )

    def __init__(self, *args: Any, store: Store | None, ways: Sequence[Way] = (), **kwargs: Any) -> None:
        super().__init__(*args, store=store, **kwargs)
        self.ways = ways
        for way in ways:
            self.fields[f"way-{way.store_id}"] = forms.IntegerField(
                label=_("Minutes to %(store)s") % {"store": way.name},
                min_value=0,
                max_value=LONGEST_WAY,
                required=False,
            )
            self.initial[f"way-{way.store_id}"] = way.minutes or None
        if store is None:
            self.initial.update({"name": "", "verticals": list(self.chain.verticals)})
        else:
            self.initial.update(
                {
                    "directions": store.directions,
                    "verticals": list(store.verticals),
                    "active": store.active,
                    "latitude": store.latitude,
                    "longitude": store.longitude,
                }
            )
        language = get_language() or "en"
        self.fields["verticals"].choices = [  # type: ignore[attr-defined]
            (one.code, one.name(language)) for one in verticals() if one.code in self.chain.verticals
        ]

    def store_fields(self) -> StoreFields:
        """The values as the domain reads them."""
        cleaned = self.cleaned_data
        return {
            **super().store_fields(),
            "directions": cleaned["directions"],
            "verticals": cleaned["verticals"],
            "active": cleaned["active"],
            "latitude": cleaned["latitude"],
            "longitude": cleaned["longitude"],
        }

    def changed_ways(self) -> dict[UUID, int]:
        """Minutes to each store whose way is another now; an empty field is no time at all."""
        told = {way: self.cleaned_data[f"way-{way.store_id}"] or 0 for way in self.ways}
        return {way.store_id: minutes for way, minutes in told.items() if minutes != way.minutes}

    def way_fields(self) -> list[Any]:
        """The fields of the ways to other stores."""
        return [self[f"way-{way.store_id}"] for way in self.ways]

    def vertical_options(self) -> list[dict[str, Any]]:
        """The chain's industries, as ui/choices reads them."""
        chosen = self["verticals"].value() or []
        icons = {one.code: one.icon for one in verticals()}
        choices = self.fields["verticals"].choices  # type: ignore[attr-defined]
        return [
            {"value": code, "label": words, "icon": icons[code], "checked": code in chosen}
            for code, words in choices
        ]


class ClosureForm(OfficeForm):
    """Days on which the store is closed; the last one counts."""

    domain_names = {"!range_backwards": "last"}

    first = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)


@require_safe
@managers
def show_stores(request: HttpRequest, office: Office) -> HttpResponse:
    """The actor's stores with their hours."""
    ids = [store.id for store in office.stores(Action.MANAGE_STORE, all_states=True)]
    today = office.now.date() - timedelta(1)
    closures = Prefetch("closures", Closure.objects.filter(ends_on__gt=today))
    stores = Store.objects.filter(id__in=ids).prefetch_related("hours", closures)
    warned = warn_of_all()
    cards = [
        {
            "store": store,
            "warnings": [(service, one) for service, one in warned if one.store_id == store.id],
            "week": describe_week((row.weekday, row.opens, row.closes) for row in store.hours.all()),
            "closures": [
                {"starts_on": row.starts_on, "last": row.ends_on - timedelta(1), "reason": row.reason}
                for row in store.closures.all()
            ],
        }
        for store in stores
    ]
    context = {
        "page_title": _("Stores"),
        "cards": cards,
        "may_create": office.may(Action.CREATE_STORE),
        **(room_of(office, Limit.STORES, used=count_stores) if office.may(Action.CREATE_STORE) else {}),
    }
    return show(request, office, "manage/stores.html", context, current="stores")


def _form(
    request: HttpRequest, office: Office, body: str, context: dict[str, Any], title: str, save: str = ""
) -> HttpResponse:
    return show_form(
        request,
        office,
        f"manage/stores/{body}.html",
        context,
        title=title,
        current="stores",
        back=reverse("manage:stores"),
        back_label=_("Stores"),
        save_label=save or _("Save"),
        refused=request.method == "POST",
    )


@require_http_methods(["GET", "POST"])
@in_office(Action.CREATE_STORE)
def new(request: HttpRequest, office: Office) -> HttpResponse:
    """The form of a new store, and the store it makes."""
    form = FullStoreForm(request.POST or None, chain=office.chain, store=None)
    if request.method == "POST" and form.is_valid():
        fields = form.store_fields()
        if form.takes(lambda: open_store(fields, by=office.actor)):
            return done(request, reverse("manage:stores"), _("The store is there; its hours come next"))
    return _form(request, office, "_edit", {"form": form}, _("New store"), _("Add the store"))


@require_http_methods(["GET", "POST"])
@managers
def edit(request: HttpRequest, office: Office, store_id: UUID) -> HttpResponse:
    """Name, address, phone, zone, industries."""
    store = office.store(store_id, Action.MANAGE_STORE)
    others = [one for one in office.stores(Action.MANAGE_STORE) if one.id != store.id]
    ways = read_ways(store.id, others)
    form = FullStoreForm(request.POST or None, chain=office.chain, store=store, ways=ways)
    if request.method == "POST" and form.is_valid():
        fields, changed = form.store_fields(), form.changed_ways()
        version = form.cleaned_data["version"]
        if form.takes(lambda: change_store(store.id, fields, by=office.actor, version=version, ways=changed)):
            return done(request, reverse("manage:stores"), _("Saved"))
    return _form(request, office, "_edit", {"form": form, "store": store}, store.name)


@require_http_methods(["GET", "POST"])
@managers
def hours(request: HttpRequest, office: Office, store_id: UUID) -> HttpResponse:
    """The weekly hours."""
    store = office.store(store_id, Action.MANAGE_STORE)
    kept = OpeningHours.objects.filter(store=store).values_list("weekday", "opens", "closes")
    form = WeekForm(request.POST or None, week=kept, version=store.calendar_version)
    if request.method == "POST" and form.is_valid():
        spans, version = [DayHours(*span) for span in form.spans()], form.cleaned_data["version"]
        if form.takes(lambda: set_hours(store.id, spans, by=office.actor, version=version)):
            return done(request, reverse("manage:stores"), _("Hours saved"))
    title = _("Hours of %(store)s") % {"store": store.name}
    return _form(request, office, "_hours", {"form": form, "store": store}, title)


@require_http_methods(["GET", "POST"])
@managers
def closures(request: HttpRequest, office: Office, store_id: UUID) -> HttpResponse:
    """The days the store is closed, and more of them."""
    store = office.store(store_id, Action.MANAGE_STORE)
    today: date = local_date(office.now, ZoneInfo(store.time_zone))
    initial = {"first": today.isoformat(), "last": today.isoformat(), "version": store.calendar_version}
    form = ClosureForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        told = {name: form.cleaned_data[name] for name in ("reason", "version")}
        told |= {"first": first, "end": last + timedelta(1)}
        if form.takes(lambda: close_days(store.id, by=office.actor, **told)):
            return done(request, reverse("manage:stores"), _("Closed on these days"))
    rows = [
        {"closure": row, "last": row.ends_on - timedelta(1)}
        for row in Closure.objects.filter(store=store, ends_on__gt=today)
    ]
    title = _("Closed days of %(store)s") % {"store": store.name}
    context = {"form": form, "store": store, "rows": rows}
    return _form(request, office, "_closures", context, title, _("Close these days"))


@require_POST
@managers
def reopen(request: HttpRequest, office: Office, store_id: UUID, closure_id: UUID) -> HttpResponse:
    """Take a closure back."""
    store = office.store(store_id, Action.MANAGE_STORE)
    reopen_days(store.id, closure_id, by=office.actor)
    return done(request, reverse("manage:stores"), _("Open again on these days"))
