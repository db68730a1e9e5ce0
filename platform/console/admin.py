"""What the console shows of the public tables. Nothing is edited here but by an act of lifecycle."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from billing.models import Difference, Plan, StripeEvent
from chains.domain.lifecycle import OPEN, STATE_NAMES, reopen_chain, resume_chain, suspend_chain
from chains.domain.operators import act_name
from chains.models import Chain, ChainState, OperatorAct, SchemaMigration, Signup
from chains.refusals import Refusal
from console.billing import ChainBilling, ReplayEvents, act_words, operator_of, page_of
from console.differences import OpenDifferences, ShownDifference
from console.filters import EventStateFilter
from console.forms import LogReasonForm, ReasonForm
from console.rows import ReadOnly

_COLOURS = {
    STATE_NAMES[ChainState.PROVISIONING]: "info",
    STATE_NAMES[ChainState.TRIAL]: "info",
    STATE_NAMES[ChainState.ACTIVE]: "success",
    STATE_NAMES[ChainState.PAST_DUE]: "warning",
    STATE_NAMES[ChainState.READ_ONLY]: "warning",
    STATE_NAMES[ChainState.SUSPENDED]: "danger",
}


class ChainAdmin(ChainBilling, ReadOnly):
    """Every chain with its state, billing and the figures it pushes up; suspend, resume, reopen, extend, credit."""

    heading = _("Chains")
    list_display = ("name", "slug", "shown_state", "plan", "bookings_30d", "members", "stores", "created_at")
    list_filter = ("state", "plan", "locale", "country")
    search_fields = ("name", "slug", "schema_name", "domains__domain")
    ordering = ("-created_at",)
    list_per_page = 50
    actions_detail = ("suspend", "resume", "reopen", "extend_trial", "grant_credit")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "slug",
                    "shown_state",
                    "state_reason",
                    "domains_list",
                    "plan",
                    "trial_ends_at",
                )
            },
        ),
        (_("Billing"), {"fields": ("subscription", "standing", "invoices", "usage")}),
        (_("Figures"), {"fields": ("stores", "employees", "members", "bookings_30d")}),
        (
            _("Details"),
            {
                "fields": (
                    "verticals",
                    "locale",
                    "time_zone",
                    "currency",
                    "country",
                    "schema_name",
                    "opened_at",
                    "created_at",
                )
            },
        ),
        (_("What operators did"), {"fields": ("acts",)}),
    )

    @display(description=_("State"), ordering="state", label=_COLOURS)
    def shown_state(self, chain: Chain) -> Any:
        """The state in words, coloured."""
        return STATE_NAMES[ChainState(chain.state)]

    @display(description=_("Addresses"))
    def domains_list(self, chain: Chain) -> str:
        """Every host that leads there."""
        return ", ".join(chain.domains.order_by("domain").values_list("domain", flat=True)) or "–"

    @display(description=_("Stores"))
    def stores(self, chain: Chain) -> Any:
        """Pushed up by the chain."""
        return chain.figures.get("stores", "–")

    @display(description=_("Employees"))
    def employees(self, chain: Chain) -> Any:
        """Pushed up by the chain."""
        return chain.figures.get("employees", "–")

    @display(description=_("Members"))
    def members(self, chain: Chain) -> Any:
        """Pushed up by the chain."""
        return chain.figures.get("members", "–")

    @display(description=_("Bookings in 30 days"))
    def bookings_30d(self, chain: Chain) -> Any:
        """Pushed up by the chain."""
        return chain.figures.get("bookings_30d", "–")

    @display(description=_("Acts"))
    def acts(self, chain: Chain) -> SafeString | str:
        """The operators' log of this chain, newest first."""
        rows = OperatorAct.objects.filter(schema=chain.schema_name).order_by("-at")[:20]
        lines = format_html_join(
            "",
            "<li>{} · {} · {}{}</li>",
            (
                (
                    timezone.localtime(row.at).strftime("%Y-%m-%d %H:%M"),
                    act_words(row),
                    row.operator_email,
                    f": {row.reason}" if row.reason else "",
                )
                for row in rows
            ),
        )
        return format_html("<ul>{}</ul>", lines) if lines else str(_("None so far."))

    def has_suspend_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Offered where the state allows it."""
        return _state_in(object_id, OPEN)

    def has_resume_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Offered where the state allows it."""
        return _state_in(object_id, frozenset({ChainState.SUSPENDED}))

    @action(description=_("Suspend"), url_path="suspend", permissions=["suspend"], icon="pause_circle")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A form for the reason, then the act."""
        chain = self._chain(request, object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                suspend_chain(
                    chain.pk, reason=form.cleaned_data["reason"], by=operator_of(request), now=timezone.now()
                )
            except Refusal as refusal:
                return self._ask(request, chain, "suspend", form, refusal)
            messages.success(request, _("%(chain)s is suspended.") % {"chain": chain.name})
            return HttpResponseRedirect(page_of(chain))
        return self._ask(request, chain, "suspend", form)

    @action(description=_("Resume"), url_path="resume", permissions=["resume"], icon="play_circle")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A page that asks, then the act."""
        chain = self._chain(request, object_id)
        if request.method == "POST":
            try:
                resume_chain(chain.pk, by=operator_of(request), now=timezone.now())
            except Refusal as refusal:
                return self._ask(request, chain, "resume", None, refusal)
            messages.success(request, _("%(chain)s is open again.") % {"chain": chain.name})
            return HttpResponseRedirect(page_of(chain))
        return self._ask(request, chain, "resume", None)

    def has_reopen_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Offered where the state allows it."""
        return _state_in(object_id, frozenset({ChainState.CLOSED}))

    @action(description=_("Reopen"), url_path="reopen", permissions=["reopen"], icon="lock_open")
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A form for the reason, then the act: the address is the chain's again, and paying opens it."""
        chain = self._chain(request, object_id)
        form = LogReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                reopen_chain(
                    chain.pk, reason=form.cleaned_data["reason"], by=operator_of(request), now=timezone.now()
                )
            except Refusal as refusal:
                return self._ask(request, chain, "reopen", form, refusal)
            messages.success(
                request,
                _("%(chain)s has its address again; it opens when it is paid.") % {"chain": chain.name},
            )
            return HttpResponseRedirect(page_of(chain))
        return self._ask(request, chain, "reopen", form)

    def _chain(self, request: HttpRequest, object_id: str) -> Chain:
        chain = self.get_object(request, object_id)
        if not isinstance(chain, Chain):
            raise Http404
        return chain

    def _ask(
        self,
        request: HttpRequest,
        chain: Chain,
        act: str,
        form: ReasonForm | LogReasonForm | None,
        refusal: Refusal | None = None,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": chain.name,
            "subtitle": act_name(act),
            "opts": self.opts,
            "chain_row": chain,
            "act": act,
            "form": form,
            "refusal": refusal,
            "back": page_of(chain),
        }
        status = refusal.status if refusal is not None else 200
        return TemplateResponse(request, "console/act.html", context, status=status)


class SignupAdmin(ReadOnly):
    """Who wants to become a chain, and how far it went."""

    heading = _("Sign-ups")
    nothing_yet = _("Nobody has signed up yet.")
    list_display = ("brand", "slug", "email", "state", "created_at")
    list_filter = ("state", "locale")
    search_fields = ("brand", "slug", "email")
    ordering = ("-created_at",)
    # hashes of passwords, codes and browsers are nobody's to read
    fields = ("brand", "slug", "email", "owner_name", "verticals", "locale", "time_zone", "currency", "state",
              "problem", "steps", "attempts", "created_at")  # fmt: skip


class PlanAdmin(ReadOnly):
    """The plans as sign-ups see them: prices, limits, and whether they are on sale."""

    heading = _("Plans")
    list_display = ("code", "position", "trial_days", "on_sale")
    fields = ("code", "names", "pitch", "prices", "limits", "trial_days", "position", "on_sale")


class StripeEventAdmin(ReplayEvents, ReadOnly):
    """What the payment provider told us, as it was stored, and what became of it."""

    heading = _("Payment events")
    nothing_yet = _("The payment provider has told us nothing yet.")
    list_display = ("id", "kind", "shown_state", "deliveries", "received_at", "handled_at")
    list_filter = (EventStateFilter, "kind")
    search_fields = ("id", "stripe_customer", "subject")
    ordering = ("-received_at",)
    actions_detail = ("replay",)
    fields = ("id", "kind", "shown_state", "received_at", "handled_at", "stripe_customer", "subject",
              "deliveries", "attempts", "replays", "error", "shown_payload")  # fmt: skip


class DifferenceAdmin(ShownDifference, ReadOnly):
    """Where the daily comparison found ours and the payment provider's apart, and what to do about it."""

    heading = _("Differences")
    nothing_yet = _("Ours and the payment provider's books agree. They are compared once a day.")
    list_display = (
        "shown_field",
        "shown_chain",
        "shown_ours",
        "shown_theirs",
        "shown_state",
        "found_at",
        "mended_at",
    )
    list_filter = (OpenDifferences, "field")
    search_fields = ("subject",)
    ordering = ("-found_at",)
    fields = ("shown_field", "shown_chain", "subject", "shown_ours", "shown_theirs", "shown_state", "found_at", "mended_at",
              "to_do")  # fmt: skip


class OperatorActAdmin(ReadOnly):
    """The operators' log; nobody can change it."""

    heading = _("Operators' log")
    list_display = ("at", "operator_email", "shown_act", "schema", "reason")
    list_filter = ("act",)
    search_fields = ("operator_email", "schema", "reason")
    ordering = ("-at",)
    fields = ("at", "operator_email", "shown_act", "schema", "reason", "before", "after")

    @display(description=_("Act"), ordering="act")
    def shown_act(self, act: OperatorAct) -> Any:
        """The act in words."""
        return act_words(act)


class SchemaMigrationAdmin(ReadOnly):
    """How migrations fare in each schema."""

    heading = _("Migrations")
    list_display = ("schema", "app", "name", "state", "attempts", "finished_at")
    list_filter = ("state", "app")
    search_fields = ("schema", "name")
    ordering = ("-finished_at",)
    fields = ("schema", "app", "name", "state", "error", "attempts", "finished_at")


def register_all(site: AdminSite) -> None:
    """Put every page on the site; once."""
    for model, admin in (
        (Chain, ChainAdmin),
        (Signup, SignupAdmin),
        (Plan, PlanAdmin),
        (StripeEvent, StripeEventAdmin),
        (Difference, DifferenceAdmin),
        (OperatorAct, OperatorActAdmin),
        (SchemaMigration, SchemaMigrationAdmin),
    ):
        if not site.is_registered(model):
            site.register(model, admin)


def _state_in(object_id: str | None, states: frozenset[ChainState]) -> bool:
    return object_id is not None and Chain.objects.filter(pk=object_id, state__in=states).exists()
