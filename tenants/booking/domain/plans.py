"""Plans: several bookings at once, tried out and undone, or taken all or none.

A plan is the booking itself in a savepoint that is rolled back: what it says agrees with the engine, the parts
see each other's claims, and nothing is written. Taking a plan goes through the same door again, under locks.

Order of locks: the members by id, then whatever the parts may claim by id, all before the first part is
booked. Two plans that want the same in another order wait for each other instead of meeting in a deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal, problem_document
from tenants.booking.models import Booking, Status
from tenants.catalogue.domain.practitioners import serving
from tenants.people.domain.rights import Actor
from tenants.people.models import Employee
from tenants.stores.models import Resource, ResourceKind

from .availability import find_alternatives, slot_documents
from .book import book
from .claims import lock_resources
from .deposits import DepositApart
from .offering import read_offering
from .one_at_a_time import lock_member

T = TypeVar("T")
REORDERINGS = 3


class PlanRefused(Refusal):
    """Not all of what was planned can be booked; nothing was. `items` say which, why, and what is free."""

    code = "plan_refused"
    status = 409
    title = _("Not everything is free")
    detail = _("%(refused)s of %(all)s cannot be booked as planned.")
    fix = _("Choose one of the alternatives for each, or book the others alone.")


@dataclass(frozen=True, slots=True)
class Part:
    """One booking of a plan: for whom, what, when, by whom. `gone` says why its time does not exist."""

    service_id: UUID
    starts_at: datetime
    member_id: UUID
    practitioner_id: UUID | None = None
    party_size: int = 1
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    companion: bool = False
    gone: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A part and what became of it: a booking, or the refusal with its alternatives."""

    index: int
    part: Part
    booking: Booking | None = None
    refusal: Refusal | None = None

    @property
    def alternatives(self) -> list[dict[str, Any]]:
        """Free slots near a refused time, as the API writes them."""
        return list(self.refusal.extra.get("alternatives", ())) if self.refusal is not None else []


class _Undone(Exception):
    """Carries nothing: it only rolls the savepoint back."""


def tried(act: Callable[[], T]) -> T:
    """What `act` returns, with everything that it wrote undone."""
    kept: list[T] = []
    try:
        with transaction.atomic():
            kept.append(act())
            raise _Undone
    except _Undone:
        return kept[0]


def lock_ahead(store_id: UUID, *, members: Iterable[UUID], parts: Sequence[Part]) -> None:
    """Lock the members, then all that the parts may claim at the store, each kind in the order of ids."""
    for member in sorted(set(members)):
        lock_member(member)
    free = {part.service_id for part in parts if part.practitioner_id is None}
    named = {part.practitioner_id for part in parts if part.practitioner_id is not None}
    people = Q(id__in=named)
    for service in free:
        people |= Q(id__in=serving(store_id=store_id, service_id=service))
    ids = set(
        Employee.objects.filter(people, resource_id__isnull=False).values_list("resource_id", flat=True)
    )
    things = Resource.objects.filter(store_id=store_id, active=True).exclude(kind=ResourceKind.PRACTITIONER)
    lock_resources({one for one in ids if one is not None} | set(things.values_list("id", flat=True)))


def take_parts(
    parts: Sequence[Part], *, store_id: UUID, by: Actor, now: datetime, by_program: bool = False
) -> list[Placed]:
    """Book the parts inside the running transaction, each in a savepoint; what became of each, in their order.

    Parts with a named practitioner come first, so that a free choice takes nobody who is asked for. Where
    something is refused, the refused are tried before the others, a few times, if that places more.
    """

    def run(order: Sequence[int]) -> list[Placed]:
        found = {
            at: _take(at, parts[at], store_id=store_id, by=by, now=now, by_program=by_program) for at in order
        }
        placed = [found[at] for at in range(len(parts))]
        if len(parts) > 1:
            _look_again(placed, store_id=store_id, by=by, now=now)
        return placed

    order = sorted(range(len(parts)), key=lambda at: parts[at].practitioner_id is None)
    try:
        with transaction.atomic():
            placed = run(order)
            if 0 < len(_refused(placed)) < len(parts):
                raise _Undone
            return placed
    except _Undone:
        return run(_better_order(order, placed, run))


def _better_order(
    order: list[int], placed: list[Placed], run: Callable[[Sequence[int]], list[Placed]]
) -> list[int]:
    """The order that places the most of a few: each begins with what the one before it refused."""
    best, fewest = order, len(_refused(placed))
    for _attempt in range(REORDERINGS):
        first = _refused(placed)
        order = first + [at for at in order if at not in first]
        placed = tried(lambda order=order: run(order))
        if len(_refused(placed)) < fewest:
            best, fewest = order, len(_refused(placed))
        if not fewest:
            break
    return best


def _refused(placed: Sequence[Placed]) -> list[int]:
    return [one.index for one in placed if one.refusal is not None]


def _take(index: int, part: Part, *, store_id: UUID, by: Actor, now: datetime, by_program: bool) -> Placed:
    if part.gone is not None:
        return Placed(index, part, refusal=_with_near(part.gone, part, store_id=store_id, by=by, now=now))
    try:
        with transaction.atomic():
            made = book(
                part.service_id,
                store_id=store_id,
                starts_at=part.starts_at,
                by=by,
                now=now,
                member=part.member_id,
                practitioner_id=part.practitioner_id,
                party_size=part.party_size,
                note=part.note,
                details=part.details,
                by_program=by_program,
                companion=part.companion,
            )
            if made.status == Status.HELD:
                raise DepositApart
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return Placed(index, part, refusal=_with_near(refusal, part, store_id=store_id, by=by, now=now))
    return Placed(index, part, booking=made)


def _look_again(placed: Sequence[Placed], *, store_id: UUID, by: Actor, now: datetime) -> None:
    """Alternatives beside what the other parts have taken since: none of them stands in a part's way."""
    for one in placed:
        if one.refusal is not None and one.refusal.extra.get("alternatives"):
            del one.refusal.extra["alternatives"]
            _with_near(one.refusal, one.part, store_id=store_id, by=by, now=now)


def _with_near(refusal: Refusal, part: Part, *, store_id: UUID, by: Actor, now: datetime) -> Refusal:
    """The refusal with the nearest free slots, where the rule that refused named none."""
    if "alternatives" not in refusal.extra and refusal.code != "details_invalid":
        offering = read_offering(store_id, part.service_id, by_staff=by.is_employee)
        near = find_alternatives(
            offering,
            part.starts_at,
            now=now,
            by_staff=by.is_employee,
            party_size=part.party_size,
            member_id=part.member_id,
        )
        refusal.extra["alternatives"] = slot_documents(near, offering)
    return refusal


def require_placed(placed: Sequence[Placed], *, partial: bool) -> list[Booking]:
    """The bookings made. Raises PlanRefused unless every part is placed, or `partial` and one is at least."""
    refused = [one for one in placed if one.refusal is not None]
    made = [one.booking for one in placed if one.booking is not None]
    if refused and not (partial and made):
        raise PlanRefused(
            params={"refused": len(refused), "all": len(placed)},
            extra={"items": [refused_document(one) for one in refused]},
        )
    return made


def refused_document(one: Placed) -> dict[str, Any]:
    """A part that cannot be booked, as a program reads it."""
    assert one.refusal is not None
    problem = problem_document(one.refusal)
    return {
        "index": one.index,
        "starts_at": one.part.starts_at.isoformat(),
        "code": problem["code"],
        "detail": problem["detail"],
        "fix": problem["fix"],
        "alternatives": one.alternatives,
    }


def shifted(parts: Sequence[Part], by: datetime, *, of: Part) -> list[Part]:
    """The same parts, all moved so that `of` begins at `by`."""
    delta = by - of.starts_at
    return [replace(part, starts_at=part.starts_at + delta) for part in parts]
