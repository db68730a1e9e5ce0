"""`swaps`: a colleague takes over a day; asked, accepted, approved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, DayField, ListQuery
from api.pagination import page_of
from api.v1.forms import words_of
from api.views import Endpoint
from tenants.booking.domain.approvals import approve_swap
from tenants.booking.domain.offering import zone_of_store
from tenants.people.domain import wishes
from tenants.people.models import RequestState, ShiftSwap
from tenants.stores.domain.wall import local_date


class Answer(Body):
    """A word why."""

    answer = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class SwapAsked(Body):
    """One's day at the store, whom one asks, and perhaps a day of theirs in return."""

    store = serializers.UUIDField()
    colleague = serializers.UUIDField()
    gives_on = DayField()
    takes_on = DayField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class SwapOut(serializers.Serializer[Any]):
    """A swap and where it stands."""

    id = serializers.UUIDField()
    store = serializers.UUIDField()
    store_name = serializers.CharField()
    asker = serializers.UUIDField()
    asker_name = serializers.CharField()
    colleague = serializers.UUIDField()
    colleague_name = serializers.CharField()
    gives_on = serializers.DateField()
    takes_on = serializers.DateField(allow_null=True)
    note = serializers.CharField()
    state = serializers.ChoiceField(choices=RequestState.choices)
    answer = serializers.CharField()


class SwapList(serializers.Serializer[Any]):
    """A page of them, the latest first."""

    results = SwapOut(many=True)
    next = serializers.CharField(allow_null=True)


class Swaps(Endpoint):
    """Days that change hands."""

    @extend_schema(operation_id="swaps_list", parameters=[ListQuery], responses=SwapList)
    def get(self, request: Request) -> Response:
        """Those one asks or is asked for, and those of the stores whose shifts one plans."""
        self.query(ListQuery)
        rows = wishes.swaps_seen_by(self.actor)
        return Response(
            page_of(
                rows,
                request,
                key=["-asked_at", "id"],
                document=lambda found: [swap_document(row) for row in found],
            )
        )

    @extend_schema(operation_id="swaps_ask", request=SwapAsked, responses={201: SwapOut})
    def post(self, request: Request) -> Response:
        """Ask a colleague."""
        asked = self.body(SwapAsked)
        today = local_date(self.now, zone_of_store(asked["store"]))
        row = wishes.ask_swap(
            asked["store"],
            colleague_id=asked["colleague"],
            gives_on=asked["gives_on"],
            takes_on=asked["takes_on"],
            note=asked["note"],
            by=self.actor,
            today=today,
            now=self.now,
        )
        return Response(swap_document(row), status=201)


def swap_document(row: ShiftSwap) -> dict[str, Any]:
    """A swap as the API writes it."""
    return {
        "id": str(row.id),
        "store": str(row.store_id),
        "store_name": words_of(row.store, "name"),
        "asker": str(row.asker_id),
        "asker_name": row.asker.name,
        "colleague": str(row.colleague_id),
        "colleague_name": row.colleague.name,
        "gives_on": row.gives_on.isoformat(),
        "takes_on": row.takes_on.isoformat() if row.takes_on else None,
        "note": row.note,
        "state": row.state,
        "answer": row.answer,
    }


class AnswerSwap(Endpoint):
    """The colleague answers."""

    accept = True

    @extend_schema(request=Answer, responses=SwapOut)
    def post(self, request: Request, swap_id: UUID) -> Response:
        """Yes or no, by the address."""
        answer = self.body(Answer)["answer"]
        row = wishes.answer_swap(swap_id, accept=self.accept, answer=answer, by=self.actor, now=self.now)
        return Response(swap_document(row))


class RefuseSwap(AnswerSwap):
    """The colleague says no."""

    accept = False


class WithdrawSwap(Endpoint):
    """The asker takes it back."""

    @extend_schema(request=Body, responses=SwapOut)
    def post(self, request: Request, swap_id: UUID) -> Response:
        """While it is open."""
        self.body(Body)
        return Response(swap_document(wishes.withdraw_swap(swap_id, by=self.actor, now=self.now)))


class ApproveSwap(Endpoint):
    """A manager says yes."""

    @extend_schema(request=Body, responses=SwapOut)
    def post(self, request: Request, swap_id: UUID) -> Response:
        """Shifts and bookings go over, all or none; 409 `swap_blocked` names the booking that cannot."""
        self.body(Body)
        return Response(swap_document(approve_swap(swap_id, by=self.actor, now=self.now)))


class DeclineSwap(Endpoint):
    """A manager says no."""

    @extend_schema(request=Answer, responses=SwapOut)
    def post(self, request: Request, swap_id: UUID) -> Response:
        """With a word why."""
        row = wishes.decline_swap(swap_id, by=self.actor, now=self.now, **self.body(Answer))
        return Response(swap_document(row))


def _swap(name: str, view: Callable[..., Any]) -> Any:
    return path(f"swaps/<uuid:swap_id>/{name}", view)


urls = [
    path("swaps", Swaps.as_view()),
    _swap("accept", AnswerSwap.as_view()),
    _swap("refuse", RefuseSwap.as_view()),
    _swap("withdraw", WithdrawSwap.as_view()),
    _swap("approve", ApproveSwap.as_view()),
    _swap("decline", DeclineSwap.as_view()),
]
