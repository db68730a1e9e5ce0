"""Taking a place: the first plan whose claims can be had, chosen inside the booking's transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from chains.refusals import Refusal
from tenants.booking.models import Booking, Claim

from .attempts import LookAgain
from .availability import judge
from .calendar import Calendar
from .claims import SlotTaken, Wanted, slot_taken
from .free_times import free_times
from .holds import lock_claims, take_claims
from .planner import Plan, Planner
from .rules import time_closed
from .why import TAKEN, Reason, Verdict


@dataclass(frozen=True, slots=True)
class Place:
    """Where a booking lands: the main practitioner and room or table, and what serves each role.

    `serving` are resources by role; `over` those that were taken although another booking holds them.
    `unwritten` are claims that are locked, found free, and left to whoever writes the booking.
    """

    practitioner_id: UUID | None
    resource_id: UUID | None
    serving: tuple[tuple[str, UUID], ...] = ()
    over: tuple[UUID, ...] = ()
    unwritten: tuple[Wanted, ...] = ()


def take_place(
    calendar: Calendar,
    booking: Booking,
    *,
    starts_at: datetime,
    practitioner_id: UUID | None,
    resource_id: UUID | None = None,
    now: datetime,
    by_staff: bool,
    extra: Sequence[Wanted] = (),
    prefer: Collection[UUID] = (),
    overbook: bool = False,
    written_later: bool = False,
    locked: UUID | None = None,
) -> Place:
    """Claim who and what serves the booking from `starts_at` on, and `extra` (pools, further resources) with it.

    Plans are tried one after the other, the fairest first, each in a savepoint: a conflict leaves no lock
    behind. The calendar was read for the room or table asked for and the party's size; resources of `prefer`
    come first where they are free. `overbook` takes people and things that others hold (never units of a
    pool). `written_later`: of a new booking that claims nothing else, see Place.unwritten; `locked` is a resource
    that was locked before the calendar was read, with every hold in it. Raises LookAgain where it is taken then, by a
    hold whose time is over as it may be; SlotTaken or the rule that closes the time, both with alternatives;
    SessionFull, WindowFull, OutOfStock for an `extra` that cannot be had.
    """
    if resource_id not in (None, calendar.wish.resource_id):
        raise ValueError("the calendar was read for another room")

    others = partial(free_times, calendar.offering, calendar.wish, starts_at, but=booking.id)
    alternatives = partial(others, now=now, by_staff=by_staff, member_id=booking.member_id)
    verdict = judge(calendar, starts_at, now=now, practitioner_id=practitioner_id)
    free = verdict.choices
    if not verdict.bookable and overbook:
        # judged again had nobody booked anything; whoever is really free still comes first
        unbooked = replace(calendar, inputs=calendar.inputs.unbooked())
        verdict = judge(unbooked, starts_at, now=now, practitioner_id=practitioner_id)
    if locked is not None and _taken(verdict):
        raise LookAgain
    if not verdict.bookable:
        raise _refusal(calendar, verdict, alternatives)
    planner = Planner(calendar, verdict.choices, starts_at=starts_at, free=free, prefer=prefer)
    refused: SlotTaken | None = None
    later = written_later and not extra and not overbook
    while (plan := planner.plan()) is not None:
        try:
            if later and all(claim.resource_id == locked for claim in plan.claims):
                pass  # the calendar is what stands
            elif later:
                lock_claims(booking.id, wanted=plan.claims, now=now)
            else:
                wanted = [*(replace(claim, over=overbook) for claim in plan.claims), *extra]
                take_claims(booking.id, wanted=wanted, now=now, fresh=booking._state.adding)
        except SlotTaken as refusal:
            refused = refused or refusal
            if not planner.rule_out(plan, refusal.claims):
                break  # what failed is the caller's own claim: no other plan helps
        else:
            return _place(booking, plan, overbook=overbook, unwritten=plan.claims if later else ())
    assert refused is not None
    raise _with_alternatives(refused, alternatives)


def _place(booking: Booking, plan: Plan, *, overbook: bool, unwritten: tuple[Wanted, ...]) -> Place:
    over: tuple[UUID, ...] = ()
    if overbook:
        held = Claim.objects.filter(booking_id=booking.id, active=True, overbooked=True)
        over = tuple(held.order_by("resource_id").values_list("resource_id", flat=True))
    serving = tuple(dict.fromkeys((claim.role, claim.resource_id) for claim in plan.claims))
    return Place(plan.practitioner_id, plan.resource_id, serving, over, unwritten)


def _taken(verdict: Verdict[UUID]) -> list[Reason[UUID]]:
    return [reason for reason in verdict.reasons if reason.code in TAKEN]


def _refusal(
    calendar: Calendar, verdict: Verdict[UUID], alternatives: Callable[[], list[dict[str, object]]]
) -> Refusal:
    """What closes the time: that something is taken before any other rule."""
    taken = _taken(verdict)
    if not taken:
        return time_closed([reason.code for reason in verdict.reasons], alternatives=alternatives())
    return _with_alternatives(slot_taken(calendar.resource_of(taken[0].staff[0])), alternatives)


def _with_alternatives(refusal: SlotTaken, alternatives: Callable[[], list[dict[str, object]]]) -> SlotTaken:
    refusal.extra["alternatives"] = alternatives()
    return refusal
