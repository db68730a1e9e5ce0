"""Reading bookings: a store's day, a list, one, and what the search box finds. No query per row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet

from tenants.booking.models import Booking, BookingItem, Session, SessionState, Status
from tenants.people.domain.rights import Action, Actor, NotSeen, require, stores_where
from tenants.people.models import Employee
from tenants.stores.domain.wall import local_day
from tenants.stores.models import Store

from .find import Sought, seek
from .history import hidden_before, history_cut, require_shown, shown_since
from .items import has_items
from .rota import opening_spans, shift_spans
from .spans import Span

# A confirmed guest who has not come by then is called late, on every page that says so.
LATE_AFTER = timedelta(minutes=5)
_NAMED = ("store", "service", "member", "practitioner", "resource")
WITH = ("store", "service", "member", "practitioner", "resource", "running_late")
WITH_SESSION = ("service", "pool", "practitioner", "resource")


@dataclass(frozen=True, slots=True)
class Column:
    """One practitioner of a day: when they work, aware UTC."""

    employee_id: UUID
    name: str
    shifts: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class StoreDay:
    """A store's local day: its span on the UTC line, openings, who works, and its bookings by start.

    `history_from` is where the plan's history begins, if that is after the day's start: what ended earlier is not shown.
    """

    store: Store
    day: date
    span: Span
    openings: tuple[Span, ...]
    columns: tuple[Column, ...]
    bookings: tuple[Booking, ...]
    sessions: tuple[Session, ...] = ()
    history_from: datetime | None = None


def late_by(booking: Booking, *, now: datetime) -> timedelta | None:
    """How long a confirmed guest is overdue, from LATE_AFTER on; None for who is not late.

    Goods can be fetched until their window ends.
    """
    overdue = now - (booking.ends_at if booking.pickup_window_id is not None else booking.starts_at)
    return overdue if booking.status == Status.CONFIRMED and overdue >= LATE_AFTER else None


def bookings_seen_by(actor: Actor) -> QuerySet[Booking]:
    """The bookings an actor may read, with all that a document of one needs: members their own and their party's,
    employees those of the stores whose day they may read. Lazy.
    """
    everything = Booking.objects.select_related(*WITH).prefetch_related(items_with_names())
    if actor.is_member:
        return everything.filter(Q(member_id=actor.member_id) | Q(payer_id=actor.member_id))
    stores = stores_where(actor, Action.READ_DAY)
    return everything if stores is None else everything.filter(store_id__in=stores)


def read_made_booking(booking: Booking, *, by: Actor, now: datetime) -> Booking:
    """The booking that was made just now, with all that a document of one needs, as read_seen_booking reads it.

    As it stands in memory, where whoever made it put the names on it. Raises NotSeen.
    """
    if by.is_member:
        seen = by.member_id in (booking.member_id, booking.payer_id)
    else:
        stores = stores_where(by, Action.READ_DAY)
        seen = stores is None or booking.store_id in stores
    if not seen:
        raise NotSeen
    there = booking._state.fields_cache
    named = all(name in there or getattr(booking, f"{name}_id") is None for name in _NAMED)
    return booking if named and has_items(booking) else read_seen_booking(booking.id, by=by, now=now)


def items_with_names() -> Prefetch[str, QuerySet[BookingItem], str]:
    """The items of bookings with their products, in one query for all."""
    return Prefetch("items", queryset=BookingItem.objects.select_related("product"))


def read_seen_booking(booking_id: UUID, *, by: Actor, now: datetime) -> Booking:
    """One booking. Raises NotSeen for one that is not there or not the actor's to see, BeyondHistory."""
    booking = bookings_seen_by(by).filter(id=booking_id).first()
    if booking is None:
        raise NotSeen
    require_shown(booking.ends_at, by=by, now=now)
    return booking


@dataclass(frozen=True, slots=True)
class BookingsFound:
    """What a search may show, lazy and unordered. `history_from` is where the plan's history begins, if what was
    asked for reaches further back; `older` is what it therefore does not show. `near` is as `rows`, quick for the
    first few alone (find.Sought); `sought` is what the text means."""

    rows: QuerySet[Booking]
    older: QuerySet[Booking]
    history_from: datetime | None
    near: QuerySet[Booking] | None
    sought: Sought

    def cut_at(self) -> datetime | None:
        """`history_from` where older ones are kept and not shown; one query if there may be some."""
        return self.history_from if self.history_from is not None and self.older.exists() else None


def first_ids(
    found: BookingsFound, order: Callable[[QuerySet[Booking]], QuerySet[Booking]], most: int, *, near: Q
) -> list[UUID]:
    """The first so many of a search, in an order; `near` is a beginning of it, to be looked at first: nothing that it
    leaves out stands before anything in it.

    The ids alone: over every table that names one, PostgreSQL plans ten times as long as it searches.
    """
    tries = [found.rows] if found.near is None else [found.near.filter(near), found.rows]
    ids: list[UUID] = []
    for rows in tries:
        ids = list(order(rows).select_related(None).values_list("id", flat=True)[:most])
        if len(ids) == most:
            break
    return ids


def bookings_with_names(ids: Sequence[UUID]) -> list[Booking]:
    """Bookings that somebody may see, in that order, with the names in which a line speaks of them; one query."""
    rows = Booking.objects.select_related("service", "member", "practitioner", "resource").in_bulk(ids)
    return [rows[key] for key in ids]


def find_bookings(
    *,
    by: Actor,
    zone: ZoneInfo,
    now: datetime,
    store_id: UUID | None = None,
    first: date | None = None,
    end: date | None = None,
    statuses: tuple[str, ...] = (),
    practitioner_id: UUID | None = None,
    service_id: UUID | None = None,
    text: str = "",
) -> BookingsFound:
    """The bookings that begin in `[first, end)` (dates of `zone`) and match the rest.

    `text` is what a person types into the search box (find.py): code, phone, names, pinyin, service, status.
    Raises Forbidden or NotSeen for a store whose day the employee may not read.
    """
    if store_id is not None and by.is_employee:
        require(by, Action.READ_DAY, store_id=store_id)
    found = bookings_seen_by(by)
    begins = local_day(first, zone).start if first else None
    wanted = {
        "store_id": store_id,
        "practitioner_id": practitioner_id,
        "service_id": service_id,
        "starts_at__gte": begins,
        "starts_at__lt": local_day(end, zone).start if end else None,
    }
    found = found.filter(**{name: value for name, value in wanted.items() if value is not None})
    if statuses:
        found = found.filter(status__in=statuses)
    sought = seek(text.strip(), by=by, among=found) if text.strip() else Sought(Q())
    since = history_cut(begins, by=by, now=now)
    every = found.filter(sought.every)
    return BookingsFound(
        rows=every.filter(shown_since(since)),
        older=every.filter(hidden_before(since)),
        history_from=since,
        near=None if sought.near is None else found.filter(sought.near, shown_since(since)),
        sought=sought,
    )


def read_store_day(store_id: UUID, day: date, *, by: Actor, now: datetime) -> StoreDay:
    """The day of a store as the workbench shows it, in eight queries, one more for a day long ago.
    Raises NotSeen, Forbidden.

    Cancelled and expired bookings are left out; who works there or serves one is a column.
    """
    require(by, Action.READ_DAY, store_id=store_id)
    store = Store.objects.filter(id=store_id).first()
    if store is None:
        raise NotSeen
    zone = ZoneInfo(store.time_zone)
    place = local_day(day, zone)
    since = history_cut(place.start, by=by, now=now)
    bookings = tuple(
        Booking.objects.select_related(*WITH)
        .filter(shown_since(since), store_id=store_id, starts_at__lt=place.end, ends_at__gt=place.start)
        .exclude(status__in=[Status.CANCELLED, Status.EXPIRED])
        .order_by("starts_at", "id")
    )
    sessions = tuple(
        Session.objects.select_related(*WITH_SESSION).filter(
            shown_since(since),
            store_id=store_id,
            state=SessionState.SCHEDULED,
            starts_at__lt=place.end,
            ends_at__gt=place.start,
        )
    )
    serving = {booking.practitioner_id for booking in bookings}
    serving |= {session.practitioner_id for session in sessions}
    people = dict(
        Employee.objects.filter(
            Q(id__in=serving)
            | Q(active=True, weekly_shifts__store_id=store_id)
            | Q(active=True, day_shifts__store_id=store_id, day_shifts__on=day)
        )
        .distinct()
        .order_by("name", "id")
        .values_list("id", "name")
    )
    shifts = shift_spans(list(people), store_id, [day], zone)
    return StoreDay(
        store=store,
        day=day,
        span=Span(place.start, place.end),
        openings=tuple(opening_spans(store_id, [day], zone)),
        columns=tuple(
            Column(employee_id, name, tuple(shifts[employee_id]))
            for employee_id, name in people.items()
            if shifts[employee_id] or employee_id in serving
        ),
        bookings=bookings,
        sessions=sessions,
        history_from=since,
    )
