"""The one search box: bookings of the store, members, people and services, each in a group of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, prefetch_related_objects

from tenants.booking.domain.day import bookings_with_names, find_bookings, ids_of
from tenants.booking.models import Booking
from tenants.catalogue.models import Service
from tenants.members.domain.members import newest_members
from tenants.members.domain.names import is_found_by
from tenants.people.domain.rights import Action, may_anywhere
from tenants.people.models import Employee
from tenants.stores.domain.phones import mask_phone
from web.workbench.access import Desk
from web.workbench.day import Row, guest_name, held_claims, row_of
from web.workbench.frame import here

MOST = 8
MOST_OTHERS = 3
LONGEST = 64
# No service lasts longer: what begins before this many days ago is over.
LONGEST_SERVICE = timedelta(days=1)


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


def find_all(desk: Desk, text: str, *, before: str = "", bookings_only: bool = False) -> Found:
    """What `text` finds at the desk's store, by a fixed number of queries; `before` is a cursor of `earlier`."""
    text = text.strip()[:LONGEST]
    if not text:
        return Found()
    every = find_bookings(by=desk.actor, zone=desk.zone, store_id=desk.store.id, text=text, now=desk.now)
    found = every.rows
    recent = found.filter(ends_at__gte=desk.now, starts_at__gte=desk.now - LONGEST_SERVICE)
    soon = [] if before else ids_of(recent.order_by("starts_at", "id"), MOST)
    over = found.filter(ends_at__lt=desk.now, starts_at__lt=desk.now)
    ago = ids_of(over.filter(_earlier(before)).order_by("-starts_at", "-id"), MOST + 1)
    rows = bookings_with_names([*soon, *ago])
    prefetch_related_objects(rows, held_claims())
    coming, past = rows[: len(soon)], rows[len(soon) :]
    more = len(past) > MOST
    rest = not before and not bookings_only
    return Found(
        coming=[row_of(one, desk) for one in coming],
        past=[row_of(one, desk) for one in past[:MOST]],
        earlier=_cursor(past[MOST - 1]) if more else "",
        history_from=None if more else every.cut_at(),
        members=_members(desk, text) if rest else [],
        others=[*_people(desk, text), *_services(desk, text)] if rest else [],
    )


def _cursor(booking: Booking) -> str:
    return f"{booking.starts_at.isoformat()}_{booking.id}"


def _earlier(cursor: str) -> Q:
    """Bookings after the cursor's, in the order of the past; all for none or a malformed one."""
    moment, _, key = cursor.partition("_")
    try:
        at, last = datetime.fromisoformat(moment), UUID(key)
    except ValueError:
        return Q()
    if at.tzinfo is None:
        return Q()
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


def _people(desk: Desk, text: str) -> list[Other]:
    """Practitioners of this store; their day is a tap away."""
    here_too = Employee.objects.filter(
        Q(weekly_shifts__store=desk.store) | Q(grants__store=desk.store), active=True, resource__isnull=False
    ).distinct()
    rows = here_too.order_by("name", "id").values_list("id", "name", "title")
    called = [(key, name, title) for key, name, title in rows if is_found_by(name, text)]
    return [
        Other("users", name, title, f"{here('day', desk)}?{urlencode({'who': key})}")
        for key, name, title in called[:MOST_OTHERS]
    ]


def _services(desk: Desk, text: str) -> list[Other]:
    rows = Service.objects.filter(offers__store=desk.store, offers__active=True, active=True)
    called = [
        (key, name, category)
        for key, name, category in rows.values_list("id", "name", "category")
        if is_found_by(name, text)
    ]
    return [
        Other("list-filter", name, category, f"{here('day', desk)}?{urlencode({'service': key})}")
        for key, name, category in called[:MOST_OTHERS]
    ]
