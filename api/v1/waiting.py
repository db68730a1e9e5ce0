"""`waiting`: join the waiting list, see where one stands, accept or decline what is offered, leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, DayField, ListQuery, moment_text, money_document
from api.pagination import page_of
from api.problems import Malformed
from api.v1.booking_documents import MoneyOut
from api.v1.booking_requests import DetailsField, StoreMomentField
from api.v1.forms import words_of
from api.views import Endpoint
from chains.refusals import FieldError
from tenants.booking.domain.offering import zone_of_store
from tenants.booking.domain.spans import Span
from tenants.booking.domain.waiting_offers import accept_offer, decline_offer, leave_waiting
from tenants.booking.domain.wishes import (
    OFFERS,
    Wanted,
    join_waiting,
    own_wishes,
    places_in_queue,
    read_queue,
    read_wish,
    wanted_seat,
)
from tenants.booking.models import Wish, WishStatus
from tenants.catalogue.models import Service
from tenants.people.domain.rights import NotSeen
from tenants.people.models import Employee
from tenants.stores.domain.wall import local_day, parse_moment


class NewWish(Body):
    """Any place of a set: these services, these people (none: anybody), within one of the windows."""

    store = serializers.UUIDField()
    services = serializers.ListField(
        child=serializers.UUIDField(), required=False, min_length=1, max_length=10
    )
    session = serializers.UUIDField(
        required=False, allow_null=True, help_text="A seat of that session; then no services and no windows."
    )
    practitioners = serializers.ListField(child=serializers.UUIDField(), max_length=50, default=list)
    windows = serializers.ListField(
        child=serializers.ListField(child=StoreMomentField(), min_length=2, max_length=2),
        required=False,
        min_length=1,
        max_length=21,
        help_text="`[[from, to], …]`, half-open; the whole service lies within one of them.",
    )
    party_size = serializers.IntegerField(min_value=1, max_value=99, default=1)
    auto_accept = serializers.BooleanField(
        default=False, help_text="Book what fits at once, but not in the last hours before it."
    )
    member = serializers.UUIDField(required=False, help_text="For employees.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A session, or services and windows."""
        missing = [name for name in ("services", "windows") if name not in attrs and not attrs.get("session")]
        if missing:
            words = serializers.Field().error_messages["required"]
            raise serializers.ValidationError({name: [words] for name in missing}, "required")
        return attrs


class OfferOut(serializers.Serializer[Any]):
    """A place held for the wish; accept or decline before `expires_at`."""

    id = serializers.UUIDField()
    booking = serializers.UUIDField()
    service = serializers.UUIDField()
    service_name = serializers.CharField()
    practitioner = serializers.UUIDField(allow_null=True)
    practitioner_name = serializers.CharField(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    price = MoneyOut()
    expires_at = serializers.DateTimeField()
    because = serializers.CharField(help_text="The rule by which it came to this wish: joined_first.")


class WishOut(serializers.Serializer[Any]):
    """A wish on the waiting list."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=WishStatus.values)
    store = serializers.UUIDField()
    store_name = serializers.CharField()
    member = serializers.UUIDField()
    member_name = serializers.CharField()
    session = serializers.UUIDField(allow_null=True)
    services = serializers.ListField(child=serializers.UUIDField())
    services_name = serializers.ListField(child=serializers.CharField())
    practitioners = serializers.ListField(child=serializers.UUIDField())
    practitioners_name = serializers.ListField(child=serializers.CharField())
    windows = serializers.ListField(child=serializers.ListField(child=serializers.DateTimeField()))
    party_size = serializers.IntegerField()
    auto_accept = serializers.BooleanField()
    place = serializers.IntegerField(help_text="Its place in the queue, from 1.")
    joined_at = serializers.DateTimeField()
    offer = OfferOut(allow_null=True)
    version = serializers.IntegerField()


class WishPage(serializers.Serializer[Any]):
    """A page of wishes."""

    results = WishOut(many=True)
    next = serializers.URLField(allow_null=True)


class WishQuery(ListQuery):
    """For employees: whose queue, on which date."""

    store = serializers.UUIDField(required=False)
    date = DayField(required=False)


class Waiting(Endpoint):
    """The waiting list."""

    who = "person"

    @extend_schema(operation_id="waiting_list", parameters=[WishQuery], responses=WishPage)
    def get(self, request: Request) -> Response:
        """A member's own open wishes; for employees a store's queue on a date, in its order."""
        asked = self.query(WishQuery)
        if self.actor.is_employee:
            missing = [name for name in ("store", "date") if name not in asked]
            if missing:
                raise Malformed(errors=[FieldError(name, "required", _("Say which.")) for name in missing])
            zone = zone_of_store(asked["store"])
            day = local_day(asked["date"], zone)
            queue = read_queue(asked["store"], Span(day.start, day.end), by=self.actor)
            return Response({"results": wish_documents(queue), "next": None})
        return Response(
            page_of(own_wishes(by=self.actor), request, key=["joined_at", "id"], document=wish_documents)
        )

    @extend_schema(request=NewWish, responses={201: WishOut})
    def post(self, request: Request) -> Response:
        """Join at the end; what fits and is free is offered within seconds."""
        asked = self.body(NewWish)
        if self.actor.is_employee and "member" not in asked:
            raise Malformed(errors=[FieldError("member", "required", _("Say for whom."))])
        zone = zone_of_store(asked["store"])
        if asked.get("session"):
            wanted = wanted_seat(
                asked["session"], party_size=asked["party_size"], auto_accept=asked["auto_accept"]
            )
            if wanted.store_id != asked["store"]:
                raise NotSeen
            wish = join_waiting(wanted, by=self.actor, member_id=asked.get("member"), now=self.now)
            return Response(_document(wish.id), status=201)
        wanted = Wanted(
            store_id=asked["store"],
            services=asked["services"],
            windows=[_window(pair, zone) for pair in asked["windows"]],
            practitioners=asked["practitioners"],
            party_size=asked["party_size"],
            auto_accept=asked["auto_accept"],
        )
        wish = join_waiting(wanted, by=self.actor, member_id=asked.get("member"), now=self.now)
        return Response(_document(wish.id), status=201)


def _window(pair: Sequence[str], zone: ZoneInfo) -> tuple[datetime, datetime]:
    return parse_moment(pair[0], zone=zone), parse_moment(pair[1], zone=zone)


class OneWish(Endpoint):
    """One wish of the member's own."""

    who = "member"

    @extend_schema(operation_id="waiting_read", responses=WishOut)
    def get(self, request: Request, wish_id: UUID) -> Response:
        """As it stands now, also after its end."""
        return Response(wish_documents([read_wish(wish_id, by=self.actor)])[0])

    @extend_schema(operation_id="waiting_leave", request=None, responses={204: None})
    def delete(self, request: Request, wish_id: UUID) -> Response:
        """Leave the list; what is on offer goes to the next."""
        leave_waiting(wish_id, by=self.actor, now=self.now)
        return Response(status=204)


class Answering(Body):
    """What the shop asks before the place is taken."""

    details = DetailsField()


class Accept(Endpoint):
    """A place on offer becomes a booking."""

    who = "member"

    @extend_schema(request=Answering, responses=WishOut)
    def post(self, request: Request, wish_id: UUID) -> Response:
        """offered → booked; 409 `offer_gone` once the time to answer is over."""
        asked = self.body(Answering)
        booking = accept_offer(wish_id, by=self.actor, now=self.now, details=asked["details"])
        return Response(
            {**wish_documents([read_wish(wish_id, by=self.actor)])[0], "booking": str(booking.id)}
        )


class Decline(Endpoint):
    """A place on offer goes to the next."""

    who = "member"

    @extend_schema(request=Body, responses=WishOut)
    def post(self, request: Request, wish_id: UUID) -> Response:
        """offered → waiting, for other places."""
        self.body(Body)
        decline_offer(wish_id, by=self.actor, now=self.now)
        return Response(wish_documents([read_wish(wish_id, by=self.actor)])[0])


def _document(wish_id: UUID) -> dict[str, Any]:
    """A wish that was just written by whoever asks."""
    found = Wish.objects.select_related("store", "member").prefetch_related("windows", OFFERS)
    return wish_documents([found.get(id=wish_id)])[0]


def wish_documents(wishes: Sequence[Wish]) -> list[dict[str, Any]]:
    """Wishes as the API writes them; as many queries for one as for all."""
    places = places_in_queue(wish.id for wish in wishes)
    services = _names(Service, {one for wish in wishes for one in wish.services})
    people = _names(Employee, {one for wish in wishes for one in wish.practitioners})
    return [_wish(wish, places.get(wish.id, 1), services, people) for wish in wishes]


def _names(model: type[Service] | type[Employee], ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    rows: Iterable[Service | Employee] = model.objects.filter(id__in=ids).only("id", "name", "translations")
    return {one.id: words_of(one, "name") for one in rows}


def _wish(wish: Wish, place: int, services: dict[UUID, str], people: dict[UUID, str]) -> dict[str, Any]:
    zone = ZoneInfo(wish.store.time_zone)
    offer = next(iter(wish.open_offers), None)  # type: ignore[attr-defined]
    return {
        "id": str(wish.id),
        "status": str(wish.status),
        "store": str(wish.store_id),
        "store_name": words_of(wish.store, "name"),
        "member": str(wish.member_id),
        "member_name": wish.member.name,
        "session": str(wish.session_id) if wish.session_id else None,
        "services": [str(one) for one in wish.services],
        "services_name": [services.get(one, "") for one in wish.services],
        "practitioners": [str(one) for one in wish.practitioners],
        "practitioners_name": [people.get(one, "") for one in wish.practitioners],
        "windows": [
            [moment_text(one.starts_at, zone), moment_text(one.ends_at, zone)] for one in wish.windows.all()
        ],
        "party_size": wish.party_size,
        "auto_accept": wish.auto_accept,
        "place": place,
        "joined_at": moment_text(wish.joined_at, zone),
        "offer": _offer(offer, zone) if offer else None,
        "version": wish.version,
    }


def _offer(offer: Any, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": str(offer.id),
        "booking": str(offer.booking_id),
        "service": str(offer.service_id),
        "service_name": words_of(offer.service, "name"),
        "practitioner": str(offer.practitioner_id) if offer.practitioner_id else None,
        "practitioner_name": offer.practitioner.name if offer.practitioner else None,
        "starts_at": moment_text(offer.starts_at, zone),
        "ends_at": moment_text(offer.booking.ends_at, zone),
        "price": money_document(offer.booking.price_amount, offer.booking.currency),
        "expires_at": moment_text(offer.expires_at, zone),
        "because": offer.because,
    }


urls = [
    path("waiting", Waiting.as_view(), name="api-waiting"),
    path("waiting/<uuid:wish_id>", OneWish.as_view(), name="api-wish"),
    path("waiting/<uuid:wish_id>/accept", Accept.as_view(), name="api-waiting-accept"),
    path("waiting/<uuid:wish_id>/decline", Decline.as_view(), name="api-waiting-decline"),
]
