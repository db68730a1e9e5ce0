"""Groups: several services for one party, at once or one after the other, with one payer; all or none.

Whoever comes along and has no account becomes a member by name alone. The payer sees, moves and cancels
every booking of the party and is told of it where a guest has no phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.booking.models import LIVE, Booking, Status
from tenants.booking.together import BookingGroup
from tenants.members.domain.members import welcome_member
from tenants.people.domain.rights import Action, Actor, NotSeen
from tenants.stores.models import Store

from .attempts import Raced, again_on_conflict
from .book import Guest, member_for, require_booker
from .change import cancel_booking, visible_booking
from .day import WITH, bookings_seen_by
from .history import only_shown
from .offering import Offering, read_offering
from .one_at_a_time import lock_member
from .plans import Part, Placed, lock_ahead, require_placed, shifted, take_parts, tried

MOST_ITEMS = 10
OTHER_STARTS = 3


class PlanEmpty(Refusal):
    """A plan names nothing to book, or too much."""

    code = "plan_size"
    status = 422
    title = _("Nothing to plan, or too much")
    detail = _("A party books from 1 to %(most)s services at once.")
    fix = _("Change how many you book together.")


class ChainBroken(Refusal):
    """An item neither says when it begins nor follows one that does."""

    code = "chain_broken"
    status = 422
    title = _("A time is missing")
    detail = _("Item %(item)s says neither a time nor an earlier item that it follows.")
    fix = _("Give it a time, or the number of an earlier item.")


class GroupedAlready(Refusal):
    """The booking belongs to a party or has ended."""

    code = "grouped_already"
    status = 409
    title = _("Not possible for this booking")
    detail = _("This booking belongs to a party already, or is over.")
    fix = _("Book for the others by themselves.")


@dataclass(frozen=True, slots=True)
class Item:
    """One service of a party's wish. `guest` is the name of whoever comes along, empty for the payer.

    It begins at `starts_at`, or when item `after` (an earlier index) has ended, on the service's next step.
    """

    service_id: UUID
    starts_at: datetime | None = None
    after: int | None = None
    practitioner_id: UUID | None = None
    guest: str = ""
    party_size: int = 1
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What would become of a party: every item placed or refused, and other starts at which all fit."""

    placed: list[Placed]
    other_starts: list[datetime]


@again_on_conflict
def plan_group(
    items: Sequence[Item], *, store_id: UUID, by: Actor, now: datetime, member: UUID | Guest | None = None
) -> GroupPlan:
    """Try the whole party out and write nothing. Raises PlanEmpty, ChainBroken, NotSeen, Forbidden."""

    def act() -> GroupPlan:
        _payer, parts = _prepare(items, store_id=store_id, by=by, now=now, member=member)
        placed = tried(lambda: take_parts(parts, store_id=store_id, by=by, now=now))
        others: list[datetime] = []
        for wrong in [one for one in placed if one.refusal is not None][:1]:
            for slot in wrong.alternatives:
                start = datetime.fromisoformat(slot["starts_at"]).astimezone(UTC)
                moved = shifted(parts, start, of=wrong.part)
                found = tried(lambda moved=moved: take_parts(moved, store_id=store_id, by=by, now=now))
                if all(one.refusal is None for one in found):
                    others.append(moved[0].starts_at)
        return GroupPlan(placed, others[:OTHER_STARTS])

    return tried(act)


@again_on_conflict
def book_group(
    items: Sequence[Item],
    *,
    store_id: UUID,
    by: Actor,
    now: datetime,
    member: UUID | Guest | None = None,
    partial: bool = False,
    by_program: bool = False,
    with_booking: UUID | None = None,
) -> tuple[BookingGroup, list[Placed]]:
    """Book the party in one transaction: everything, or with `partial` whatever is free.

    `with_booking` is a booking of the payer's that the party joins. Raises PlanRefused with every item
    that cannot be placed and its alternatives, GroupedAlready, and what plan_group raises.
    """
    payer, parts = _prepare(items, store_id=store_id, by=by, now=now, member=member)
    placed = take_parts(parts, store_id=store_id, by=by, now=now, by_program=by_program)
    made = require_placed(placed, partial=partial)
    group = BookingGroup.objects.create(
        store_id=store_id, payer_id=payer, made_by_id=by.employee_id, created_at=now
    )
    Booking.objects.filter(id__in=[one.id for one in made]).update(group=group, payer_id=payer)
    if with_booking is not None:
        _join(with_booking, group, by=by)
    return group, placed


def _join(booking_id: UUID, group: BookingGroup, *, by: Actor) -> None:
    booking = visible_booking(booking_id, by=by, action=Action.CHANGE_BOOKING)
    if booking.member_id != group.payer_id or booking.store_id != group.store_id:
        raise NotSeen
    free = Q(group__isnull=True, status__in=[Status.HELD, Status.CONFIRMED], version=booking.version)
    written = Booking.objects.filter(free, id=booking.id).update(
        group=group, payer_id=group.payer_id, version=F("version") + 1
    )
    if not written:
        if booking.group_id is None and booking.status in (Status.HELD, Status.CONFIRMED):
            raise Raced
        raise GroupedAlready


def _prepare(
    items: Sequence[Item], *, store_id: UUID, by: Actor, now: datetime, member: UUID | Guest | None
) -> tuple[UUID, list[Part]]:
    """The payer and the parts with their times and people, everything locked that they may claim."""
    if not 1 <= len(items) <= MOST_ITEMS:
        raise PlanEmpty(params={"most": MOST_ITEMS})
    require_booker(member, store_id=store_id, by=by)
    country = Store.objects.filter(id=store_id, active=True).values_list("country", flat=True).first()
    if country is None:
        raise NotSeen
    payer = member_for(member, country=country, by=by, now=now)
    lock_member(payer)
    people: dict[str, UUID] = {"": payer}
    for item in items:
        name = item.guest.strip()
        if name not in people:
            people[name] = welcome_member(None, name=name, now=now)[0].id
    parts = [
        Part(
            service_id=item.service_id,
            starts_at=starts_at,
            member_id=people[item.guest.strip()],
            practitioner_id=item.practitioner_id,
            party_size=item.party_size,
            note=item.note,
            details=item.details,
            companion=bool(item.guest.strip()),
        )
        for item, starts_at in zip(items, times_of(items, store_id=store_id, by=by), strict=True)
    ]
    lock_ahead(store_id, members=people.values(), parts=parts)
    return payer, parts


def times_of(items: Sequence[Item], *, store_id: UUID, by: Actor) -> list[datetime]:
    """When each item begins: as it says, or on its service's first step after the one it follows has ended.

    item 0: 10:00, 50 min     item 1 after 0, step 30     item 2 after 1, step 5
    10:00–10:50               11:00–12:00                 12:00
    """
    offerings: dict[UUID, Offering] = {}
    begins: list[datetime] = []
    for index, item in enumerate(items):
        offering = offerings.get(item.service_id) or read_offering(
            store_id, item.service_id, by_staff=by.is_employee
        )
        offerings[item.service_id] = offering
        if item.starts_at is not None:
            begins.append(item.starts_at)
        elif item.after is not None and 0 <= item.after < index:
            before = offerings[items[item.after].service_id]
            ended = before.need.service_span(begins[item.after]).end
            begins.append(next_step(ended, offering))
        else:
            raise ChainBroken(params={"item": index + 1})
    return begins


def next_step(moment: datetime, offering: Offering) -> datetime:
    """The first moment from `moment` on that the store's clock shows as a step of the service."""
    local = moment.astimezone(offering.zone)
    past = (local.hour * 60 + local.minute) % offering.need.step
    wait = timedelta(minutes=(offering.need.step - past) % offering.need.step)
    return moment + wait


def read_group(group_id: UUID, *, by: Actor, now: datetime) -> tuple[BookingGroup, list[Booking]]:
    """The party and those of its bookings that the actor may see, by start. Raises NotSeen, BeyondHistory."""
    group = BookingGroup.objects.filter(id=group_id).first()
    bookings = list(bookings_seen_by(by).filter(group_id=group_id).order_by("starts_at", "id"))
    if group is None or not bookings:
        raise NotSeen
    return group, only_shown(bookings, by=by, now=now)


@again_on_conflict
def cancel_group(group_id: UUID, *, by: Actor, now: datetime, reason: str = "") -> list[Booking]:
    """Cancel every booking of the party that has not begun, all or none. Raises what cancelling one does."""
    _group, bookings = read_group(group_id, by=by, now=now)
    open_ones = [one.id for one in bookings if one.status in (Status.HELD, Status.CONFIRMED)]
    return [cancel_booking(one, by=by, now=now, reason=reason) for one in sorted(open_ones)]


def party_of(booking: Booking) -> list[Booking]:
    """The live bookings of the booking's party, itself included, by start; none without a party."""
    if booking.group_id is None:
        return []
    rows = Booking.objects.filter(group_id=booking.group_id, status__in=LIVE)
    return list(rows.select_related(*WITH).order_by("starts_at", "id"))
