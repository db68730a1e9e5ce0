"""What plans, parties and series are asked with, and how they are written."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from api.fields import Body, moment_text, money_document
from api.v1.booking_documents import BookingOut, MoneyOut, SlotOut
from api.v1.bookings import Cancelling, MemberField, StoreMomentField
from chains.refusals import Refusal, problem_document
from tenants.booking.domain.plans import Placed
from tenants.booking.domain.series_changes import Moved


class PartyItemIn(Body):
    """One service of a party: at a time, or `after` an earlier item of the list (its index)."""

    service = serializers.UUIDField()
    starts_at = StoreMomentField(required=False)
    after = serializers.IntegerField(required=False, min_value=0, max_value=9)
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    guest = serializers.CharField(
        max_length=120, allow_blank=True, default="", help_text="Who comes along; empty for the payer."
    )
    party_size = serializers.IntegerField(min_value=1, max_value=99, default=1)
    note = serializers.CharField(max_length=500, allow_blank=True, default="")
    details = serializers.DictField(child=serializers.DictField(), default=dict)


class RepeatIn(Body):
    """How often, and how many times in all."""

    every_days = serializers.IntegerField(min_value=1, max_value=91)
    times = serializers.IntegerField(min_value=2, max_value=52)


class Planned(Body):
    """Where, for whom, and what."""

    store = serializers.UUIDField()
    member = MemberField(required=False, help_text="For employees: an id, or a guest's name and phone.")
    items = serializers.ListField(child=PartyItemIn(), min_length=1, max_length=10)
    booking = serializers.UUIDField(
        required=False, allow_null=True, help_text="A booking that stands: the first, or the payer's own."
    )


class PlanIn(Planned):
    """A party, or with `repeat` one item that returns."""

    repeat = RepeatIn(required=False)


class GroupIn(Planned):
    """A party to book: everything, or with `partial` what is free."""

    partial = serializers.BooleanField(default=False)  # type: ignore[assignment]


class TimeIn(Body):
    """One time of a series, and by whom where that differs."""

    starts_at = StoreMomentField()
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)


class SeriesIn(Body):
    """A series to book, at the times that were planned or chosen instead."""

    store = serializers.UUIDField()
    member = MemberField(required=False, help_text="For employees: an id, or a guest's name and phone.")
    service = serializers.UUIDField()
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    every_days = serializers.IntegerField(min_value=1, max_value=91)
    times = serializers.ListField(child=TimeIn(), min_length=1, max_length=52)
    booking = serializers.UUIDField(required=False, allow_null=True, help_text="The first, that stands.")
    party_size = serializers.IntegerField(min_value=1, max_value=99, default=1)
    note = serializers.CharField(max_length=500, allow_blank=True, default="")
    details = serializers.DictField(child=serializers.DictField(), default=dict)
    partial = serializers.BooleanField(default=False)  # type: ignore[assignment]


class MovePlanIn(Body):
    """This booking goes to `starts_at`; where do those after it go?"""

    booking = serializers.UUIDField()
    starts_at = StoreMomentField()
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)


class MoveIn(Body):
    """One booking of the series and where it goes."""

    booking = serializers.UUIDField()
    starts_at = StoreMomentField()
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)


class MovesIn(Body):
    """All of them at once, or with `partial` those that can."""

    moves = serializers.ListField(child=MoveIn(), min_length=1, max_length=52)
    partial = serializers.BooleanField(default=False)  # type: ignore[assignment]


class EndingIn(Cancelling):
    """From which booking on."""

    booking = serializers.UUIDField()


class ProblemOut(serializers.Serializer[Any]):
    """Why something cannot be booked."""

    code = serializers.CharField()
    detail = serializers.CharField()
    fix = serializers.CharField()


class PlanItemOut(serializers.Serializer[Any]):
    """One part of a plan: `problem` is null where it is free, else `alternatives` are the nearest free times."""

    index = serializers.IntegerField()
    booking = serializers.UUIDField(required=False, help_text="Which one moves, in a plan of moves.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    practitioner = serializers.UUIDField(allow_null=True)
    price = MoneyOut(allow_null=True)
    problem = ProblemOut(allow_null=True)
    alternatives = SlotOut(many=True)


class BookingPlanOut(serializers.Serializer[Any]):
    """What would be booked. Nothing was written. `other_starts` are starts at which a whole party fits."""

    complete = serializers.BooleanField()
    items = PlanItemOut(many=True)
    other_starts = serializers.ListField(child=serializers.DateTimeField())


class GroupOut(serializers.Serializer[Any]):
    """A party; `unplaced` is what was left out where that was allowed."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField()
    bookings = BookingOut(many=True)
    unplaced = PlanItemOut(many=True)


class SeriesOut(serializers.Serializer[Any]):
    """A series with its bookings by start."""

    id = serializers.UUIDField()
    every_days = serializers.IntegerField()
    bookings = BookingOut(many=True)
    unplaced = PlanItemOut(many=True)


def item_document(one: Placed | Moved, index: int, zone: ZoneInfo) -> dict[str, Any]:
    """A part of a plan as a program reads it."""
    booking, refusal = one.booking, one.refusal
    starts_at = one.part.starts_at if isinstance(one, Placed) else one.time.starts_at
    problem = problem_document(refusal) if isinstance(refusal, Refusal) else None
    document: dict[str, Any] = {
        "index": index,
        "starts_at": moment_text(starts_at, zone),
        "ends_at": moment_text(booking.ends_at, zone) if booking is not None else None,
        "practitioner": str(booking.practitioner_id) if booking and booking.practitioner_id else None,
        "price": money_document(booking.price_amount, booking.currency) if booking is not None else None,
        "problem": {name: problem[name] for name in ("code", "detail", "fix")} if problem else None,
        "alternatives": list(refusal.extra.get("alternatives", ())) if refusal is not None else [],
    }
    if isinstance(one, Moved):
        document["booking"] = str(one.booking_id)
    return document
