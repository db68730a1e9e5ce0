"""The forms of the guided set-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from chains.domain.signup_fields import time_zones
from chains.hosts import ChainInfo
from tenants.catalogue.domain.choosing import Choice, OwnService, version_of
from tenants.catalogue.models import Service
from tenants.people.models import Skill
from tenants.stores.domain.stores import StoreFields
from tenants.stores.models import Store
from web.manage.forms import MoneyField, OfficeForm


def zone_choices(own: str) -> list[tuple[str, str]]:
    """Every zone that a sign-up takes, and the store's `own`, which the API may have set to another; by name."""
    return [(zone, zone.replace("_", " ")) for zone in sorted({*time_zones(), own})]


class StoreForm(OfficeForm):
    """What members must know of a store, and its zone."""

    domain_names = {"!phone_invalid": "phone"}

    name = forms.CharField(label=_("Store's name"), max_length=120)
    address = forms.CharField(label=_("Address"), max_length=300)
    phone = forms.CharField(label=pgettext_lazy("of a store", "Phone"), max_length=40, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, *args: Any, chain: ChainInfo, store: Store | None, **kwargs: Any) -> None:
        self.chain = chain
        self.is_new = store is None
        initial = {"name": chain.name, "time_zone": chain.time_zone, "version": 0}
        if store is not None:
            kept = ("name", "address", "phone", "time_zone", "version")
            initial = {name: getattr(store, name) for name in kept}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["time_zone"].choices = zone_choices(str(initial["time_zone"]))  # type: ignore[attr-defined]

    def store_fields(self) -> StoreFields:
        """The cleaned values as the domain reads them; a new store takes the rest from its chain."""
        fields: StoreFields = {
            "name": self.cleaned_data["name"],
            "address": self.cleaned_data["address"],
            "phone": self.cleaned_data["phone"],
            "time_zone": self.cleaned_data["time_zone"],
        }
        if self.is_new:
            fields["currency"] = self.chain.currency
            fields["country"] = self.chain.country
            fields["verticals"] = list(self.chain.verticals)
        return fields


class ServicesForm(OfficeForm):
    """For each known service a tick and a price; and one of the shop's own."""

    domain_names = {"services": "own_name"}

    own_name = forms.CharField(label=_("Name"), max_length=120, required=False)
    own_minutes = forms.IntegerField(label=_("Minutes"), min_value=5, max_value=1440, required=False)

    def __init__(self, *args: Any, services: Sequence[Service], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.services = services
        self.initial["version"] = version_of(services)
        self.fields["own_price"] = MoneyField(label=_("Price"), currency=currency, required=False)
        for service in services:
            self.fields[f"s{service.id}"] = forms.BooleanField(required=False, label=service.name)
            self.initial[f"s{service.id}"] = service.active and service.online
            self.fields[f"p{service.id}"] = MoneyField(
                label=_("Price of %(name)s") % {"name": service.name}, currency=currency, required=False
            )
            # a service the template has no price for in this currency waits for one
            self.initial[f"p{service.id}"] = service.price_amount or None

    def clean(self) -> dict[str, Any]:
        """A price for what is ticked; an own service whole or not at all."""
        cleaned = super().clean() or {}
        for service in self.services:
            price = f"p{service.id}"
            if cleaned.get(f"s{service.id}") and price not in self.errors and cleaned.get(price) is None:
                self.add_error(price, _("What does it cost?"))
        if any(cleaned.get(name) not in (None, "") for name in ("own_name", "own_minutes", "own_price")):
            for name in ("own_name", "own_minutes", "own_price"):
                if name not in self.errors and cleaned.get(name) in (None, ""):
                    self.add_error(name, _("Fill this in, or leave all three empty."))
        return cleaned

    def choices(self) -> list[Choice]:
        """What is ticked and what is not."""
        return [
            Choice(
                service.id,
                bool(self.cleaned_data[f"s{service.id}"]),
                self.cleaned_data[f"p{service.id}"] or 0,
            )
            for service in self.services
        ]

    def own(self) -> OwnService | None:
        """The shop's own service, if one was written."""
        cleaned = self.cleaned_data
        if not cleaned["own_name"]:
            return None
        return OwnService(cleaned["own_name"], cleaned["own_minutes"], cleaned["own_price"], skill="")

    def rows(self) -> list[dict[str, Any]]:
        """What the template draws: a row a service."""
        return [
            {"service": service, "tick": self[f"s{service.id}"], "price": self[f"p{service.id}"]}
            for service in self.services
        ]


class HelperForm(OfficeForm):
    """Someone who serves: oneself, or another by name and address."""

    domain_names = {"!email_invalid": "email", "!email_taken": "email"}

    who = forms.ChoiceField(choices=[("me", _("I do it myself")), ("other", _("Someone else"))])
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    skills = forms.MultipleChoiceField(label=_("Can do"), required=False)
    works = forms.ChoiceField(
        choices=[("open", _("Whenever the store is open")), ("own", _("At other times"))], initial="open"
    )

    def __init__(
        self, *args: Any, skills: Sequence[Skill], oneself: bool, anyone: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["skills"].choices = [(str(skill.id), skill.name) for skill in skills]  # type: ignore[attr-defined]
        self.initial["skills"] = [str(skill.id) for skill in skills]
        self.initial["who"] = "other" if oneself or anyone else "me"

    def clean(self) -> dict[str, Any]:
        """Another person has a name and an address."""
        cleaned = super().clean() or {}
        if cleaned.get("who") == "other":
            for name in ("name", "email"):
                if name not in self.errors and not cleaned.get(name):
                    self.add_error(name, _("Fill this in."))
        return cleaned

    @property
    def is_oneself(self) -> bool:
        """Whether the owner serves."""
        return bool(self.cleaned_data.get("who") == "me")

    @property
    def follows_store(self) -> bool:
        """Whether the shifts are the store's hours."""
        return bool(self.cleaned_data.get("works") == "open")

    def options(self, name: str) -> list[dict[str, Any]]:
        """A choice's options as ui/choices reads them."""
        value = self[name].value() or []
        chosen = value if isinstance(value, list) else [value]
        choices = self.fields[name].choices  # type: ignore[attr-defined]
        return [{"value": key, "label": words, "checked": key in chosen} for key, words in choices]

    def who_options(self) -> list[dict[str, Any]]:
        """The answers to who serves the guests, as ui/choices reads them."""
        return self.options("who")

    def skill_options(self) -> list[dict[str, Any]]:
        """What the person can do."""
        return self.options("skills")

    def works_options(self) -> list[dict[str, Any]]:
        """When the person works."""
        return self.options("works")
