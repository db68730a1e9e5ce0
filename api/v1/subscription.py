"""A chain's own subscription, for its owners: how it stands, what is used, paying, changing, cancelling."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import path
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, MomentField, moment_text, money_document
from api.outside import Outside, OutsideEndpoint
from api.v1.platform import AmountDocument
from api.views import Endpoint
from billing.domain import subscriptions
from billing.domain.buying import Payer, agreed_at, change, check_out, payer_of, preview, reread, visit_portal
from billing.domain.choosing import Wanted, judge_choice, require_change, require_checkout
from billing.domain.own import (
    OwnBilling,
    UsageLine,
    count_lost_history,
    history_shown,
    read_billing,
    read_used,
    usage_lines,
)
from billing.domain.previews import line_words
from billing.port import ChangePreview, HostedPage
from chains.domain.entitlements import Limit
from chains.models import ChainState

MOST_EXTRA = 10_000


class ChoiceBody(Body):
    """What to subscribe to. What is left out stays as it is, or is what fits: the stores in use."""

    plan = serializers.CharField(max_length=40)
    interval = serializers.ChoiceField(choices=["month", "year"], required=False)
    extra_stores = serializers.IntegerField(
        min_value=0, max_value=MOST_EXTRA, required=False, help_text="Stores beyond those the plan includes."
    )
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False)


class ChangeBody(ChoiceBody):
    """`preview` says what it would cost and changes nothing; `at` is the preview's, so that the sum is the same."""

    preview = serializers.BooleanField(default=False)
    at = MomentField(required=False)


class WaitingDocument(serializers.Serializer[Any]):
    """What was asked of a payment provider that did not answer; it is asked again for a day, or withdrawn."""

    kind = serializers.ChoiceField(choices=["change", "cancel", "resume"])
    since = serializers.DateTimeField()
    plan = serializers.CharField(allow_null=True)


class SubscriptionDocument(serializers.Serializer[Any]):
    """How the chain stands by its payments; `subscription` is null where it never had one."""

    state = serializers.ChoiceField(choices=ChainState.values)
    cause = serializers.CharField(allow_blank=True, help_text="trial_over, payment_failed, ended, or empty.")
    until = serializers.DateTimeField(allow_null=True, help_text="When this state ends by itself.")
    plan = serializers.CharField(allow_blank=True)
    trial_ends_at = serializers.DateTimeField(allow_null=True)
    entitlements = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    credit = AmountDocument(allow_null=True)
    subscription = serializers.DictField(allow_null=True)
    tax_ids = serializers.ListField(child=serializers.CharField(), help_text="Shown on new invoices.")
    waiting = WaitingDocument(many=True)


class UsageDocument(serializers.Serializer[Any]):
    """One limit: `used` is null for a rate or a time, `allowed` null without a limit."""

    limit = serializers.ChoiceField(choices=[limit.value for limit in Limit])
    used = serializers.IntegerField(allow_null=True)
    allowed = serializers.IntegerField(allow_null=True)
    next_plan = serializers.CharField(allow_null=True)
    next_allowed = serializers.IntegerField(allow_null=True)
    history_from = serializers.DateTimeField(
        allow_null=True, help_text="Of retention_months: where the history that is shown begins."
    )


class UsageList(serializers.Serializer[Any]):
    """Every limit."""

    results = UsageDocument(many=True)
    next = serializers.URLField(allow_null=True)


class PageDocument(serializers.Serializer[Any]):
    """A page of the payment provider's to open in a browser."""

    url = serializers.URLField()
    expires_at = serializers.DateTimeField(allow_null=True)


class ChangeDocument(serializers.Serializer[Any]):
    """A preview (`due_now`, `credit`, `renewal`, `renews_at`, `at`, `lines`, and what of the history
    would still be shown: `history_from`, and `bookings_not_shown`, which are kept), or the subscription after the change."""

    preview = serializers.DictField(required=False)
    subscription = SubscriptionDocument(required=False)


class OwnSubscription(Endpoint):
    """The chain's subscription."""

    @extend_schema(operation_id="read_subscription", responses=SubscriptionDocument)
    def get(self, request: Request) -> Response:
        """How it stands."""
        return Response(subscription_document(read_billing(by=self.actor, language=language())))


class OwnUsage(Endpoint):
    """What the plan counts."""

    @extend_schema(operation_id="read_usage", responses=UsageList)
    def get(self, request: Request) -> Response:
        """How much is used of every limit, and what the next plan gives."""
        billing = read_billing(by=self.actor, language=language())
        lines = usage_lines(billing, read_used(now=self.now))
        since = _text(history_shown(billing, now=self.now), ZoneInfo(billing.time_zone))
        return Response({"results": [usage_document(line, since) for line in lines], "next": None})


class BillingEndpoint(OutsideEndpoint):
    """What the calls below share."""

    def billing(self) -> OwnBilling:
        """The chain's billing, for who may manage it. Raises Forbidden."""
        return read_billing(by=self.actor, language=language())

    def payer(self) -> Payer:
        """Who pays, and the office's page to come back to."""
        back = self.request.build_absolute_uri("/manage/plan/")
        return payer_of(self.chain, by=self.actor, language=language(), back_url=back)

    def after(self) -> dict[str, Any]:
        """The subscription's document as it is once the provider has answered."""
        return subscription_document(reread(self.chain, language=language()))


class Checkout(BillingEndpoint):
    """Subscribe."""

    @extend_schema(operation_id="start_checkout", request=ChoiceBody, responses=PageDocument)
    def post(self, request: Request) -> Any:
        """A page of the payment provider's on which the plan is paid; the same one for the same wish."""
        billing = self.billing()
        choice = judge_choice(billing, Wanted(**self.body(ChoiceBody)), read_used(now=self.now), now=self.now)
        require_checkout(billing, choice)
        payer, zone = self.payer(), ZoneInfo(billing.time_zone)
        return Outside(lambda: page_document(check_out(payer, choice, now=self.now), zone))


class Portal(BillingEndpoint):
    """Cards, open invoices, tax ids."""

    @extend_schema(operation_id="open_portal", request=None, responses=PageDocument)
    def post(self, request: Request) -> Any:
        """A page of the payment provider's on which the owner pays and changes the card."""
        billing, payer = self.billing(), self.payer()
        zone = ZoneInfo(billing.time_zone)
        return Outside(lambda: page_document(visit_portal(payer, now=self.now), zone))


class Change(BillingEndpoint):
    """Another plan, interval or number of stores."""

    @extend_schema(operation_id="change_subscription", request=ChangeBody, responses=ChangeDocument)
    def post(self, request: Request) -> Any:
        """With `preview` what it would cost; else the change, prorated, charged or credited at once."""
        billing, sent = self.billing(), self.body(ChangeBody)
        previewed, at = sent.pop("preview"), agreed_at(sent.pop("at", None), now=self.now)
        choice = judge_choice(billing, Wanted(**sent), read_used(now=self.now), now=self.now)
        require_change(billing, choice)
        if previewed:
            lost = count_lost_history(billing, choice.card, now=self.now)
            since = _text(history_shown(billing, choice.card, now=self.now), ZoneInfo(billing.time_zone))
            history = {"history_from": since, "bookings_not_shown": lost}
            return Outside(
                lambda: {
                    "preview": preview_document(preview(billing, choice, now=self.now), billing) | history
                }
            )

        def make() -> dict[str, Any]:
            change(billing, choice, at=at, now=self.now)
            return {"subscription": self.after()}

        return Outside(make)


class Cancel(BillingEndpoint):
    """Not renew."""

    @extend_schema(operation_id="cancel_subscription", request=None, responses=SubscriptionDocument)
    def post(self, request: Request) -> Any:
        """It runs to the end of what is paid, and can be resumed until then."""
        chain_id = self.billing().chain_id

        def make() -> dict[str, Any]:
            subscriptions.cancel_subscription(chain_id, now=self.now)
            return self.after()

        return Outside(make)


class Resume(BillingEndpoint):
    """Renew after all."""

    @extend_schema(operation_id="resume_subscription", request=None, responses=SubscriptionDocument)
    def post(self, request: Request) -> Any:
        """Take a cancellation back."""
        chain_id = self.billing().chain_id

        def make() -> dict[str, Any]:
            subscriptions.resume_subscription(chain_id, now=self.now)
            return self.after()

        return Outside(make)


class Withdraw(BillingEndpoint):
    """Take back what waits."""

    @extend_schema(operation_id="withdraw_change", request=None, responses=SubscriptionDocument)
    def post(self, request: Request) -> Any:
        """Ask no more for a change, cancellation or renewal that the payment provider has not answered."""
        chain_id = self.billing().chain_id

        def make() -> dict[str, Any]:
            subscriptions.withdraw_change(chain_id, now=self.now)
            return self.after()

        return Outside(make)


def language() -> str:
    """The request's language."""
    return get_language() or "en"


def subscription_document(billing: OwnBilling) -> dict[str, Any]:
    """A chain's standing and subscription as the API writes them."""
    zone = ZoneInfo(billing.time_zone)
    row = billing.subscription
    return {
        "state": billing.state.value,
        "cause": billing.cause.value,
        "until": _text(billing.until, zone),
        "plan": billing.plan,
        "trial_ends_at": _text(billing.trial_ends_at, zone),
        "entitlements": {limit.value: billing.entitlements.get(limit.value) for limit in Limit},
        "credit": money_document(billing.credit, row.currency) if row is not None else None,
        "subscription": None
        if row is None
        else {
            "status": row.status,
            "plan": row.plan,
            "interval": row.interval,
            "extra_stores": row.extra_stores,
            "price": money_document(row.recurring_amount, row.currency),
            "current_period_start": _text(row.current_period_start, zone),
            "current_period_end": _text(row.current_period_end, zone),
            "trial_end": _text(row.trial_end, zone),
            "cancel_at_period_end": row.cancel_at_period_end,
            "ended_at": _text(row.ended_at, zone),
        },
        "tax_ids": list(billing.tax_ids),
        "waiting": [
            {"kind": one.kind, "since": _text(one.since, zone), "plan": one.plan or None}
            for one in billing.waiting
        ],
    }


def usage_document(line: UsageLine, history_from: str | None) -> dict[str, Any]:
    """One limit as the API writes it."""
    return {
        "limit": line.limit.value,
        "used": line.used,
        "allowed": line.allowed,
        "next_plan": line.more.code if line.more is not None else None,
        "next_allowed": line.more_allowed,
        "history_from": history_from if line.limit == Limit.RETENTION else None,
    }


def page_document(page: HostedPage, zone: ZoneInfo) -> dict[str, Any]:
    """A hosted page as the API writes it."""
    return {"url": page.url, "expires_at": _text(page.expires_at, zone)}


def preview_document(shown: ChangePreview, billing: OwnBilling) -> dict[str, Any]:
    """What a change would cost, as the API writes it; amounts of lines may be negative."""
    zone = ZoneInfo(billing.time_zone)
    return {
        "due_now": money_document(shown.due_now, shown.currency),
        "credit": money_document(shown.credit, shown.currency),
        "renewal": money_document(shown.renewal_amount, shown.currency),
        "renews_at": _text(shown.renews_at, zone),
        "at": _text(shown.at, zone),
        "lines": [
            {"text": line_words(line, billing.plans), "amount": money_document(line.amount, shown.currency)}
            for line in shown.lines
        ],
    }


def _text(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return moment_text(moment, zone) if moment is not None else None


urls = [
    path("subscription", OwnSubscription.as_view()),
    path("usage", OwnUsage.as_view()),
    path("subscription/checkout", Checkout.as_view()),
    path("subscription/portal", Portal.as_view()),
    path("subscription/change", Change.as_view()),
    path("subscription/cancel", Cancel.as_view()),
    path("subscription/resume", Resume.as_view()),
    path("subscription/withdraw", Withdraw.as_view()),
]
