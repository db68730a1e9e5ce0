"""`policies`, the terms of a booking, penalties and their waivers, a store's waiting rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import LARGEST_AMOUNT, Body, ListQuery, WallField, moment_text, wall_text
from api.pagination import page_of
from api.v1.forms import words_of
from api.v1.terms_documents import TermsOut, terms_document
from api.views import Endpoint
from tenants.booking.domain.day import read_seen_booking
from tenants.booking.domain.penalties import penalties_of, waive_penalty
from tenants.booking.domain.policies import delete_policy, list_policies, read_policy, write_policy
from tenants.booking.domain.waiting_rules import read_rules, write_rules
from tenants.booking.models import Cause, Consequence, History, Penalty, PenaltyKind, Policy, WaitingRules


class Brings(Body):
    """What something brings: minor units, a percentage of the price, credits, points or days of pause."""

    kind = serializers.ChoiceField(choices=Consequence.values)
    value = serializers.IntegerField(min_value=0, max_value=LARGEST_AMOUNT, default=0)


class PolicyBody(Body):
    """Whom a policy fits, and its terms. What it leaves open fits all."""

    service = serializers.UUIDField(required=False, allow_null=True)
    store = serializers.UUIDField(required=False, allow_null=True)
    tier = serializers.CharField(required=False, allow_blank=True, max_length=40)
    history = serializers.ChoiceField(required=False, allow_blank=True, choices=History.values)
    cancel_notice = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=525_600,
        help_text="Minutes; null: the service's.",
    )
    move_notice = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=525_600,
        help_text="Minutes; null: the service's.",
    )
    deposit = Brings(required=False)
    late = Brings(required=False)
    no_show = Brings(required=False)
    grace = serializers.IntegerField(required=False, min_value=0, max_value=50)
    grace_days = serializers.IntegerField(required=False, min_value=1, max_value=3650)
    currency = serializers.RegexField(r"^([A-Z]{3})?\Z", required=False, allow_blank=True)


class PolicyChange(PolicyBody):
    """The fields to change, on the version that was read where it matters."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class BringsOut(serializers.Serializer[Any]):
    """See Brings."""

    kind = serializers.ChoiceField(choices=Consequence.values)
    value = serializers.IntegerField()


class PolicyOut(serializers.Serializer[Any]):
    """A policy."""

    id = serializers.UUIDField()
    service = serializers.UUIDField(allow_null=True)
    service_name = serializers.CharField(allow_null=True)
    store = serializers.UUIDField(allow_null=True)
    store_name = serializers.CharField(allow_null=True)
    tier = serializers.CharField()
    history = serializers.CharField(help_text="new, regular, missed; empty for any.")
    cancel_notice = serializers.IntegerField(allow_null=True)
    move_notice = serializers.IntegerField(allow_null=True)
    deposit = BringsOut()
    late = BringsOut()
    no_show = BringsOut()
    grace = serializers.IntegerField()
    grace_days = serializers.IntegerField()
    currency = serializers.CharField()
    version = serializers.IntegerField()


class PolicyPage(serializers.Serializer[Any]):
    """A page of policies."""

    results = PolicyOut(many=True)
    next = serializers.URLField(allow_null=True)


class Policies(Endpoint):
    """The chain's policies."""

    @extend_schema(operation_id="policies_list", parameters=[ListQuery], responses=PolicyPage)
    def get(self, request: Request) -> Response:
        """All of them, oldest first."""
        self.query(ListQuery)
        page = page_of(
            list_policies(by=self.actor), request, key=["created_at", "id"], document=policy_documents
        )
        return Response(page)

    @extend_schema(request=PolicyBody, responses={201: PolicyOut})
    def post(self, request: Request) -> Response:
        """A new one, for bookings made from now on."""
        made = write_policy(_columns(self.body(PolicyBody)), by=self.actor, now=self.now)
        return Response(policy_documents([read_policy(made.id, by=self.actor)])[0], status=201)


class OnePolicy(Endpoint):
    """One policy."""

    @extend_schema(operation_id="policies_read", responses=PolicyOut)
    def get(self, request: Request, policy_id: UUID) -> Response:
        """As it stands."""
        return Response(policy_documents([read_policy(policy_id, by=self.actor)])[0])

    @extend_schema(request=PolicyChange, responses=PolicyOut)
    def patch(self, request: Request, policy_id: UUID) -> Response:
        """Change it; bookings already made keep their terms."""
        asked = self.body(PolicyChange)
        version = asked.pop("version", None)
        write_policy(_columns(asked), by=self.actor, now=self.now, policy_id=policy_id, version=version)
        return Response(policy_documents([read_policy(policy_id, by=self.actor)])[0])

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, policy_id: UUID) -> Response:
        """Take it away; bookings already made keep their terms."""
        delete_policy(policy_id, by=self.actor)
        return Response(status=204)


def _columns(asked: dict[str, Any]) -> dict[str, Any]:
    """A body as columns of Policy."""
    columns = dict(asked)
    for name in ("service", "store"):
        if name in columns:
            columns[f"{name}_id"] = columns.pop(name)
    for name in ("deposit", "late", "no_show"):
        if name in columns:
            brings = columns.pop(name)
            columns[f"{name}_kind"], columns[f"{name}_value"] = brings["kind"], brings["value"]
    return columns


def policy_documents(policies: Iterable[Policy]) -> list[dict[str, Any]]:
    """Policies as the API writes them; service and store are loaded."""
    return [
        {
            "id": str(one.id),
            "service": str(one.service_id) if one.service_id else None,
            "service_name": words_of(one.service, "name") if one.service else None,
            "store": str(one.store_id) if one.store_id else None,
            "store_name": words_of(one.store, "name") if one.store else None,
            "tier": one.tier,
            "history": str(one.history),
            "cancel_notice": one.cancel_notice,
            "move_notice": one.move_notice,
            "deposit": {"kind": str(one.deposit_kind), "value": one.deposit_value},
            "late": {"kind": str(one.late_kind), "value": one.late_value},
            "no_show": {"kind": str(one.no_show_kind), "value": one.no_show_value},
            "grace": one.grace,
            "grace_days": one.grace_days,
            "currency": one.currency,
            "version": one.version,
        }
        for one in policies
    ]


class BookingTerms(Endpoint):
    """What a change of the booking would bring now."""

    who = "person"

    @extend_schema(operation_id="bookings_terms", responses=TermsOut)
    def get(self, request: Request, booking_id: UUID) -> Response:
        """The terms in sums and words, before anything is done."""
        return Response(
            terms_document(read_seen_booking(booking_id, by=self.actor, now=self.now), now=self.now)
        )


class WaiverOut(serializers.Serializer[Any]):
    """That it was let off."""

    by = serializers.UUIDField()
    by_name = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class PenaltyOut(serializers.Serializer[Any]):
    """A penalty: `amount` is minor units of `currency`, credits, points, or days until `until`."""

    id = serializers.UUIDField()
    booking = serializers.UUIDField()
    cause = serializers.ChoiceField(choices=Cause.values)
    kind = serializers.ChoiceField(choices=PenaltyKind.values)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    at = serializers.DateTimeField()
    waiver = WaiverOut(
        allow_null=True, help_text="For employees; a member sees that there is one by `waived`."
    )
    waived = serializers.BooleanField()


class PenaltyList(serializers.Serializer[Any]):
    """All penalties of a booking."""

    results = PenaltyOut(many=True)
    next = serializers.URLField(allow_null=True)


class BookingPenalties(Endpoint):
    """What came of the booking."""

    who = "person"

    @extend_schema(operation_id="bookings_penalties", responses=PenaltyList)
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Its penalties, also those that were waived."""
        booking = read_seen_booking(booking_id, by=self.actor, now=self.now)
        zone = ZoneInfo(booking.store.time_zone)
        inside = self.actor.is_employee
        found = [_penalty(one, zone, inside=inside) for one in penalties_of(booking.id)]
        return Response({"results": found, "next": None})


class Waiving(Body):
    """Why."""

    reason = serializers.CharField(max_length=200)


class Waive(Endpoint):
    """A penalty is let off."""

    @extend_schema(request=Waiving, responses=PenaltyOut)
    def post(self, request: Request, penalty_id: UUID) -> Response:
        """Once, with a reason that is kept and noted."""
        waiver = waive_penalty(penalty_id, reason=self.body(Waiving)["reason"], by=self.actor, now=self.now)
        penalty = Penalty.objects.select_related("waiver__by", "booking__store").get(id=waiver.penalty_id)
        return Response(_penalty(penalty, ZoneInfo(penalty.booking.store.time_zone), inside=True))


def _penalty(penalty: Penalty, zone: ZoneInfo, *, inside: bool) -> dict[str, Any]:
    waiver = getattr(penalty, "waiver", None)
    return {
        "id": str(penalty.id),
        "booking": str(penalty.booking_id),
        "cause": str(penalty.cause),
        "kind": str(penalty.kind),
        "amount": penalty.amount,
        "currency": penalty.currency,
        "until": moment_text(penalty.until, zone) if penalty.until else None,
        "at": moment_text(penalty.at, zone),
        "waived": waiver is not None,
        "waiver": {
            "by": str(waiver.by_id),
            "by_name": waiver.by.name,
            "reason": waiver.reason,
            "at": moment_text(waiver.at, zone),
        }
        if waiver and inside
        else None,
    }


class RulesBody(Body):
    """How the store's waiting list goes about it; the fields to change."""

    offer_minutes = serializers.IntegerField(required=False, min_value=5, max_value=1440)
    auto_until = serializers.IntegerField(required=False, min_value=0, max_value=32_000)
    per_day = serializers.IntegerField(required=False, min_value=1, max_value=50)
    quiet_from = WallField(required=False)
    quiet_to = WallField(required=False)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class RulesOut(serializers.Serializer[Any]):
    """The store's rules of its waiting list."""

    store = serializers.UUIDField()
    offer_minutes = serializers.IntegerField(help_text="How long a place is kept for an answer.")
    auto_until = serializers.IntegerField(
        help_text="Minutes before the start from which nobody is booked unasked."
    )
    per_day = serializers.IntegerField(help_text="Offers a member and day.")
    quiet_from = serializers.CharField(help_text="HH:MM of the store's clock.")
    quiet_to = serializers.CharField()
    version = serializers.IntegerField()


class StoreWaitingRules(Endpoint):
    """A store's rules of its waiting list."""

    @extend_schema(operation_id="waiting_rules_read", responses=RulesOut)
    def get(self, request: Request, store_id: UUID) -> Response:
        """As they stand."""
        return Response(_rules(read_rules(store_id, by=self.actor)))

    @extend_schema(operation_id="waiting_rules_write", request=RulesBody, responses=RulesOut)
    def patch(self, request: Request, store_id: UUID) -> Response:
        """For offers made from now on."""
        asked = self.body(RulesBody)
        version = asked.pop("version", None)
        return Response(_rules(write_rules(store_id, asked, by=self.actor, version=version)))


def _rules(rules: WaitingRules) -> dict[str, Any]:
    return {
        "store": str(rules.store_id),
        "offer_minutes": rules.offer_minutes,
        "auto_until": rules.auto_until,
        "per_day": rules.per_day,
        "quiet_from": wall_text(rules.quiet_from),
        "quiet_to": wall_text(rules.quiet_to),
        "version": rules.version,
    }


urls = [
    path("policies", Policies.as_view(), name="api-policies"),
    path("policies/<uuid:policy_id>", OnePolicy.as_view(), name="api-policy"),
    path("bookings/<uuid:booking_id>/terms", BookingTerms.as_view(), name="api-booking-terms"),
    path("bookings/<uuid:booking_id>/penalties", BookingPenalties.as_view(), name="api-booking-penalties"),
    path("penalties/<uuid:penalty_id>/waive", Waive.as_view(), name="api-penalty-waive"),
    path("stores/<uuid:store_id>/waiting-rules", StoreWaitingRules.as_view(), name="api-waiting-rules"),
]
