"""The form of a service, what it means for the domain, and how its time is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tenants.catalogue.domain.differences import Draft
from tenants.catalogue.domain.services import OfferAt, Price, ServiceFields
from tenants.catalogue.models import Service
from tenants.people.models import Skill
from tenants.stores.models import Store
from web.manage.forms import MoneyField, OfficeForm, other_language

NOTICES = [
    (0, _("Until it begins")),
    (60, _("Until 1 hour before")),
    (120, _("Until 2 hours before")),
    (240, _("Until 4 hours before")),
    (720, _("Until 12 hours before")),
    (1440, _("Until 24 hours before")),
    (2880, _("Until 48 hours before")),
]
STEPS = [(5, "5"), (10, "10"), (15, "15"), (20, "20"), (30, "30"), (60, "60")]
WIDEST = 96


class ServiceForm(OfficeForm):
    """All of a service: words in both languages, time, price, skills, rules, where."""

    domain_names = {"store": "stores", "price": "price", "skills": "skills"}

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("In one sentence"), max_length=300, required=False, help_text=_("Members read it in the list")
    )
    name_other = forms.CharField(label=_("Name"), max_length=120, required=False)
    description_other = forms.CharField(label=_("In one sentence"), max_length=300, required=False)
    category = forms.CharField(label=_("Group"), max_length=60, required=False)
    prepare = forms.IntegerField(label=_("Prepare"), min_value=0, max_value=240, initial=0)
    minutes = forms.IntegerField(
        label=pgettext_lazy("time", "Service"), min_value=5, max_value=1440, initial=60
    )
    clean_up = forms.IntegerField(label=_("Clean up"), min_value=0, max_value=240, initial=0)
    skills = forms.MultipleChoiceField(label=_("Skills it takes"), required=False)
    new_skill = forms.CharField(label=_("Another skill"), max_length=80, required=False)
    notice = forms.TypedChoiceField(
        label=_("Members may move or cancel"), coerce=int, choices=NOTICES, initial=240
    )
    step = forms.TypedChoiceField(label=_("A start every"), coerce=int, choices=STEPS, initial=30)
    stores = forms.MultipleChoiceField(label=pgettext_lazy("where offered", "Offered at"), required=False)
    online = forms.BooleanField(label=_("Bookable online"), required=False, initial=True)

    def __init__(
        self,
        *args: Any,
        service: Service | None,
        stores: Sequence[Store],
        skills: Sequence[Skill],
        currency: str,
        locale: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.service = service
        self.currency = service.currency if service else currency
        self.other = other_language(locale)
        self.known_skills = list(skills)
        self.known_stores = [store for store in stores if store.currency == self.currency]
        self.fields["price"] = MoneyField(label=_("Price"), currency=self.currency)
        self.fields["skills"].choices = [(str(one.id), one.name) for one in skills]  # type: ignore[attr-defined]
        self.fields["stores"].choices = [(str(one.id), one.name) for one in self.known_stores]  # type: ignore[attr-defined]
        notices: list[tuple[int, Any]] = list(NOTICES)
        steps = list(STEPS)
        if service is None:
            self.initial["stores"] = [str(one.id) for one in self.known_stores]
            return
        if service.notice not in dict(notices):
            notices.append((service.notice, gettext("Until %(n)s minutes before") % {"n": service.notice}))
        if service.step not in dict(steps):
            steps.append((service.step, str(service.step)))
        self.fields["notice"].choices, self.fields["step"].choices = notices, steps  # type: ignore[attr-defined]
        words = service.translations.get(self.other, {})
        plain = (
            "name",
            "description",
            "category",
            "prepare",
            "minutes",
            "clean_up",
            "notice",
            "step",
            "online",
            "version",
        )
        self.initial.update({name: getattr(service, name) for name in plain})
        self.initial.update(
            {
                "price": service.price_amount,
                "name_other": words.get("name", ""),
                "description_other": words.get("description", ""),
                "skills": [str(one.id) for one in service.skills.all()],
                "stores": [str(offer.store_id) for offer in service.offers.all() if offer.active],
            }
        )

    def service_fields(self) -> ServiceFields:
        """The cleaned values as the domain reads them."""
        cleaned = self.cleaned_data
        translations = dict(self.service.translations) if self.service else {}
        words = {
            **translations.get(self.other, {}),
            "name": cleaned["name_other"],
            "description": cleaned["description_other"],
        }
        translations[self.other] = {key: text for key, text in words.items() if text}
        return {
            "name": cleaned["name"],
            "description": cleaned["description"],
            "category": cleaned["category"],
            "translations": translations,
            "minutes": cleaned["minutes"],
            "prepare": cleaned["prepare"],
            "clean_up": cleaned["clean_up"],
            "notice": cleaned["notice"],
            "step": cleaned["step"],
            "online": cleaned["online"],
        }

    def price(self) -> Price:
        """Minor units of the service's currency."""
        return Price(self.cleaned_data["price"], self.currency)

    def chosen_skills(self) -> list[str]:
        """Ids of known skills, and the name of a new one."""
        return [*self.cleaned_data["skills"], *filter(None, [self.cleaned_data["new_skill"].strip()])]

    def chosen_stores(self) -> list[Store]:
        """Where it is offered."""
        return [store for store in self.known_stores if str(store.id) in self.cleaned_data["stores"]]

    def offers(self) -> list[OfferAt]:
        """Where it is offered, each store's own price kept."""
        own: dict[UUID, int | None] = {}
        if self.service:
            own = {offer.store_id: offer.price_amount for offer in self.service.offers.all()}
        return [OfferAt(store.id, own.get(store.id)) for store in self.chosen_stores()]

    def draft(self) -> Draft:
        """The cleaned values as they would change the service."""
        cleaned = self.cleaned_data
        times = {name: cleaned[name] for name in ("prepare", "minutes", "clean_up")}
        return Draft(**times, amount=cleaned["price"], online=cleaned["online"], offers=self.offers())

    def ticked(self, name: str) -> set[str]:
        """What is ticked in a choice now, right or wrong."""
        return {str(one) for one in self[name].value() or []}

    def options(self, name: str) -> list[dict[str, Any]]:
        """A choice's options as ui/choices reads them."""
        chosen = self.ticked(name)
        choices = self.fields[name].choices  # type: ignore[attr-defined]
        return [{"value": key, "label": words, "checked": key in chosen} for key, words in choices]

    def skill_options(self) -> list[dict[str, Any]]:
        """The skills there are."""
        return self.options("skills")

    def store_options(self) -> list[dict[str, Any]]:
        """The stores that take its currency."""
        return self.options("stores")

    def time_bar(self) -> dict[str, int]:
        """What is typed now, drawn to scale."""
        told = [self._number(name) for name in ("prepare", "minutes", "clean_up")]
        return time_bar(*told)

    def _number(self, name: str) -> int:
        try:
            return min(max(int(self[name].value() or 0), 0), 1440)
        except (TypeError, ValueError):
            return 0


def time_bar(prepare: int, minutes: int, clean_up: int) -> dict[str, int]:
    """Columns of a bar drawn to scale: five minutes each, wider ones for what would not fit.

    A buffer that there is has one column at least.
    """
    unit = 5
    while (prepare + minutes + clean_up) / unit > WIDEST - 2:
        unit += 5
    wide = [max(1, round(part / unit)) if part else 0 for part in (prepare, minutes, clean_up)]
    return {
        "prepare": prepare,
        "minutes": minutes,
        "clean_up": clean_up,
        "total": prepare + minutes + clean_up,
        "prepare_wide": wide[0],
        "minutes_wide": wide[1],
        "clean_up_wide": wide[2],
    }
