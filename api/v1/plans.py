"""`bookings/plans`, `bookings/groups`, `bookings/series`: several bookings at once, planned and then taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import moment_text
from api.problems import Malformed
from api.v1.booking_documents import booking_documents
from api.v1.booking_requests import Cancelling
from api.v1.plan_documents import (
    BookingPlanOut,
    EndingIn,
    GroupIn,
    GroupOut,
    MovePlanIn,
    MovesIn,
    PlanIn,
    SeriesIn,
    SeriesOut,
    item_document,
)
from api.views import Endpoint
from chains.refusals import FieldError
from tenants.booking.domain.book import Guest
from tenants.booking.domain.day import read_seen_booking
from tenants.booking.domain.groups import Item, book_group, cancel_group, plan_group, read_group
from tenants.booking.domain.offering import zone_of_store
from tenants.booking.domain.plans import Placed
from tenants.booking.domain.series import SeriesWish, Time, book_series, plan_series, read_series, times_of
from tenants.booking.domain.series_changes import (
    Moved,
    cancel_following,
    move_series,
    moves_after,
    plan_moves,
)
from tenants.stores.domain.wall import parse_moment


class _Plan(Endpoint):
    who = "person"

    def _member(self, asked: dict[str, Any]) -> UUID | Guest | None:
        member = cast("UUID | Guest | None", asked.get("member"))
        if self.actor.is_employee and member is None and not asked.get("booking"):
            raise Malformed(errors=[FieldError("member", "required", _("Say for whom."))])
        if self.actor.is_employee and member is None:
            return read_seen_booking(asked["booking"], by=self.actor, now=self.now).member_id
        return member

    def _items(self, asked: dict[str, Any], zone: ZoneInfo) -> list[Item]:
        return [
            Item(
                one["service"],
                starts_at=parse_moment(one["starts_at"], zone=zone) if "starts_at" in one else None,
                after=one.get("after"),
                practitioner_id=one["practitioner"],
                guest=one["guest"],
                party_size=one["party_size"],
                note=one["note"],
                details=one["details"],
            )
            for one in asked["items"]
        ]

    def _plan(self, placed: Iterable[Placed | Moved], zone: ZoneInfo, others: Iterable[Any] = ()) -> Response:
        items = [item_document(one, index, zone) for index, one in enumerate(placed)]
        complete = all(item["problem"] is None for item in items)
        starts = [moment_text(start, zone) for start in others]
        return Response({"complete": complete, "items": items, "other_starts": starts})


class Plans(_Plan):
    """What would be booked."""

    @extend_schema(request=PlanIn, responses=BookingPlanOut)
    def post(self, request: Request) -> Response:
        """Try a party or a series out; nothing is written."""
        asked = self.body(PlanIn)
        if asked.get("booking"):
            read_seen_booking(asked["booking"], by=self.actor, now=self.now)
        zone = zone_of_store(asked["store"])
        items = self._items(asked, zone)
        where: dict[str, Any] = {"store_id": asked["store"], "by": self.actor, "now": self.now}
        where["member"] = self._member(asked)
        if "repeat" not in asked:
            plan = plan_group(items, **where)
            return self._plan(plan.placed, zone, plan.other_starts)
        (item, *more) = items
        if more or item.starts_at is None or item.guest:
            raise Malformed(errors=[FieldError("items", "one", _("One service at a time returns."))])
        repeat = asked["repeat"]
        times = times_of(item.starts_at, interval_days=repeat["every_days"], times=repeat["times"], zone=zone)
        wish = SeriesWish(
            item.service_id,
            repeat["every_days"],
            practitioner_id=item.practitioner_id,
            party_size=item.party_size,
            note=item.note,
            details=item.details,
            first=asked.get("booking"),
        )
        return self._plan(plan_series(wish, times[1:] if wish.first else times, **where), zone)


class Groups(_Plan):
    """Parties."""

    @extend_schema(request=GroupIn, responses={201: GroupOut})
    def post(self, request: Request) -> Response:
        """Book a party: all of it, or with `partial` what is free."""
        asked = self.body(GroupIn)
        zone = zone_of_store(asked["store"])
        group, placed = book_group(
            self._items(asked, zone),
            store_id=asked["store"],
            by=self.actor,
            now=self.now,
            member=self._member(asked),
            partial=asked["partial"],
            by_program=True,
            with_booking=asked.get("booking"),
        )
        return Response(_group_document(self, group.id, placed, zone), status=201)


class OneGroup(Endpoint):
    """One party."""

    who = "person"

    @extend_schema(operation_id="groups_read", responses=GroupOut)
    def get(self, request: Request, group_id: UUID) -> Response:
        """As it stands now, as far as the caller sees it."""
        return Response(_group_document(self, group_id))


class CancelGroup(Endpoint):
    """A party is called off."""

    who = "person"

    @extend_schema(request=Cancelling, responses=GroupOut)
    def post(self, request: Request, group_id: UUID) -> Response:
        """Every booking that has not begun, all or none."""
        asked = self.body(Cancelling)
        cancel_group(group_id, by=self.actor, now=self.now, reason=asked["reason"])
        return Response(_group_document(self, group_id))


class SeriesList(_Plan):
    """Series."""

    @extend_schema(request=SeriesIn, responses={201: SeriesOut})
    def post(self, request: Request) -> Response:
        """Book a series: every time, or with `partial` those that are free."""
        asked = self.body(SeriesIn)
        zone = zone_of_store(asked["store"])
        wish = SeriesWish(
            asked["service"],
            asked["every_days"],
            practitioner_id=asked["practitioner"],
            party_size=asked["party_size"],
            note=asked["note"],
            details=asked["details"],
            first=asked.get("booking"),
        )
        series, placed = book_series(
            wish,
            [Time(parse_moment(one["starts_at"], zone=zone), one["practitioner"]) for one in asked["times"]],
            store_id=asked["store"],
            by=self.actor,
            now=self.now,
            member=self._member(asked),
            partial=asked["partial"],
            by_program=True,
        )
        return Response(_series_document(self, series.id, placed, zone), status=201)


class OneSeries(Endpoint):
    """One series."""

    who = "person"

    @extend_schema(operation_id="series_read", responses=SeriesOut)
    def get(self, request: Request, series_id: UUID) -> Response:
        """As it stands now."""
        return Response(_series_document(self, series_id))


class SeriesPlans(_Plan):
    """Where a series would go."""

    @extend_schema(request=MovePlanIn, responses=BookingPlanOut)
    def post(self, request: Request, series_id: UUID) -> Response:
        """Try "this and following" out; nothing is written."""
        asked = self.body(MovePlanIn)
        zone = _zone_of_series(self, series_id)
        moves = moves_after(
            asked["booking"],
            starts_at=parse_moment(asked["starts_at"], zone=zone),
            practitioner_id=asked["practitioner"],
            by=self.actor,
            series_id=series_id,
        )
        return self._plan(plan_moves(moves, by=self.actor, now=self.now), zone)


class MoveSeries(Endpoint):
    """A series moves."""

    who = "person"

    @extend_schema(request=MovesIn, responses=SeriesOut)
    def post(self, request: Request, series_id: UUID) -> Response:
        """Move bookings of the series as they were planned, all or with `partial` those that can."""
        asked = self.body(MovesIn)
        zone = _zone_of_series(self, series_id)
        moves = [
            (one["booking"], Time(parse_moment(one["starts_at"], zone=zone), one["practitioner"]))
            for one in asked["moves"]
        ]
        moved = move_series(moves, by=self.actor, now=self.now, partial=asked["partial"], series_id=series_id)
        return Response(_series_document(self, series_id, moved, zone))


class EndSeries(Endpoint):
    """A series ends."""

    who = "person"

    @extend_schema(request=EndingIn, responses=SeriesOut)
    def post(self, request: Request, series_id: UUID) -> Response:
        """Cancel this booking and those after it, all or none."""
        asked = self.body(EndingIn)
        read_series(series_id, by=self.actor, now=self.now)
        cancel_following(
            asked["booking"], by=self.actor, now=self.now, reason=asked["reason"], series_id=series_id
        )
        return Response(_series_document(self, series_id))


def _zone_of_series(view: Endpoint, series_id: UUID) -> ZoneInfo:
    series, _bookings = read_series(series_id, by=view.actor, now=view.now)
    return zone_of_store(series.store_id)


def _unplaced(placed: Iterable[Placed | Moved], zone: ZoneInfo | None) -> list[dict[str, Any]]:
    found = enumerate(placed)
    return [item_document(one, index, zone) for index, one in found if zone and one.refusal is not None]


def _group_document(
    view: Endpoint, group_id: UUID, placed: Iterable[Placed] = (), zone: ZoneInfo | None = None
) -> dict[str, Any]:
    group, bookings = read_group(group_id, by=view.actor, now=view.now)
    return {
        "id": str(group.id),
        "payer": str(group.payer_id),
        "bookings": booking_documents(bookings, actor=view.actor),
        "unplaced": _unplaced(placed, zone),
    }


def _series_document(
    view: Endpoint, series_id: UUID, placed: Iterable[Placed | Moved] = (), zone: ZoneInfo | None = None
) -> dict[str, Any]:
    series, bookings = read_series(series_id, by=view.actor, now=view.now)
    return {
        "id": str(series.id),
        "every_days": series.interval_days,
        "bookings": booking_documents(bookings, actor=view.actor),
        "unplaced": _unplaced(placed, zone),
    }


urls = [
    path("bookings/plans", Plans.as_view(), name="api-plans"),
    path("bookings/groups", Groups.as_view(), name="api-groups"),
    path("bookings/groups/<uuid:group_id>", OneGroup.as_view(), name="api-group"),
    path("bookings/groups/<uuid:group_id>/cancel", CancelGroup.as_view(), name="api-group-cancel"),
    path("bookings/series", SeriesList.as_view(), name="api-series-list"),
    path("bookings/series/<uuid:series_id>", OneSeries.as_view(), name="api-series"),
    path("bookings/series/<uuid:series_id>/plans", SeriesPlans.as_view(), name="api-series-plans"),
    path("bookings/series/<uuid:series_id>/move", MoveSeries.as_view(), name="api-series-move"),
    path("bookings/series/<uuid:series_id>/cancel", EndSeries.as_view(), name="api-series-cancel"),
]
