"""The one search box: bookings of the store, members, people and services, each in a group of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet

from tenants.booking.domain.day import bookings_with_names, find_bookings, first_ids
from tenants.booking.models import Booking
from tenants.catalogue.models import Service
from tenants.members.domain.members import newest_members
from tenants.people.domain.rights import Action, may_anywhere
from tenants.people.models import Employee
from tenants.stores.domain.phones import mask_phone
from web.workbench.access import Desk
from web.workbench.day import Row, guest_name, row_of
from web.workbench.frame import here

MOST = 8
MOST_OTHERS = 3
LONGEST = 64
# No service lasts longer: what begins before this many days ago is over.
LONGEST_SERVICE = timedelta(days=1)
# Where a common name is met: a day of it holds hundreds of bookings in a busy store.
NEAR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Other:
    """A member, a person or a service that is called so, and where one gets with it."""

    icon: str
    name: str
    second: str
    url: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the box found: the coming bookings, soonest first; the past, latest first; members; the rest.

    `earlier` is the cursor of the next page of past bookings, empty after the last. `history_from` is where the
    plan's history begins, if it is what ends the past here: older ones are kept and not shown.
    """

    coming: list[Row] = field(default_factory=list)
    past: list[Row] = field(default_factory=list)
    earlier: str = ""
    members: list[Other] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    history_from: datetime | None = None

    @property
    def only(self) -> Row | None:
        """The one booking there is, if it is all there is of bookings."""
        rows = [*self.coming, *self.past]
        return rows[0] if len(rows) == 1 else None

    @property
    def nothing(self) -> bool:
        """Whether nothing was found at all."""
        return not (self.coming or self.past or self.members or self.others)


def find_all(desk: Desk, text: str, *, before: str = "") -> Found:
    """What `text` finds at the desk's store; `before` is a cursor of `earlier`.

    However many are found, the queries are as many: two more where a common name is met too seldom nearby, and one
    each where practitioners or services are called so.
    """
    text = text.strip()[:LONGEST]
    if not text:
        return Found()
    every = find_bookings(by=desk.actor, zone=desk.zone, store_id=desk.store.id, text=text, now=desk.now)
    end = _read(before)

    def soonest(rows: QuerySet[Booking]) -> QuerySet[Booking]:
        recent = rows.filter(ends_at__gte=desk.now, starts_at__gte=desk.now - LONGEST_SERVICE)
        return recent.order_by("starts_at", "id")

    def latest(rows: QuerySet[Booking]) -> QuerySet[Booking]:
        over = rows.filter(ends_at__lt=desk.now, starts_at__lt=desk.now)
        return (over if end is None else over.filter(_before(*end))).order_by("-starts_at", "-id")

    soon = [] if before else first_ids(every, soonest, MOST, near=Q(starts_at__lt=desk.now + NEAR))
    last = desk.now if end is None else end[0]
    ago = first_ids(every, latest, MOST + 1, near=Q(starts_at__gte=last - NEAR))
    rows = bookings_with_names([*soon, *ago])
    coming, past = rows[: len(soon)], rows[len(soon) :]
    more = len(past) > MOST
    first_page = not before
    return Found(
        coming=[row_of(one, desk) for one in coming],
        past=[row_of(one, desk) for one in past[:MOST]],
        earlier=_cursor(past[MOST - 1]) if more else "",
        history_from=None if more else every.cut_at(),
        members=_members(desk, text) if first_page else [],
        others=[*_people(desk, every.sought.staff), *_services(desk, every.sought.services)]
        if first_page
        else [],
    )


def _cursor(booking: Booking) -> str:
    return f"{booking.starts_at.isoformat()}_{booking.id}"


def _read(cursor: str) -> tuple[datetime, UUID] | None:
    """The start and the id of the booking that a cursor names; None for no cursor, or a malformed one."""
    moment, _, key = cursor.partition("_")
    try:
        at, last = datetime.fromisoformat(moment), UUID(key)
        if at.tzinfo is None:
            return None
        at = at.astimezone(UTC)
        _first = at - NEAR  # that far back is asked
    except (ValueError, OverflowError):
        return None
    return at, last


def _before(at: datetime, last: UUID) -> Q:
    """Bookings after the one of the cursor, in the order of the past."""
    return Q(starts_at__lte=at) & (Q(starts_at__lt=at) | Q(id__lt=last))


def _members(desk: Desk, text: str) -> list[Other]:
    if not may_anywhere(desk.actor, Action.READ_MEMBERS):
        return []
    books = desk.may(Action.CREATE_BOOKING)
    return [
        Other(
            "user",
            guest_name(one),
            mask_phone(one.phone),
            f"{here('new', desk)}?{urlencode({'member': one.id})}"
            if books
            else f"{here('find', desk)}?{urlencode({'q': one.name or (one.phone or '')[-4:]})}",
        )
        for one in newest_members(text, by=desk.actor, most=MOST_OTHERS)
    ]


def _people(desk: Desk, called: Sequence[UUID]) -> list[Other]:
    """Practitioners of this store among those called so; their day is a tap away."""
    if not called:
        return []
    at_home = Q(weekly_shifts__store=desk.store) | Q(grants__store=desk.store)
    rows = Employee.objects.filter(at_home, active=True, id__in=called).order_by("name", "id").distinct()
    return [
        Other("users", name, title, f"{here('day', desk)}?{urlencode({'who': key})}")
        for key, name, title in rows.values_list("id", "name", "title")[:MOST_OTHERS]
    ]


def _services(desk: Desk, called: Sequence[UUID]) -> list[Other]:
    """Services of this store among those called so; who gives them that day is a tap away."""
    if not called:
        return []
    rows = Service.objects.filter(offers__store=desk.store, offers__active=True, active=True, id__in=called)
    return [
        Other("list-filter", name, category, f"{here('day', desk)}?{urlencode({'service': key})}")
        for key, name, category in rows.values_list("id", "name", "category")[:MOST_OTHERS]
    ]
