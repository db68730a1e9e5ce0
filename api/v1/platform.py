"""The platform's host: plans, and the way from a wish to a chain."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import path
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body
from api.views import Endpoint
from billing.domain.plans import PlanCard, plans_on_sale
from chains.addresses import client_address
from chains.domain.signup import (
    Asker,
    find_signup,
    resend_code,
    signup_problem,
    start_signup,
    verify_signup,
)
from chains.domain.signup_fields import SignupFields
from chains.domain.slugs import address_of, check_slug, normalise_slug
from chains.models import Signup, SignupState
from chains.refusals import Refusal, problem_document


class SignupBody(Body):
    """A brand's wish to become a chain."""

    brand = serializers.CharField(max_length=120)
    slug = serializers.CharField(max_length=120, help_text="3–30 small letters, digits, single dashes.")
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False)
    verticals = serializers.ListField(child=serializers.CharField(max_length=40), max_length=20)
    locale = serializers.CharField(max_length=20, help_text="zh-Hans or en.")
    time_zone = serializers.CharField(max_length=64, help_text="An IANA name, such as Asia/Shanghai.")
    currency = serializers.CharField(max_length=3, help_text="ISO 4217, such as CNY.")
    owner_name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class CodeBody(Body):
    """The six digits from the e-mail."""

    code = serializers.CharField(max_length=20)


class StepDocument(serializers.Serializer[Any]):
    """A finished step of setting up."""

    name = serializers.CharField()
    seconds = serializers.FloatField()


class SignupDocument(serializers.Serializer[Any]):
    """How far a sign-up has come."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=SignupState.values)
    status_url = serializers.URLField()
    brand = serializers.CharField()
    slug = serializers.CharField()
    steps = StepDocument(many=True)
    chain_url = serializers.URLField(required=False, help_text="When ready.")
    problem = serializers.DictField(required=False, help_text="When failed: the problem document.")


class AmountDocument(serializers.Serializer[Any]):
    """Money in whole minor units."""

    amount = serializers.IntegerField()
    currency = serializers.CharField()


class PriceDocument(serializers.Serializer[Any]):
    """A plan's price in one currency."""

    currency = serializers.CharField()
    month = AmountDocument()
    year = AmountDocument()
    store_month = AmountDocument(
        allow_null=True, help_text="One store beyond those included; null: none can be added."
    )
    store_year = AmountDocument(allow_null=True)


class PlanDocument(serializers.Serializer[Any]):
    """A plan; a limit of null is unlimited."""

    code = serializers.CharField()
    name = serializers.CharField()
    pitch = serializers.CharField()
    prices = PriceDocument(many=True)
    limits = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    most_stores = serializers.IntegerField(allow_null=True, help_text="With stores added; null: any number.")
    trial_days = serializers.IntegerField()


class PlansDocument(serializers.Serializer[Any]):
    """All plans on sale, in their order."""

    results = PlanDocument(many=True)
    next = serializers.URLField(allow_null=True)


class SlugDocument(serializers.Serializer[Any]):
    """Whether an address could be had at this moment; with the problem where not."""

    slug = serializers.CharField()
    address = serializers.URLField(
        allow_null=True, help_text="Null where the text could not stand in an address."
    )
    free = serializers.BooleanField()
    problem = serializers.DictField(required=False)


class Plans(Endpoint):
    """What a chain can subscribe to."""

    who = "anyone"

    @extend_schema(operation_id="list_plans", responses=PlansDocument)
    def get(self, request: Request) -> Response:
        """The plans on sale."""
        plans = plans_on_sale(language=get_language() or "en")
        return Response({"results": [plan_document(plan) for plan in plans], "next": None})


class Signups(Endpoint):
    """Sign-ups begin here."""

    who = "anyone"

    @extend_schema(operation_id="start_signup", request=SignupBody, responses={202: SignupDocument})
    def post(self, request: Request) -> Response:
        """Begin; a code goes to the e-mail address."""
        sent = self.body(SignupBody)
        signup = start_signup(
            SignupFields(**{**sent, "verticals": tuple(sent["verticals"])}),
            now=self.now,
            by=Asker(address=client_address(request._request)),
        )
        return Response(signup_document(signup), status=202)


class OneSignup(Endpoint):
    """A sign-up's progress."""

    who = "anyone"

    @extend_schema(operation_id="read_signup", responses=SignupDocument)
    def get(self, request: Request, signup_id: UUID) -> Response:
        """How far it has come."""
        return Response(signup_document(find_signup(signup_id)))


class Verification(Endpoint):
    """The code from the e-mail."""

    who = "anyone"

    @extend_schema(operation_id="verify_signup", request=CodeBody, responses=SignupDocument)
    def post(self, request: Request, signup_id: UUID) -> Response:
        """Take the code; the chain is then set up."""
        code = self.body(CodeBody)["code"]
        try:
            signup = verify_signup(signup_id, code=code, now=self.now)
        except Refusal as refusal:
            # answered here, not raised: the try that was counted must be committed
            answer: Response = self.handle_exception(refusal)
            return answer
        return Response(signup_document(signup))


class FreshCode(Endpoint):
    """Another code, where the first did not arrive."""

    who = "anyone"

    @extend_schema(operation_id="resend_signup_code", request=None, responses={202: SignupDocument})
    def post(self, request: Request, signup_id: UUID) -> Response:
        """Send a fresh code; once a minute."""
        return Response(signup_document(resend_code(signup_id, now=self.now)), status=202)


class Slugs(Endpoint):
    """Is an address free?"""

    who = "anyone"

    @extend_schema(operation_id="check_slug", responses=SlugDocument)
    def get(self, request: Request, slug: str) -> Response:
        """Say so without holding it."""
        slug = normalise_slug(slug)
        address = address_of(slug) if re.fullmatch(r"[a-z0-9-]{1,63}", slug) else None
        document: dict[str, Any] = {"slug": slug, "address": address, "free": True}
        try:
            check_slug(slug)
        except Refusal as refusal:
            document.update(free=False, problem=problem_document(refusal))
        return Response(document)


def signup_document(signup: Signup) -> dict[str, Any]:
    """A sign-up as the API writes it; never its e-mail address: the id alone opens it."""
    document: dict[str, Any] = {
        "id": str(signup.id),
        "state": signup.state,
        "status_url": f"{settings.SCHEME}://{settings.BASE}/api/v1/signups/{signup.id}",
        "brand": signup.brand,
        "slug": signup.slug,
        "steps": [{"name": step["name"], "seconds": step["seconds"]} for step in signup.steps],
    }
    if signup.state == SignupState.READY:
        document["chain_url"] = address_of(signup.slug)
    if (problem := signup_problem(signup)) is not None:
        document["problem"] = problem_document(problem)
    return document


def plan_document(plan: PlanCard) -> dict[str, Any]:
    """A plan as the API writes it."""
    return {
        "code": plan.code,
        "name": plan.name,
        "pitch": plan.pitch,
        "prices": [
            {
                "currency": price.currency,
                "month": {"amount": price.month, "currency": price.currency},
                "year": {"amount": price.year, "currency": price.currency},
                "store_month": _amount(price.store_month, price.currency),
                "store_year": _amount(price.store_year, price.currency),
            }
            for price in plan.prices
        ],
        "limits": plan.limits,
        "most_stores": plan.most_stores,
        "trial_days": plan.trial_days,
    }


def _amount(amount: int | None, currency: str) -> dict[str, Any] | None:
    return None if amount is None else {"amount": amount, "currency": currency}


urls = [
    path("plans", Plans.as_view()),
    path("signups", Signups.as_view()),
    path("signups/<uuid:signup_id>", OneSignup.as_view()),
    path("signups/<uuid:signup_id>/verify", Verification.as_view()),
    path("signups/<uuid:signup_id>/code", FreshCode.as_view()),
    path("slugs/<str:slug>", Slugs.as_view()),
]
