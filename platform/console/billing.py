"""The console's view of billing: a chain's subscription and invoices, the provider's events, trial and credit."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

from babel.numbers import get_currency_precision
from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from billing.domain.events import replay_event
from billing.domain.operating import (
    CreditWrong,
    extend_subscribed_trial,
    extend_trial,
    give_credit,
    has_paid_trial,
)
from billing.models import (
    ChainStanding,
    Customer,
    EventState,
    Invoice,
    StandingStep,
    Subscription,
    UsageMonth,
)
from chains.after_scope import AfterScope
from chains.domain.lifecycle import STATE_NAMES
from chains.domain.operators import Operator, act_name
from chains.models import Chain, ChainState
from chains.refusals import Refusal
from console.words import AT_PROVIDER, CAUSES, EVENT_STATES


class TrialForm(forms.Form):
    """How many days more, and why; the request's id makes a second click the same act."""

    days = forms.IntegerField(
        label=_("Days"), min_value=1, max_value=180, initial=14, widget=UnfoldAdminTextInputWidget
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    request_id = forms.UUIDField(widget=forms.HiddenInput, required=False)


class CreditForm(forms.Form):
    """How much, and why; the request's id makes a second click the same act."""

    amount = forms.DecimalField(
        label=_("Amount"), min_value=0, max_digits=12, decimal_places=3, widget=UnfoldAdminTextInputWidget
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    request_id = forms.UUIDField(widget=forms.HiddenInput)


def money_words(amount: int, currency: str) -> str:
    """CNY 599.00: the code, for operators see many currencies beside each other."""
    digits = get_currency_precision(currency)
    return f"{currency} {Decimal(amount).scaleb(-digits):,.{digits}f}"


class ChainBilling:
    """What ChainAdmin shows and does of a chain's billing; all from public tables."""

    admin_site: Any
    opts: Any

    @display(description=_("Subscription"))
    def subscription(self, chain: Chain) -> str:
        """Plan, price, how it stands at the provider, what credit waits there."""
        row = Subscription.objects.filter(chain_id=chain.id).first()
        if row is None:
            return str(_("None so far."))
        price = money_words(row.recurring_amount, row.currency)
        rhythm, stands = AT_PROVIDER[row.interval], AT_PROVIDER[row.status]
        parts = [row.plan, f"{price} {rhythm}", str(stands), f"+{row.extra_stores}", row.stripe_id]
        parts.append(timezone.localtime(row.current_period_end).strftime("→ %Y-%m-%d"))
        if row.cancel_at_period_end:
            parts.append(str(_("not renewed")))
        credit = Customer.objects.filter(chain_id=chain.id).values_list("credit", flat=True).first()
        if credit:
            parts.append(_("credit of %(amount)s") % {"amount": money_words(credit, row.currency)})
        return " · ".join(parts)

    @display(description=_("Standing by payment"))
    def standing(self, chain: Chain) -> SafeString | str:
        """The rung, when the next step is due, and the steps before."""
        row = ChainStanding.objects.filter(chain_id=chain.id).first()
        if row is None:
            return str(_("None so far."))
        cause = CAUSES.get(row.cause, "–")
        line = f"{STATE_NAMES[ChainState(row.state)]} · {cause}"
        if row.next_at is not None:
            line += timezone.localtime(row.next_at).strftime(" · → %Y-%m-%d %H:%M")
        steps = StandingStep.objects.filter(chain_id=chain.id).order_by("-at", "-id")[:10]
        rows = format_html_join(
            "",
            "<li>{} · {} → {}</li>",
            (
                (
                    f"{timezone.localtime(one.at):%Y-%m-%d %H:%M}",
                    STATE_NAMES[ChainState(one.before)],
                    STATE_NAMES[ChainState(one.after)],
                )
                for one in steps
            ),
        )
        return format_html("{}<ul>{}</ul>", line, rows)

    @display(description=_("Invoices"))
    def invoices(self, chain: Chain) -> SafeString | str:
        """The newest twelve, each with the provider's page and file of it."""
        found = list(Invoice.objects.filter(chain_id=chain.id)[:12])
        rows = format_html_join(
            "",
            "<li>{} · {} · {} · {}{}</li>",
            (
                (
                    f"{timezone.localtime(one.issued_at):%Y-%m-%d}",
                    _linked(one.number or one.stripe_id, one.hosted_url),
                    money_words(one.total, one.currency),
                    AT_PROVIDER[one.state],
                    format_html(" · {}", _linked("PDF", one.pdf_url)) if one.pdf_url else "",
                )
                for one in found
            ),
        )
        return format_html("<ul>{}</ul>", rows) if found else str(_("None so far."))

    @display(description=_("Usage by month"))
    def usage(self, chain: Chain) -> SafeString | str:
        """What the chain told us last, newest month first."""
        found = list(UsageMonth.objects.filter(chain_id=chain.id).order_by("-month", "metric")[:12])
        rows = format_html_join(
            "", "<li>{} · {}: {}</li>", ((f"{one.month:%Y-%m}", one.metric, one.count) for one in found)
        )
        return format_html("<ul>{}</ul>", rows) if found else str(_("None so far."))

    @action(description=_("Extend the trial"), url_path="extend-trial", icon="more_time")
    def extend_trial(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """A form for the days, then the act: at the provider too, where the chain has subscribed already."""
        chain = self._chain(request, object_id)  # type: ignore[attr-defined]
        form = TrialForm(request.POST or None, initial={"request_id": uuid4()})
        refusal: Refusal | None = None
        if request.method == "POST" and form.is_valid():
            told = dict(form.cleaned_data)
            request_id = told.pop("request_id") or uuid4()
            if has_paid_trial(chain.pk):
                return self._extend_at_provider(request, chain, form, str(request_id))
            try:
                extend_trial(chain.pk, **told, by=operator_of(request), now=timezone.now())
            except Refusal as refused:
                refusal = refused
            else:
                messages.success(request, _("The trial of %(chain)s is longer.") % {"chain": chain.name})
                return HttpResponseRedirect(page_of(chain))
        return self._form_page(request, chain, "extend_trial", form, refusal)

    def _extend_at_provider(
        self, request: HttpRequest, chain: Chain, form: TrialForm, request_id: str
    ) -> AfterScope:
        get_token(request)
        told, by = form.cleaned_data, operator_of(request)

        def ask() -> HttpResponseBase:
            try:
                extend_subscribed_trial(
                    chain.pk,
                    days=told["days"],
                    reason=told["reason"],
                    request_id=request_id,
                    by=by,
                    now=timezone.now(),
                )
            except Refusal as refusal:
                return self._form_page(request, chain, "extend_trial", form, refusal).render()
            return HttpResponseRedirect(page_of(chain))

        return AfterScope(ask)

    @action(description=_("Grant credit"), url_path="grant-credit", icon="redeem")
    def grant_credit(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """A form for the amount, then the provider is asked after this request's transaction."""
        chain = self._chain(request, object_id)  # type: ignore[attr-defined]
        form = CreditForm(request.POST or None, initial={"request_id": uuid4()})
        if request.method != "POST" or not form.is_valid():
            return self._form_page(request, chain, "grant_credit", form)
        get_token(request)
        told, by = form.cleaned_data, operator_of(request)
        row = Subscription.objects.filter(chain_id=chain.pk).first()
        currency = row.currency if row is not None else chain.currency
        minor = told["amount"].scaleb(get_currency_precision(currency))

        def ask() -> HttpResponseBase:
            try:
                if minor != minor.to_integral_value():
                    raise CreditWrong
                give_credit(
                    chain.pk,
                    amount=int(minor),
                    reason=told["reason"],
                    request_id=str(told["request_id"]),
                    by=by,
                    now=timezone.now(),
                )
            except Refusal as refusal:
                return self._form_page(request, chain, "grant_credit", form, refusal).render()
            return HttpResponseRedirect(page_of(chain))

        return AfterScope(ask)

    def _form_page(
        self,
        request: HttpRequest,
        chain: Chain,
        act: str,
        form: forms.Form,
        refusal: Refusal | None = None,
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": chain.name,
            "subtitle": act_name(act),
            "opts": self.opts,
            "act": act,
            "form": form,
            "refusal": refusal,
            "back": page_of(chain),
            "submit_label": act_name(act),
        }
        wrong = refusal.status if refusal is not None else 422 if form.is_bound else 200
        return TemplateResponse(request, "console/billing_act.html", context, status=wrong)


class ReplayEvents:
    """What StripeEventAdmin does beside showing."""

    @display(description=_("Payload"))
    def shown_payload(self, event: Any) -> SafeString:
        """As it was sent, to read; it holds no card data."""
        return format_html(
            '<pre class="payload">{}</pre>', json.dumps(event.payload, indent=2, ensure_ascii=False)[:20_000]
        )

    @display(
        description=_("State"),
        ordering="state",
        label={
            EVENT_STATES[EventState.HANDLED]: "success",
            EVENT_STATES[EventState.FAILED]: "danger",
            EVENT_STATES[EventState.UNKNOWN]: "warning",
        },
    )
    def shown_state(self, event: Any) -> Any:
        """The state in words, coloured."""
        return EVENT_STATES[event.state]

    @action(description=_("Replay"), url_path="replay", icon="replay")
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Look again at what the event is about; by POST, and safe at any time."""
        event_id = unquote(object_id)  # the admin's addresses write evt_1 as evt_5F1
        if self.get_object(request, event_id) is None:  # type: ignore[attr-defined]
            raise Http404
        back = reverse("admin:billing_stripeevent_change", args=[quote(event_id)])
        refusal: Refusal | None = None
        if request.method == "POST":
            try:
                replay_event(event_id, by=operator_of(request), now=timezone.now())
            except Refusal as refused:
                refusal = refused
            else:
                messages.success(request, _("We look again in a moment."))
                return HttpResponseRedirect(back)
        site = self.admin_site  # type: ignore[attr-defined]
        context = {
            **site.each_context(request),
            "title": event_id,
            "subtitle": _("Replay"),
            "opts": self.opts,  # type: ignore[attr-defined]
            "act": "replay",
            "form": None,
            "refusal": refusal,
            "back": back,
            "submit_label": _("Replay"),
        }
        status = refusal.status if refusal is not None else 200
        return TemplateResponse(request, "console/billing_act.html", context, status=status)


def _linked(words: str, url: str) -> SafeString | str:
    """Words that lead to the provider's page, in a window of its own; the words alone where there is none."""
    if not url.startswith(("https://", "http://")):
        return words
    return format_html('<a class="underline" href="{}" target="_blank" rel="noopener">{}</a>', url, words)


def operator_of(request: HttpRequest) -> Operator:
    """Who acts."""
    user = request.user
    assert isinstance(user, User)
    return Operator(user.id, user.email)


def page_of(chain: Chain) -> str:
    """A chain's page in the console."""
    return reverse("admin:chains_chain_change", args=[chain.pk])
