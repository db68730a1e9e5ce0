"""Differences between our mirror and the payment provider's truth, as the console shows them: what, and what to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.models import Difference
from chains.models import Chain
from console.words import AT_PROVIDER

OPEN, MENDED = _("open"), _("mended")
# What differs, by the field that the comparison named; a field of the mirror goes by its own name.
FIELDS: dict[str, Any] = {
    "second_subscription": _("A second subscription is charged"),
    "customer": _("A subscription of a customer we do not know"),
    "missing_there": _("The provider does not have it"),
    "missing_here": _("We do not have it"),
}
WHAT_TO_DO: dict[str, Any] = {
    "second_subscription": _(
        "Ask the owner which one is meant, end the other at the provider and refund what it charged."
    ),
    "customer": _(
        "Look at the customer at the provider: its metadata names the chain. End a subscription that is nobody's."
    ),
    "missing_there": _(
        "Look for the subscription at the provider. If it was deleted there, replay the chain's last event:"
        " the chain follows, and its owner can subscribe anew."
    ),
    "missing_here": _(
        "It was looked at again when this was found. If it stays after the next comparison, replay its last event."
    ),
}
_FELL_BEHIND = _(
    "Ours was read anew when this was found. If it stays after the next comparison, replay the chain's last event and"
    " read its error."
)


class OpenDifferences(admin.SimpleListFilter):
    """Open ones unless asked for others: a list of what needs somebody."""

    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Beside the open ones."""
        return [("mended", MENDED), ("every", _("all"))]

    def choices(self, changelist: Any) -> Any:
        """The open ones first, under their own name."""
        rows = list(super().choices(changelist))
        return [{**rows[0], "display": OPEN}, *rows[1:]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in that state."""
        if self.value() == "every":
            return queryset
        return queryset.filter(mended_at__isnull=self.value() != "mended")


class ShownDifference:
    """What DifferenceAdmin shows of a row."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Difference]:
        """The rows with their chain's name, in one query."""
        name = Chain.objects.filter(id=OuterRef("chain_id")).values("name")[:1]
        found: QuerySet[Difference] = super().get_queryset(request)
        return found.annotate(chain_name=Subquery(name))

    @display(description=_("What differs"), ordering="field")
    def shown_field(self, row: Difference) -> Any:
        """In words; a field of the mirror by its name."""
        return FIELDS.get(row.field, row.field)

    @display(description=_("Ours"))
    def shown_ours(self, row: Difference) -> Any:
        """What our mirror had; a state in words."""
        return AT_PROVIDER.get(row.ours, row.ours) or "–"

    @display(description=_("Theirs"))
    def shown_theirs(self, row: Difference) -> Any:
        """What the provider had."""
        return AT_PROVIDER.get(row.theirs, row.theirs) or "–"

    @display(description=_("State"), label={OPEN: "warning", MENDED: "success"})
    def shown_state(self, row: Difference) -> Any:
        """Open until a later comparison finds it gone."""
        return OPEN if row.mended_at is None else MENDED

    @display(description=_("Chain"))
    def shown_chain(self, row: Difference) -> SafeString | str:
        """Its name and page; the id of one that is not there any more."""
        name = getattr(row, "chain_name", None)
        if name is None:
            return str(row.chain_id or "–")
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:chains_chain_change", args=[row.chain_id]), name
        )

    @display(description=_("What to do"))
    def to_do(self, row: Difference) -> Any:
        """Where it is open."""
        return WHAT_TO_DO.get(row.field, _FELL_BEHIND) if row.mended_at is None else "–"
