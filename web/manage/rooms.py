"""What stands in a store: rooms, tables, stations, equipment, and what is put together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tenants.catalogue.domain.warnings import warn_of_stores
from tenants.people.domain.places import add_resource, change_resource, combine_resources, drop_combination
from tenants.people.domain.rights import Action, NotSeen
from tenants.stores.models import Resource, ResourceCombination, ResourceKind, Store
from web.formats import format_list
from web.manage.access import Office, in_office
from web.manage.forms import OfficeForm
from web.manage.frame import done, show_form

managers = in_office(Action.MANAGE_STORE)

KINDS = [
    (ResourceKind.ROOM.value, gettext_lazy("Room")),
    (ResourceKind.TABLE.value, gettext_lazy("Table")),
    (ResourceKind.STATION.value, gettext_lazy("Station")),
    (ResourceKind.EQUIPMENT.value, gettext_lazy("Equipment")),
]


class ThingForm(OfficeForm):
    """A room, table, station or piece of equipment."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    min_party = forms.IntegerField(label=gettext_lazy("For at least"), min_value=1, max_value=999, initial=1)
    capacity = forms.IntegerField(label=gettext_lazy("For at most"), min_value=1, max_value=999, initial=1)
    tags = forms.CharField(label=gettext_lazy("Features"), max_length=400, required=False)
    active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    def fields_told(self) -> dict[str, Any]:
        """The values as the domain reads them."""
        cleaned = self.cleaned_data
        told = {name: cleaned[name] for name in ("kind", "name", "min_party", "capacity")}
        return {**told, "tags": words_in(cleaned["tags"])}


class CombinationForm(OfficeForm):
    """Tables for one larger party."""

    domain_names = {"members": "members", "min_party": "min_party"}

    members = forms.MultipleChoiceField(label=pgettext_lazy("tables", "Together"), required=False)
    min_party = forms.IntegerField(label=gettext_lazy("For at least"), min_value=1, max_value=999, initial=1)
    max_party = forms.IntegerField(label=gettext_lazy("For at most"), min_value=1, max_value=999)

    def __init__(self, *args: Any, things: list[Resource], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"].choices = [(str(one.id), one.name) for one in things]  # type: ignore[attr-defined]

    def member_options(self) -> list[dict[str, Any]]:
        """What can be combined, as ui/choices reads it."""
        chosen = {str(one) for one in self["members"].value() or []}
        choices = self.fields["members"].choices  # type: ignore[attr-defined]
        return [{"value": key, "label": words, "checked": key in chosen} for key, words in choices]


def words_in(text: str) -> list[str]:
    """Words set apart by a comma, Chinese or Latin."""
    parts = text.replace("，", ",").replace("、", ",").split(",")
    return [part.strip() for part in parts if part.strip()]


def things_of(store: Store) -> list[Resource]:
    """The store's rooms, tables, stations and equipment that are in use."""
    return list(Resource.objects.filter(store=store, active=True).order_by("kind", "name"))


@require_http_methods(["GET", "POST"])
@managers
def show_things(request: HttpRequest, office: Office, store_id: UUID) -> HttpResponse:
    """What stands in the store, what is put together, and one more."""
    store = office.store(store_id, Action.MANAGE_STORE)
    form = ThingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.fields_told()
        if form.takes(lambda: add_resource(store.id, by=office.actor, **told)):
            return done(request, reverse("manage:stores"), _("Added"))
    labels = dict(KINDS)
    context = {
        "form": form,
        "store": store,
        "things": [
            {
                "thing": one,
                "kind": labels[one.kind],
                "tags": format_list(one.tags, language=get_language() or "en"),
            }
            for one in things_of(store)
        ],
        "pairs": ResourceCombination.objects.filter(store=store).prefetch_related("members"),
        "warnings": warn_of_stores({store.id}),
    }
    title = _("Rooms and tables of %(store)s") % {"store": store.name}
    return _form(request, office, "_things", context, title, _("Add"))


@require_http_methods(["GET", "POST"])
@managers
def edit_thing(request: HttpRequest, office: Office, store_id: UUID, resource_id: UUID) -> HttpResponse:
    """Its name, for how many, its features; out of use, or back."""
    store = office.store(store_id, Action.MANAGE_STORE)
    thing = Resource.objects.filter(id=resource_id, store=store).first()
    if thing is None:
        raise NotSeen
    initial = {name: getattr(thing, name) for name in ("kind", "name", "min_party", "capacity", "active")}
    form = ThingForm(request.POST or None, initial={**initial, "tags": ", ".join(thing.tags)})
    if request.method == "POST" and form.is_valid():
        told: Any = {**form.fields_told(), "active": form.cleaned_data["active"]}
        if form.takes(lambda: change_resource(thing.id, told, by=office.actor)):
            return done(request, reverse("manage:stores"), _("Saved"))
    context = {"form": form, "store": store, "thing": thing}
    return _form(request, office, "_thing", context, thing.name, _("Save"))


@require_http_methods(["GET", "POST"])
@managers
def combine(request: HttpRequest, office: Office, store_id: UUID) -> HttpResponse:
    """Put things together for a larger party."""
    store = office.store(store_id, Action.MANAGE_STORE)
    form = CombinationForm(request.POST or None, things=things_of(store))
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        members = [UUID(one) for one in cleaned["members"]]
        sizes = {name: cleaned[name] for name in ("min_party", "max_party")}
        if form.takes(lambda: combine_resources(store.id, members, name="", by=office.actor, **sizes)):
            return done(request, reverse("manage:stores"), _("Can be put together"))
    context = {"form": form, "store": store}
    return _form(request, office, "_combine", context, _("Put together"), _("Save"))


@require_POST
@managers
def take_apart(request: HttpRequest, office: Office, store_id: UUID, combination_id: UUID) -> HttpResponse:
    """Combine no more."""
    office.store(store_id, Action.MANAGE_STORE)
    drop_combination(combination_id, by=office.actor)
    return done(request, reverse("manage:stores"), _("No longer put together"))


def _form(
    request: HttpRequest, office: Office, body: str, context: dict[str, Any], title: str, save: str
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
        save_label=save,
        refused=request.method == "POST",
    )
