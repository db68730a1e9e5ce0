"""Services: what can be booked, where, for how much."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import LARGEST_AMOUNT, Body, ListQuery, Money, money_document
from api.pagination import page_of
from api.v1.forms import Version, Warned, read_price, words_of
from api.views import Endpoint
from tenants.catalogue.domain import services
from tenants.catalogue.domain.needs import NeedSpec, specs_of
from tenants.catalogue.domain.services import OfferAt, Price, ServiceFields
from tenants.catalogue.domain.warnings import warn_of
from tenants.catalogue.models import BookedAs
from tenants.catalogue.models import Offer as OfferRow
from tenants.catalogue.models import Service as ServiceRow
from tenants.people.domain.rights import NotSeen
from tenants.people.models import Skill as SkillRow
from tenants.stores.models import ResourceKind

_SMALL = 32767
_SKILLS = "Ids of skills, or names; a new name becomes a skill."


class OfferBody(Body):
    """The service at one store; without a price at the service's own."""

    store = serializers.UUIDField()
    amount = serializers.IntegerField(
        min_value=0, max_value=LARGEST_AMOUNT, allow_null=True, default=None, help_text="Minor units."
    )
    active = serializers.BooleanField(default=True)


class NeedBody(Body):
    """A stretch for which the service takes a person or thing, in minutes from its start.

    Needs of one `role` are served by the very same, those of different roles by different ones.
    """

    role = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(choices=ResourceKind.choices)
    from_minute = serializers.IntegerField(min_value=0, max_value=1439, default=0)
    minutes = serializers.IntegerField(min_value=5, max_value=1440)
    prepare = serializers.IntegerField(min_value=0, max_value=480, default=0)
    clean_up = serializers.IntegerField(min_value=0, max_value=480, default=0)
    count = serializers.IntegerField(min_value=1, max_value=20, default=1)
    fits_party = serializers.BooleanField(
        default=False, help_text="Only what suits the party's size will do; tables may be combined."
    )
    skills = serializers.ListField(
        child=serializers.CharField(max_length=80), default=list, max_length=50, help_text=_SKILLS
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=40), default=list, max_length=20)


_NEEDS = "None: one practitioner for the whole service. They replace all there are."


class ServiceBody(Body):
    """A new service: at `store`, at `stores`, or (neither) at every store that takes the currency."""

    name = serializers.CharField(max_length=120)
    minutes = serializers.IntegerField(min_value=5, max_value=1440)
    price = Money()
    store = serializers.UUIDField(required=False, allow_null=True)
    stores = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=1000)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    category = serializers.CharField(max_length=60, required=False, allow_blank=True)
    prepare = serializers.IntegerField(min_value=0, max_value=480, required=False)
    clean_up = serializers.IntegerField(min_value=0, max_value=480, required=False)
    skills = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=50, help_text=_SKILLS
    )
    step = serializers.IntegerField(min_value=5, max_value=240, required=False)
    lead = serializers.IntegerField(min_value=0, max_value=525_600, required=False)
    horizon_days = serializers.IntegerField(min_value=1, max_value=730, required=False)
    notice = serializers.IntegerField(min_value=0, max_value=525_600, required=False)
    online = serializers.BooleanField(required=False)
    booked_as = serializers.ChoiceField(choices=BookedAs.choices, required=False)
    position = serializers.IntegerField(min_value=0, max_value=_SMALL, required=False)
    needs = NeedBody(many=True, required=False, help_text=_NEEDS)


class ServiceChange(Version):
    """What is to change; the rest stays. `offers` replaces all of them."""

    name = serializers.CharField(max_length=120, required=False)
    minutes = serializers.IntegerField(min_value=5, max_value=1440, required=False)
    price = Money(required=False)
    offers = OfferBody(many=True, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    category = serializers.CharField(max_length=60, required=False, allow_blank=True)
    prepare = serializers.IntegerField(min_value=0, max_value=480, required=False)
    clean_up = serializers.IntegerField(min_value=0, max_value=480, required=False)
    skills = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=50, help_text=_SKILLS
    )
    step = serializers.IntegerField(min_value=5, max_value=240, required=False)
    lead = serializers.IntegerField(min_value=0, max_value=525_600, required=False)
    horizon_days = serializers.IntegerField(min_value=1, max_value=730, required=False)
    notice = serializers.IntegerField(min_value=0, max_value=525_600, required=False)
    online = serializers.BooleanField(required=False)
    active = serializers.BooleanField(required=False)
    position = serializers.IntegerField(min_value=0, max_value=_SMALL, required=False)
    needs = NeedBody(many=True, required=False, help_text=_NEEDS)


class Offer(serializers.Serializer[Any]):
    """The service at one store."""

    store = serializers.UUIDField()
    store_name = serializers.CharField()
    price = Money()


class Service(serializers.Serializer[Any]):
    """A service; minutes are whole. `price` is the store's where one store was asked for."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    category = serializers.CharField(allow_blank=True)
    minutes = serializers.IntegerField()
    prepare = serializers.IntegerField()
    clean_up = serializers.IntegerField()
    price = Money()
    skills = serializers.ListField(child=serializers.UUIDField())
    skills_name = serializers.ListField(child=serializers.CharField())
    step = serializers.IntegerField(help_text="Minutes between offered starts.")
    lead = serializers.IntegerField(help_text="Minutes between booking and start.")
    horizon_days = serializers.IntegerField()
    notice = serializers.IntegerField(help_text="Minutes before the start until which a member may move.")
    online = serializers.BooleanField()
    booked_as = serializers.ChoiceField(
        choices=BookedAs.choices, help_text="At a time of one's own, by session, or in a pickup window."
    )
    active = serializers.BooleanField()
    position = serializers.IntegerField()
    version = serializers.IntegerField()
    offers = Offer(many=True)
    needs = NeedBody(many=True)
    warnings = Warned(many=True, required=False, help_text="After a change: what contradicts it.")


class ServiceList(serializers.Serializer[Any]):
    """A page of services."""

    results = Service(many=True)
    next = serializers.URLField(allow_null=True)


class ServiceQuery(ListQuery):
    """What one store offers."""

    store = serializers.UUIDField(required=False)


class Skill(serializers.Serializer[Any]):
    """What practitioners can do and services need."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class SkillList(serializers.Serializer[Any]):
    """A page of skills."""

    results = Skill(many=True)
    next = serializers.URLField(allow_null=True)


class Services(Endpoint):
    """The chain's services."""

    who_reads = "anyone"

    @extend_schema(operation_id="services_list", parameters=[ServiceQuery], responses=ServiceList)
    def get(self, request: Request) -> Response:
        """What can be booked; employees also see what is not offered online."""
        store_id = self.query(ServiceQuery).get("store")
        rows = seen_services(self)
        if store_id is not None:
            rows = rows.filter(offers__store=store_id, offers__active=True, offers__store__active=True)
        return Response(
            page_of(
                rows,
                request,
                key=["position", "name", "id"],
                document=lambda found: service_documents(found, store_id=store_id),
            )
        )

    @extend_schema(operation_id="services_create", request=ServiceBody, responses={201: Service})
    def post(self, request: Request) -> Response:
        """A new service; `warnings` tell what contradicts it."""
        body = self.body(ServiceBody)
        price = body.pop("price")
        store, stores = body.pop("store", None), body.pop("stores", None)
        needs = read_needs(body.pop("needs", []))
        service = services.create_service(
            cast(ServiceFields, {name: value for name, value in body.items() if name != "skills"}),
            price=Price(price["amount"], price["currency"]),
            skills=body.get("skills", []),
            stores=[store] if store is not None else stores,
            needs=needs,
            by=self.actor,
        )
        return Response(warned_document(service), status=201)


class OneService(Endpoint):
    """A service with its offers: read by anyone, changed by who manages the catalogue."""

    who_reads = "anyone"

    @extend_schema(operation_id="services_read", responses=Service)
    def get(self, request: Request, service_id: UUID) -> Response:
        """The service and where it is offered."""
        found = service_documents(list(seen_services(self).filter(id=service_id)))
        if not found:
            raise NotSeen
        return Response(found[0])

    @extend_schema(operation_id="services_change", request=ServiceChange, responses=Service)
    def patch(self, request: Request, service_id: UUID) -> Response:
        """Change what is named; `warnings` tell what contradicts it."""
        body = self.body(ServiceChange)
        version, price, skills, offers, needs = (
            body.pop(name, None) for name in ("version", "price", "skills", "offers", "needs")
        )
        service = services.change_service(
            service_id,
            cast(ServiceFields, body),
            by=self.actor,
            version=version,
            price=read_price(price),
            skills=skills,
            offers=None
            if offers is None
            else [OfferAt(o["store"], o["amount"], o["active"]) for o in offers],
            needs=None if needs is None else read_needs(needs),
        )
        return Response(warned_document(service))


class Skills(Endpoint):
    """The chain's skills."""

    @extend_schema(operation_id="skills_list", parameters=[ListQuery], responses=SkillList)
    def get(self, request: Request) -> Response:
        """Every skill of the chain, by name."""
        self.query(ListQuery)
        return Response(
            page_of(
                SkillRow.objects.all(),
                request,
                key=["name", "id"],
                document=lambda found: [{"id": str(row.id), "name": row.name} for row in found],
            )
        )


def read_needs(rows: list[dict[str, Any]]) -> list[NeedSpec]:
    """The needs as the domain reads them."""
    return [NeedSpec(**{**row, "skills": tuple(row["skills"]), "tags": tuple(row["tags"])}) for row in rows]


def seen_services(view: Endpoint) -> QuerySet[ServiceRow]:
    """All for employees; for others what is active and online."""
    rows = ServiceRow.objects.all()
    return rows if view.actor.is_employee else rows.filter(active=True, online=True)


def warned_document(service: ServiceRow) -> dict[str, Any]:
    """A service as the API writes it, with what contradicts it."""
    warnings = [{"code": warning.code, "detail": warning.detail} for warning in warn_of(service)]
    return {**service_documents([service])[0], "warnings": warnings}


def service_documents(rows: list[ServiceRow], *, store_id: UUID | None = None) -> list[dict[str, Any]]:
    """Services as the API writes them; four queries for all of them."""
    ids = [row.id for row in rows]
    offers: dict[UUID, list[OfferRow]] = {service_id: [] for service_id in ids}
    offered = OfferRow.objects.filter(service_id__in=ids, active=True, store__active=True)
    for offer in offered.select_related("store").order_by("store__position", "store__name"):
        offers[offer.service_id].append(offer)
    skills: dict[UUID, list[tuple[str, str]]] = {service_id: [] for service_id in ids}
    needed = ServiceRow.skills.through.objects.filter(service_id__in=ids).order_by("skill__name")
    for service_id, skill_id, name in needed.values_list("service_id", "skill_id", "skill__name"):
        skills[service_id].append((str(skill_id), name))
    needs: dict[UUID, list[NeedSpec]] = {service_id: [] for service_id in ids}
    for service in (
        ServiceRow.objects.filter(needs__isnull=False, id__in=ids)
        .distinct()
        .prefetch_related("needs__skills")
    ):
        needs[service.id] = specs_of(service)
    return [
        {**_document(row, offers[row.id], skills[row.id], store_id), "needs": need_documents(needs[row.id])}
        for row in rows
    ]


def need_documents(specs: list[NeedSpec]) -> list[dict[str, Any]]:
    """Needs as the API writes and reads them."""
    return [{**asdict(spec), "skills": list(spec.skills), "tags": list(spec.tags)} for spec in specs]


def _document(
    row: ServiceRow, offers: list[OfferRow], skills: list[tuple[str, str]], store_id: UUID | None
) -> dict[str, Any]:
    prices = {
        offer.store_id: row.price_amount if offer.price_amount is None else offer.price_amount
        for offer in offers
    }
    here = prices.get(store_id, row.price_amount) if store_id else row.price_amount
    return {
        "id": str(row.id),
        "name": words_of(row, "name"),
        "description": words_of(row, "description"),
        "category": words_of(row, "category"),
        "minutes": row.minutes,
        "prepare": row.prepare,
        "clean_up": row.clean_up,
        "price": money_document(here, row.currency),
        "skills": [skill_id for skill_id, _name in skills],
        "skills_name": [name for _skill_id, name in skills],
        "step": row.step,
        "lead": row.lead,
        "horizon_days": row.horizon_days,
        "notice": row.notice,
        "online": row.online,
        "booked_as": row.booked_as,
        "active": row.active,
        "position": row.position,
        "version": row.version,
        "offers": [
            {
                "store": str(offer.store_id),
                "store_name": words_of(offer.store, "name"),
                "price": money_document(prices[offer.store_id], row.currency),
            }
            for offer in offers
        ],
    }


urls = [
    path("services", Services.as_view()),
    path("services/<uuid:service_id>", OneService.as_view()),
    path("skills", Skills.as_view()),
]
