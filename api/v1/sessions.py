"""`sessions`: scheduled occurrences with seats."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, DayField, ListQuery, MomentField, Money, moment_text, money_document
from api.pagination import page_of
from api.v1.forms import Version, words_of
from api.views import Endpoint
from tenants.booking.domain import sessions
from tenants.booking.domain.calling_off import call_off_session
from tenants.booking.domain.offering import zone_of_store
from tenants.booking.domain.open import require_open
from tenants.booking.domain.session_moves import Going, move_session
from tenants.booking.domain.sessions import Plan
from tenants.booking.models import Session as SessionRow
from tenants.catalogue.models import Offer
from tenants.people.domain.rights import Actor, NotSeen
from tenants.stores.domain.wall import days_between


class SessionOut(serializers.Serializer[Any]):
    """A session: how many seats it has, how many are taken and left. `state`: scheduled, called_off, over."""

    id = serializers.UUIDField()
    store = serializers.UUIDField()
    store_name = serializers.CharField()
    service = serializers.UUIDField()
    service_name = serializers.CharField()
    practitioner = serializers.UUIDField(allow_null=True)
    practitioner_name = serializers.CharField(allow_null=True)
    resource = serializers.UUIDField(allow_null=True)
    resource_name = serializers.CharField(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    capacity = serializers.IntegerField()
    taken = serializers.IntegerField()
    left = serializers.IntegerField()
    minimum = serializers.IntegerField(help_text="People without whom it may be called off.")
    state = serializers.CharField()
    reason = serializers.CharField(help_text="Why it was called off; empty otherwise.")
    price = Money()
    version = serializers.IntegerField()


class SessionPage(serializers.Serializer[Any]):
    """A page of sessions."""

    results = SessionOut(many=True)
    next = serializers.URLField(allow_null=True)


class SessionQuery(ListQuery):
    """Which sessions: of one store, on dates of its zone (`to` excluded, at most 62 days)."""

    store = serializers.UUIDField()
    service = serializers.UUIDField(required=False)
    to = DayField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which no attribute can be called."""
        return {**super().get_fields(), "from": DayField(required=False)}


class OutsideField(serializers.CharField):
    """Why it takes place though the shop is closed or the person not on shift; null asks that it does not."""

    def __init__(self) -> None:
        super().__init__(
            max_length=200,
            required=False,
            allow_null=True,
            allow_blank=True,
            help_text="Why it takes place outside hours or shifts all the same; needs the right to overbook.",
        )


class SessionBody(Body):
    """A new session, or one a week for `weeks` weeks at the same local time."""

    store = serializers.UUIDField()
    service = serializers.UUIDField()
    starts_at = MomentField()
    capacity = serializers.IntegerField(min_value=1, max_value=sessions.MOST_SEATS)
    minimum = serializers.IntegerField(min_value=0, max_value=sessions.MOST_SEATS, default=0)
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    resource = serializers.UUIDField(required=False, allow_null=True, default=None)
    minutes = serializers.IntegerField(min_value=5, max_value=1440, required=False, allow_null=True)
    weeks = serializers.IntegerField(min_value=1, max_value=sessions.MOST_WEEKS, default=1)
    outside = OutsideField()


class SessionChange(Version):
    """Another number of seats, or of people needed."""

    capacity = serializers.IntegerField(min_value=1, max_value=sessions.MOST_SEATS, required=False)
    minimum = serializers.IntegerField(min_value=0, max_value=sessions.MOST_SEATS, required=False)


class SessionMove(Version):
    """Where it goes; what is left out stays. Null is nobody, no room."""

    starts_at = MomentField(required=False)
    practitioner = serializers.UUIDField(required=False, allow_null=True)
    resource = serializers.UUIDField(required=False, allow_null=True)
    outside = OutsideField()


class CallingOff(Version):
    """Why it is called off: whoever booked can read it."""

    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class Planned(serializers.Serializer[Any]):
    """The sessions that were planned."""

    results = SessionOut(many=True)


def session_documents(rows: list[SessionRow], *, view: Endpoint) -> list[dict[str, Any]]:
    """Sessions as the API writes them; one query for the prices at their stores."""
    offers = Offer.objects.filter(service_id__in={row.service_id for row in rows})
    own = {
        (store_id, service_id): amount
        for store_id, service_id, amount in offers.values_list("store_id", "service_id", "price_amount")
        if amount is not None
    }
    return [_document(row, own.get((row.store_id, row.service_id)), view) for row in rows]


def _document(row: SessionRow, price: int | None, view: Endpoint) -> dict[str, Any]:
    zone = ZoneInfo(row.store.time_zone)
    amount = row.service.price_amount if price is None else price
    return {
        "id": str(row.id),
        "store": str(row.store_id),
        "store_name": words_of(row.store, "name"),
        "service": str(row.service_id),
        "service_name": words_of(row.service, "name"),
        "practitioner": str(row.practitioner_id) if row.practitioner_id else None,
        "practitioner_name": row.practitioner.name if row.practitioner else None,
        "resource": str(row.resource_id) if row.resource_id else None,
        "resource_name": row.resource.name if row.resource else None,
        "starts_at": moment_text(row.starts_at, zone),
        "ends_at": moment_text(row.ends_at, zone),
        "capacity": row.pool.capacity,
        "taken": row.pool.taken,
        "left": sessions.left_of(row.pool),
        "minimum": row.minimum,
        "state": sessions.session_state(row, now=view.now),
        "reason": row.reason,
        "price": money_document(amount, row.service.currency),
        "version": row.version,
    }


class Sessions(Endpoint):
    """The sessions of a store."""

    who_reads = "anyone"

    @extend_schema(operation_id="sessions_list", parameters=[SessionQuery], responses=SessionPage)
    def get(self, request: Request) -> Response:
        """Sessions by start. Of a chain that takes no bookings yet only its employees ask."""
        require_open(by=self.actor)
        asked = self.query(SessionQuery)
        first, end = asked.get("from"), asked.get("to")
        if first is not None and end is not None:
            days_between(first, end)
        found = sessions.find_sessions(
            asked["store"],
            first=first,
            end=end,
            zone=zone_of_store(asked["store"]),
            service_id=asked.get("service"),
        )
        if not self.actor.is_employee:
            found = found.filter(service__active=True, service__online=True, store__active=True)
        return Response(
            page_of(
                found,
                request,
                key=["starts_at", "id"],
                document=lambda rows: session_documents(rows, view=self),
            )
        )

    @extend_schema(operation_id="sessions_plan", request=SessionBody, responses={201: Planned})
    def post(self, request: Request) -> Response:
        """Plan one, or one a week: all or none."""
        asked = self.body(SessionBody)
        made = sessions.plan_sessions(
            asked["service"],
            store_id=asked["store"],
            starts_at=asked["starts_at"],
            plan=Plan(
                capacity=asked["capacity"],
                minimum=asked["minimum"],
                practitioner_id=asked["practitioner"],
                resource_id=asked["resource"],
                minutes=asked.get("minutes"),
            ),
            weeks=asked["weeks"],
            outside=asked.get("outside"),
            by=self.actor,
            now=self.now,
        )
        ids = [one.id for one in made]
        rows = SessionRow.objects.select_related(*sessions.WITH).filter(id__in=ids).order_by("starts_at")
        return Response({"results": session_documents(list(rows), view=self)}, status=201)


class OneSession(Endpoint):
    """One session."""

    who_reads = "anyone"

    @extend_schema(operation_id="sessions_read", responses=SessionOut)
    def get(self, request: Request, session_id: UUID) -> Response:
        """As it stands now."""
        require_open(by=self.actor)
        return Response(self._read(session_id, self.actor))

    @extend_schema(operation_id="sessions_change", request=SessionChange, responses=SessionOut)
    def patch(self, request: Request, session_id: UUID) -> Response:
        """Another number of seats, or of people needed."""
        sessions.change_session(session_id, by=self.actor, now=self.now, **self.body(SessionChange))
        return Response(self._read(session_id, self.actor))

    def _read(self, session_id: UUID, actor: Actor) -> dict[str, Any]:
        rows = SessionRow.objects.select_related(*sessions.WITH).filter(id=session_id)
        if not actor.is_employee:
            rows = rows.filter(service__active=True, service__online=True, store__active=True)
        found = session_documents(list(rows), view=self)
        if not found:
            raise NotSeen
        return found[0]


class CallOff(OneSession):
    """A session does not take place."""

    http_method_names = ["post"]

    @extend_schema(operation_id="sessions_call_off", request=CallingOff, responses=SessionOut)
    def post(self, request: Request, session_id: UUID) -> Response:
        """Its bookings are cancelled, and whoever booked is told."""
        call_off_session(session_id, by=self.actor, now=self.now, **self.body(CallingOff))
        return Response(self._read(session_id, self.actor))


class MoveSession(OneSession):
    """A session at another time, by another person, in another room."""

    http_method_names = ["post"]

    @extend_schema(operation_id="sessions_move", request=SessionMove, responses=SessionOut)
    def post(self, request: Request, session_id: UUID) -> Response:
        """Everybody who is booked goes with it and is told."""
        asked = self.body(SessionMove)
        to: Going = {}
        if "starts_at" in asked:
            to["starts_at"] = asked["starts_at"]
        if "practitioner" in asked:
            to["practitioner_id"] = asked["practitioner"]
        if "resource" in asked:
            to["resource_id"] = asked["resource"]
        move_session(
            session_id,
            to=to,
            by=self.actor,
            now=self.now,
            version=asked.get("version"),
            outside=asked.get("outside"),
        )
        return Response(self._read(session_id, self.actor))


urls = [
    path("sessions", Sessions.as_view()),
    path("sessions/<uuid:session_id>", OneSession.as_view()),
    path("sessions/<uuid:session_id>/call-off", CallOff.as_view()),
    path("sessions/<uuid:session_id>/move", MoveSession.as_view()),
]
