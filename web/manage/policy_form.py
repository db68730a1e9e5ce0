"""The form of a policy, as an owner thinks of it: for whom, until when, and what it costs after."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.booking.models import Consequence, History, Policy
from tenants.catalogue.models import Service
from tenants.stores.models import Store
from web.manage.forms import MoneyField, OfficeForm

MONEY = [
    (Consequence.FIXED, gettext_lazy("A sum")),
    (Consequence.PERCENT, gettext_lazy("Percent of the price")),
]
BRINGS = [
    (Consequence.NONE, gettext_lazy("Nothing")),
    *MONEY,
    (Consequence.CREDITS, gettext_lazy("Visits of a pass")),
    (Consequence.POINTS, gettext_lazy("Points")),
    (Consequence.PAUSE, gettext_lazy("Days without online booking")),
]
HISTORIES = [
    ("", gettext_lazy("Every member")),
    (History.NEW, gettext_lazy("Who has not been here yet")),
    (History.REGULAR, gettext_lazy("Regulars, five visits and more")),
    (History.MISSED, gettext_lazy("Who missed a visit in 180 days")),
]
NUMBERS = ("deposit", "late", "no_show")


class PolicyForm(OfficeForm):
    """Kinds and numbers; a sum is written as money, everything else as a whole number."""

    domain_names = {"!policy_there": "service", "currency": "late_value"}

    service = forms.ChoiceField(label=gettext_lazy("Service"), required=False)
    store = forms.ChoiceField(label=gettext_lazy("Store"), required=False)
    history = forms.ChoiceField(label=gettext_lazy("Member"), required=False, choices=HISTORIES)
    cancel_hours = forms.DecimalField(
        label=gettext_lazy("Cancel free until, hours before"),
        required=False,
        min_value=0,
        max_value=8760,
        decimal_places=2,
        help_text=gettext_lazy("Empty: as the service says"),
    )
    move_hours = forms.DecimalField(
        label=gettext_lazy("Move until, hours before"),
        required=False,
        min_value=0,
        max_value=8760,
        decimal_places=2,
        help_text=gettext_lazy("Empty: as the service says"),
    )
    deposit_kind = forms.ChoiceField(
        label=gettext_lazy("Deposit"), choices=[(Consequence.NONE, gettext_lazy("No deposit")), *MONEY]
    )
    deposit_value = forms.CharField(label=gettext_lazy("How much"), required=False, max_length=16)
    late_kind = forms.ChoiceField(
        label=gettext_lazy("Cancelling later brings"),
        choices=BRINGS,
        help_text=gettext_lazy("Nothing: then it cannot be cancelled online any more"),
    )
    late_value = forms.CharField(label=gettext_lazy("How much"), required=False, max_length=16)
    no_show_kind = forms.ChoiceField(label=gettext_lazy("Not coming brings"), choices=BRINGS)
    no_show_value = forms.CharField(label=gettext_lazy("How much"), required=False, max_length=16)
    grace = forms.IntegerField(
        label=gettext_lazy("No-shows forgiven"), min_value=0, max_value=50, required=False
    )
    grace_days = forms.IntegerField(
        label=gettext_lazy("Within days"), min_value=1, max_value=3650, required=False
    )

    def __init__(self, *args: Any, currency: str, policy: Policy | None = None, **kwargs: Any) -> None:
        self.currency = (policy.currency if policy else "") or currency
        self.money = MoneyField(currency=self.currency)
        kwargs.setdefault("initial", self._initial(policy))
        super().__init__(*args, **kwargs)
        services = Service.objects.filter(active=True).values_list("id", "name")
        stores = Store.objects.filter(active=True).values_list("id", "name")
        self._offer("service", _("Every service"), services)
        self._offer("store", _("Every store"), stores)

    def _offer(self, name: str, everything: str, rows: Any) -> None:
        choices = [("", everything), *((str(key), words) for key, words in rows)]
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _initial(self, policy: Policy | None) -> dict[str, Any]:
        shown = policy or Policy()
        found: dict[str, Any] = {
            "service": str(shown.service_id or ""),
            "store": str(shown.store_id or ""),
            "history": shown.history,
            "cancel_hours": _hours(shown.cancel_notice),
            "move_hours": _hours(shown.move_notice),
            "grace": shown.grace,
            "grace_days": shown.grace_days,
            "version": policy.version if policy else "",
        }
        for name in NUMBERS:
            kind, value = getattr(shown, f"{name}_kind"), getattr(shown, f"{name}_value")
            found[f"{name}_kind"] = kind
            written = self.money.prepare_value(value) if kind == Consequence.FIXED else value
            found[f"{name}_value"] = written or ""
        return found

    def clean(self) -> dict[str, Any]:
        """Each number as its kind reads it."""
        cleaned = super().clean() or {}
        for name in NUMBERS:
            kind, text = cleaned.get(f"{name}_kind"), str(cleaned.get(f"{name}_value") or "").strip()
            if kind in (None, Consequence.NONE):
                cleaned[f"{name}_value"] = 0
            elif kind == Consequence.FIXED:
                try:
                    cleaned[f"{name}_value"] = self.money.clean(text)
                except forms.ValidationError as error:
                    self.add_error(f"{name}_value", error)
            elif not text.isascii() or not text.isdigit() or len(text) > 9:
                self.add_error(f"{name}_value", _("Write a whole number."))
            else:
                cleaned[f"{name}_value"] = int(text)
        return cleaned

    def columns(self) -> dict[str, Any]:
        """The form as columns of Policy; only after it was found valid."""
        cleaned = self.cleaned_data
        kinds = [cleaned[f"{name}_kind"] for name in NUMBERS]
        return {
            "service_id": _id(cleaned["service"]),
            "store_id": _id(cleaned["store"]),
            "history": cleaned["history"],
            "cancel_notice": _minutes(cleaned["cancel_hours"]),
            "move_notice": _minutes(cleaned["move_hours"]),
            **{f"{name}_{part}": cleaned[f"{name}_{part}"] for name in NUMBERS for part in ("kind", "value")},
            "grace": cleaned["grace"] or 0,
            "grace_days": cleaned["grace_days"] or 180,
            "currency": self.currency if Consequence.FIXED in kinds else "",
        }


def _hours(minutes: int | None) -> str:
    if minutes is None:
        return ""
    hours = Decimal(minutes) / 60
    return str(int(hours)) if hours == int(hours) else f"{hours:.2f}"


def _minutes(hours: Decimal | None) -> int | None:
    return None if hours is None else int(hours * 60)


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None
