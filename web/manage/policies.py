"""Policies and the waiting list's rules: what holds for whom, with the sentence a member will read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.refusals import Refusal
from tenants.booking.domain.payment_port import takes_payments
from tenants.booking.domain.policies import (
    delete_policy,
    list_policies,
    rank,
    read_policy,
    require_sound,
    write_policy,
)
from tenants.booking.domain.terms import terms_under
from tenants.booking.domain.terms_words import say_terms
from tenants.booking.domain.waiting_rules import rules_by_store, rules_of, write_rules
from tenants.booking.models import Policy
from tenants.catalogue.models import Service
from tenants.people.domain.rights import Action
from web.manage.access import Office, in_office
from web.manage.forms import ClockField, OfficeForm
from web.manage.frame import done, show, show_form
from web.manage.policy_form import HISTORIES, PolicyForm

catalogue = in_office(Action.MANAGE_CATALOGUE)
managers = in_office(Action.MANAGE_STORE)
# The visit of the example: in three days, at the price of the service it is for.
EXAMPLE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy in the list: for whom, and what a member reads."""

    policy: Policy
    whom: str
    sentences: tuple[str, ...]


def whom_of(policy: Policy) -> str:
    """Which bookings it is for, in words."""
    parts = [
        policy.service.name if policy.service else _("Every service"),
        policy.store.name if policy.store else _("Every store"),
    ]
    if policy.tier:
        parts.append(policy.tier)
    if policy.history:
        parts.append(str(dict(HISTORIES)[policy.history]))
    return " · ".join(parts)


def sentences_of(policy: Policy, office: Office) -> list[str]:
    """What a member reads before the tap, for a visit in three days."""
    service = policy.service or Service.objects.filter(active=True).first() or Service(price_amount=0)
    terms = terms_under(policy, notice=service.notice, price=service.price_amount)
    zone = ZoneInfo(policy.store.time_zone if policy.store else office.chain.time_zone)
    currency = policy.currency or service.currency or office.chain.currency
    starts_at = (office.now + EXAMPLE).replace(minute=0, second=0, microsecond=0)
    said = say_terms(terms, starts_at, currency=currency, zone=zone, now=office.now)
    if terms.deposit and not takes_payments():
        said.append(_("Nothing can be paid online here yet: only the desk can book this."))
    return said


@require_safe
@in_office()
def show_policies(request: HttpRequest, office: Office) -> HttpResponse:
    """All policies, the most specific first as they are asked, and each store's waiting rules."""
    may_write = office.may(Action.MANAGE_CATALOGUE)
    policies = sorted(list_policies(by=office.actor), key=rank, reverse=True) if may_write else []
    stores = office.stores(Action.MANAGE_STORE)
    kept = rules_by_store(store.id for store in stores)
    context = {
        "page_title": _("Policies"),
        "may_write": may_write,
        "rows": [PolicyRow(one, whom_of(one), tuple(sentences_of(one, office))) for one in policies],
        "stores": [{"store": store, "rules": kept[store.id]} for store in stores],
    }
    return show(request, office, "manage/policies.html", context, current="policies")


@require_http_methods(["GET", "POST"])
@catalogue
def new(request: HttpRequest, office: Office) -> HttpResponse:
    """A policy for bookings made from now on."""
    form = PolicyForm(request.POST or None, currency=office.chain.currency)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.takes(lambda: write_policy(form.columns(), by=office.actor, now=office.now))
    ):
        return done(request, reverse("manage:policies"), _("The policy holds from now on"))
    return _form(request, office, form, None)


@require_http_methods(["GET", "POST"])
@catalogue
def edit(request: HttpRequest, office: Office, policy_id: UUID) -> HttpResponse:
    """One policy; `delete` takes it away. Bookings already made keep their terms."""
    policy = read_policy(policy_id, by=office.actor)
    if request.method == "POST" and "delete" in request.POST:
        delete_policy(policy.id, by=office.actor)
        return done(
            request, reverse("manage:policies"), _("The policy is gone; bookings made keep its terms")
        )
    form = PolicyForm(request.POST or None, currency=office.chain.currency, policy=policy)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]

        def keep() -> None:
            write_policy(
                form.columns(), by=office.actor, now=office.now, policy_id=policy.id, version=version
            )

        if form.takes(keep):
            return done(request, reverse("manage:policies"), _("The policy holds from now on"))
    return _form(request, office, form, policy)


@require_POST
@catalogue
def preview(request: HttpRequest, office: Office) -> HttpResponse:
    """What a member would read under the form as it stands; nothing is kept."""
    form = PolicyForm(request.POST, currency=office.chain.currency)
    context = {"sentences": draft_sentences(office, form)}
    return render(request, "manage/policies/_preview.html", context)


def draft_sentences(office: Office, form: PolicyForm, policy: Policy | None = None) -> list[str]:
    """The sentences of a form that can be kept, else none."""
    if not form.is_bound:
        return sentences_of(policy or Policy(), office)
    if not form.is_valid():
        return []
    draft = Policy(**form.columns())
    try:
        require_sound(draft)
    except Refusal:
        return []
    return sentences_of(draft, office)


def _form(request: HttpRequest, office: Office, form: PolicyForm, policy: Policy | None) -> HttpResponse:
    context = {
        "form": form,
        "policy": policy,
        "sentences": draft_sentences(office, form, policy),
        "preview_url": reverse("manage:policy_preview"),
    }
    return show_form(
        request,
        office,
        "manage/policies/_edit.html",
        context,
        title=whom_of(policy) if policy else _("New policy"),
        current="policies",
        back=reverse("manage:policies"),
        back_label=_("Policies"),
        save_label=_("Save the policy"),
        foot="manage/policies/_preview.html",
        start="manage/policies/_start.html",
        refused=request.method == "POST",
    )


class RulesForm(OfficeForm):
    """A store's rules of its waiting list."""

    offer_minutes = forms.IntegerField(
        label=gettext_lazy("A place is kept for, minutes"), min_value=5, max_value=1440
    )
    auto_until = forms.IntegerField(
        label=gettext_lazy("Nobody is booked unasked in the last, minutes"), min_value=0, max_value=32_000
    )
    per_day = forms.IntegerField(
        label=gettext_lazy("Offers a member and day, at most"), min_value=1, max_value=50
    )
    quiet_from = ClockField(label=gettext_lazy("No messages from"))
    quiet_to = ClockField(label=gettext_lazy("No messages until"))


RULES = ("offer_minutes", "auto_until", "per_day", "quiet_from", "quiet_to")


@require_http_methods(["GET", "POST"])
@managers
def rules(request: HttpRequest, office: Office, store_id: UUID) -> HttpResponse:
    """How the store's waiting list goes about it."""
    store = office.store(store_id, Action.MANAGE_STORE)
    kept = rules_of(store.id)
    initial: dict[str, Any] = {name: getattr(kept, name) for name in (*RULES, "version")}
    form = RulesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in RULES}
        version = form.cleaned_data["version"]
        if form.takes(lambda: write_rules(store.id, fields, by=office.actor, version=version)):
            return done(request, reverse("manage:policies"), _("Saved"))
    return show_form(
        request,
        office,
        "manage/policies/_rules.html",
        {"form": form},
        title=_("Waiting list of %(store)s") % {"store": store.name},
        current="policies",
        back=reverse("manage:policies"),
        back_label=_("Policies"),
        save_label=_("Save"),
        refused=request.method == "POST",
    )
