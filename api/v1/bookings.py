"""`bookings`: book, read, confirm, cancel, move, complete, no-show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, moment_text
from api.pagination import page_of
from api.problems import Malformed
from api.v1.booking_documents import BookingOut, booking_document, booking_documents
from api.v1.booking_requests import BookingQuery, Cancelling, Confirming, Moving, NewBooking, Versioned
from api.views import Endpoint
from chains.anew import let_writes_wait
from chains.refusals import FieldError
from tenants.booking.domain.book import book
from tenants.booking.domain.change import (
    cancel_booking,
    complete_booking,
    confirm_booking,
    mark_no_show,
    reschedule_booking,
)
from tenants.booking.domain.day import find_bookings, read_made_booking, read_seen_booking
from tenants.booking.domain.items import Item
from tenants.booking.domain.offering import zone_of_store
from tenants.booking.domain.redeem import undo_redemption
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.models import Booking
from tenants.stores.domain.wall import days_between, parse_moment


class BookingPage(serializers.Serializer[Any]):
    """A page of bookings."""

    results = BookingOut(many=True)
    next = serializers.URLField(allow_null=True)
    history_from = serializers.DateTimeField(
        allow_null=True,
        help_text="Where the history that the plan shows begins, if older bookings are kept and not shown.",
    )


class Bookings(Endpoint):
    """All that the caller may read, and the door to a new one."""

    who = "person"

    @extend_schema(operation_id="bookings_list", parameters=[BookingQuery], responses=BookingPage)
    def get(self, request: Request) -> Response:
        """Bookings by start."""
        asked = self.query(BookingQuery)
        store, first, end = asked.get("store"), asked.get("from"), asked.get("to")
        if first is not None and end is not None:
            days_between(first, end)
        found = find_bookings(
            by=self.actor,
            now=self.now,
            zone=zone_of_store(store) if store else ZoneInfo(self.chain.time_zone),
            store_id=store,
            first=first,
            end=end,
            statuses=asked.get("status", ()),
            practitioner_id=asked.get("practitioner"),
            service_id=asked.get("service"),
            text=asked.get("q", ""),
        )
        page = page_of(
            found.rows,
            request,
            key=["starts_at", "id"],
            document=lambda rows: booking_documents(rows, actor=self.actor),
        )
        cut = found.cut_at()
        since = moment_text(cut, ZoneInfo(self.chain.time_zone)) if cut is not None else None
        return Response({**page, "history_from": since})

    @extend_schema(request=NewBooking, responses={201: BookingOut})
    def post(self, request: Request) -> Response:
        """Book, or hold for ten minutes."""
        let_writes_wait()
        asked = self.body(NewBooking)
        member = asked.get("member")
        if self.actor.is_employee and member is None:
            raise Malformed(errors=[FieldError("member", "required", _("Say for whom."))])
        scheduled = asked.get("session") or asked.get("pickup_window")
        made = self._book_scheduled(asked) if scheduled else self._book_time(asked)
        document = booking_document(read_made_booking(made, by=self.actor, now=self.now), actor=self.actor)
        return Response(document, status=201)

    def _book_time(self, asked: dict[str, Any]) -> Booking:
        return book(
            asked["service"],
            store_id=asked["store"],
            starts_at=lambda zone: parse_moment(asked["starts_at"], zone=zone),
            by=self.actor,
            now=self.now,
            member=asked.get("member"),
            practitioner_id=asked["practitioner"],
            resource_id=asked["resource"],
            party_size=asked["party_size"],
            items=_items(asked),
            pass_id=asked.get("pass"),
            note=asked["note"],
            details=asked["details"],
            hold=asked["hold"],
            overbook=asked["overbook"],
            by_program=True,
        )

    def _book_scheduled(self, asked: dict[str, Any]) -> Booking:
        wish = Wish(
            session_id=asked.get("session"),
            window_id=asked.get("pickup_window"),
            store_id=asked["store"],
            service_id=asked.get("service"),
            party_size=asked["party_size"],
            items=_items(asked),
            pass_id=asked.get("pass"),
            note=asked["note"],
            details=asked["details"],
        )
        member = asked.get("member")
        return book_scheduled(
            wish, by=self.actor, now=self.now, member=member, hold=asked["hold"], by_program=True
        )


def _items(asked: Mapping[str, Any]) -> tuple[Item, ...]:
    return tuple(Item(one["product"], one["quantity"]) for one in asked.get("items") or ())


class OneBooking(Endpoint):
    """One booking."""

    who = "person"

    @extend_schema(operation_id="bookings_read", responses=BookingOut)
    def get(self, request: Request, booking_id: UUID) -> Response:
        """As it stands now."""
        return Response(_document(self, booking_id))


class _Act(Endpoint):
    """One thing done to a booking; answers with the booking after."""

    who = "person"

    def _done(self, booking: Booking) -> Response:
        return Response(_document(self, booking.id))


class Confirm(_Act):
    """A hold becomes a booking."""

    @extend_schema(request=Confirming, responses=BookingOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """held → confirmed."""
        asked = self.body(Confirming)
        return self._done(confirm_booking(booking_id, by=self.actor, now=self.now, **asked))


class Cancel(_Act):
    """A booking is called off."""

    @extend_schema(request=Cancelling, responses=BookingOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """held, confirmed → cancelled."""
        asked = self.body(Cancelling)
        return self._done(cancel_booking(booking_id, by=self.actor, now=self.now, **asked))


class Reschedule(_Act):
    """A booking moves."""

    @extend_schema(request=Moving, responses=BookingOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Another time, perhaps another person."""
        asked = self.body(Moving)
        seen = read_seen_booking(booking_id, by=self.actor, now=self.now)
        moved = reschedule_booking(
            booking_id,
            starts_at=parse_moment(asked["starts_at"], zone=ZoneInfo(seen.store.time_zone)),
            practitioner_id=asked.get("practitioner"),
            anybody="practitioner" in asked and asked["practitioner"] is None,
            overbook=asked.get("overbook"),
            version=asked.get("version"),
            by=self.actor,
            now=self.now,
        )
        return self._done(moved)


class Complete(_Act):
    """A visit ends."""

    @extend_schema(request=Versioned, responses=BookingOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """arrived → completed."""
        asked = self.body(Versioned)
        return self._done(complete_booking(booking_id, by=self.actor, now=self.now, **asked))


class NoShow(_Act):
    """Nobody came."""

    @extend_schema(request=Versioned, responses=BookingOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """confirmed → no_show."""
        asked = self.body(Versioned)
        return self._done(mark_no_show(booking_id, by=self.actor, now=self.now, **asked))


class UndoRedemption(_Act):
    """A code was accepted by mistake."""

    @extend_schema(request=Body, responses=BookingOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """arrived → confirmed, within ten minutes."""
        self.body(Body)
        return self._done(undo_redemption(booking_id, by=self.actor, now=self.now))


def _document(view: Endpoint, booking_id: UUID) -> dict[str, Any]:
    return booking_document(read_seen_booking(booking_id, by=view.actor, now=view.now), actor=view.actor)


def _act(name: str, view: Callable[..., Any]) -> Any:
    return path(f"bookings/<uuid:booking_id>/{name}", view, name=f"api-booking-{name}")


urls = [
    path("bookings", Bookings.as_view(), name="api-bookings"),
    path("bookings/<uuid:booking_id>", OneBooking.as_view(), name="api-booking"),
    _act("confirm", Confirm.as_view()),
    _act("cancel", Cancel.as_view()),
    _act("reschedule", Reschedule.as_view()),
    _act("complete", Complete.as_view()),
    _act("no-show", NoShow.as_view()),
    _act("undo-redemption", UndoRedemption.as_view()),
]
