"""What a service needs: its roles, one row a stretch, drawn to scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from tenants.catalogue.domain.needs import MOST_NEEDS, NeedSpec
from tenants.catalogue.domain.services import change_service
from tenants.catalogue.domain.warnings import warn_of
from tenants.catalogue.models import Need, Service
from tenants.people.domain.rights import Action, NotSeen
from tenants.stores.models import ResourceKind
from web.manage.access import Office, in_office
from web.manage.forms import OfficeForm
from web.manage.frame import done, show_form
from web.manage.rooms import KINDS, words_in
from web.manage.service_form import WIDEST

SPARE = 2
PEOPLE = (ResourceKind.PRACTITIONER.value, gettext_lazy("Practitioner"))
PARTS = ("role", "kind", "from_minute", "minutes", "prepare", "clean_up", "count", "asks", "fits_party")


class NeedsForm(OfficeForm):
    """Rows of needs; one without a role is left out."""

    def __init__(self, *args: Any, service: Service, needs: Sequence[Need], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service = service
        self.fields["version"].initial = service.version
        told = args[0] if args else None
        shown = min(len(needs) + SPARE, MOST_NEEDS)
        if told is not None:
            shown = min(max(shown, sum(key.startswith("role_") for key in told)), MOST_NEEDS)
        self.rows = list(range(shown))
        for row in self.rows:
            self._add_row(row, needs[row] if row < len(needs) else None)

    def _add_row(self, row: int, need: Need | None) -> None:
        minutes: dict[str, Any] = {"min_value": 0, "max_value": 1440, "required": False}
        fields: dict[str, forms.Field] = {
            "role": forms.CharField(label=gettext_lazy("Role"), max_length=40, required=False),
            "kind": forms.ChoiceField(label=gettext_lazy("Kind"), choices=[PEOPLE, *KINDS], required=False),
            "from_minute": forms.IntegerField(label=gettext_lazy("From minute"), initial=0, **minutes),
            "minutes": forms.IntegerField(label=gettext_lazy("For"), initial=self.service.minutes, **minutes),
            "prepare": forms.IntegerField(label=gettext_lazy("Prepare"), initial=0, **minutes),
            "clean_up": forms.IntegerField(label=gettext_lazy("Clean up"), initial=0, **minutes),
            "count": forms.IntegerField(
                label=gettext_lazy("How many"), min_value=1, max_value=20, initial=1, required=False
            ),
            "asks": forms.CharField(label=gettext_lazy("Skills or features"), max_length=400, required=False),
            "fits_party": forms.BooleanField(label=gettext_lazy("Must suit the party"), required=False),
        }
        if need is not None:
            for name in (
                "role",
                "kind",
                "from_minute",
                "minutes",
                "prepare",
                "clean_up",
                "count",
                "fits_party",
            ):
                fields[name].initial = getattr(need, name)
            fields["asks"].initial = ", ".join([*(one.name for one in need.skills.all()), *need.tags])
        for name, field in fields.items():
            self.fields[f"{name}_{row}"] = field

    def specs(self) -> list[NeedSpec]:
        """The rows that say something, as the domain reads them; refusals find their row again."""
        cleaned = self.cleaned_data
        found: list[NeedSpec] = []
        for row in self.rows:
            value: dict[str, Any] = {name: cleaned.get(f"{name}_{row}") for name in PARTS}
            if not value["role"]:
                continue
            for name in PARTS:
                self.domain_names = {**self.domain_names, f"needs.{len(found)}.{name}": f"{name}_{row}"}
            asks = tuple(words_in(value["asks"] or ""))
            person = value["kind"] == ResourceKind.PRACTITIONER
            for name in ("skills", "tags"):
                self.domain_names[f"needs.{len(found)}.{name}"] = f"asks_{row}"
            found.append(
                NeedSpec(
                    role=value["role"],
                    kind=value["kind"],
                    from_minute=value["from_minute"] or 0,
                    minutes=value["minutes"] or 0,
                    prepare=value["prepare"] or 0,
                    clean_up=value["clean_up"] or 0,
                    count=value["count"] or 1,
                    fits_party=bool(value["fits_party"]),
                    skills=asks if person else (),
                    tags=() if person else asks,
                )
            )
        return found

    def bound_rows(self) -> list[dict[str, Any]]:
        """The fields of each row, for the template."""
        return [{name: self[f"{name}_{row}"] for name in PARTS} for row in self.rows]


def draw_needs(needs: Sequence[Need], minutes: int) -> list[dict[str, Any]]:
    """One bar a role, all to the same scale: pauses, buffers and stretches in columns of five minutes or more."""
    roles: dict[str, list[Need]] = {}
    for need in needs:
        roles.setdefault(need.role, []).append(need)
    before = max([0, *(need.prepare - need.from_minute for need in needs)])
    after = max([minutes, *(need.from_minute + need.minutes + need.clean_up for need in needs)])
    unit = 5
    while (before + after) / unit > WIDEST - 2:
        unit += 5
    bars = []
    for role, group in roles.items():
        parts: list[dict[str, Any]] = []
        at = -before
        for need in sorted(group, key=lambda need: need.from_minute):
            edges = [
                ("gap", need.from_minute - need.prepare),
                ("buffer", need.from_minute),
                ("block", need.from_minute + need.minutes),
                ("buffer", need.from_minute + need.minutes + need.clean_up),
            ]
            for kind, end in edges:
                if end > at:
                    parts.append(
                        {"kind": kind, "minutes": end - at, "wide": max(1, round((end - at) / unit))}
                    )
                    at = end
        bars.append({"role": role, "parts": parts})
    return bars


@require_http_methods(["GET", "POST"])
@in_office(Action.MANAGE_CATALOGUE)
def edit_needs(request: HttpRequest, office: Office, service_id: UUID) -> HttpResponse:
    """Who and what the service takes, over which of its minutes."""
    service = Service.objects.prefetch_related("needs__skills").filter(id=service_id).first()
    if service is None:
        raise NotSeen
    needs = list(service.needs.all())
    form = NeedsForm(request.POST if request.method == "POST" else None, service=service, needs=needs)
    if request.method == "POST" and form.is_valid():
        specs, version = form.specs(), form.cleaned_data["version"]
        if form.takes(lambda: change_service(service.id, {}, needs=specs, by=office.actor, version=version)):
            return done(request, reverse("manage:services"), _("Saved"))
    context = {
        "form": form,
        "service": service,
        "bars": draw_needs(needs, service.minutes),
        "warnings": warn_of(service),
    }
    return show_form(
        request,
        office,
        "manage/services/_needs.html",
        context,
        title=_("What %(service)s needs") % {"service": service.name},
        current="services",
        back=reverse("manage:service", args=[service.id]),
        back_label=service.name,
        save_label=_("Save"),
        refused=request.method == "POST",
    )
