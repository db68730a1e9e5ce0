"""The day as a grid of people or rooms and five-minute rows, in the shape of ui/timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from chains.refusals import Text
from tenants.booking.domain.attention import Presence
from tenants.booking.domain.spans import Span
from tenants.booking.models import Session, Status
from tenants.people.domain.rights import Action
from tenants.stores.models import Resource, ResourceKind
from web.formats import format_clock, format_clocks, format_countdown, format_duration
from web.workbench.access import Desk
from web.workbench.day import Day, Filters, Row
from web.workbench.grid import HOUR, MOST_ROWS, ROW, Block, Column, Grid, Mark, Timeline
from web.workbench.session_blocks import count_words, draw_session, session_words

# An hour's label so near to the time of now would lie under it.
NEAR_NOW = 2
MOST_COLUMNS = 40


def draw_timeline(day: Day, desk: Desk, *, view: str = "people", chosen: UUID | None = None) -> Timeline:
    """The timeline of a day already read, by people on shift or with bookings, or by room (one query more)."""
    grid = _grid(day)
    rooms = rooms_of(desk) if view == "rooms" else []
    draw = Drawing(desk, grid, day.filters, chosen)
    columns = _room_columns(rooms, day, draw) if view == "rooms" else _person_columns(day, draw)
    now = now_on(grid, desk)
    return Timeline(grid, hours_on(grid, desk, now), now, columns[:MOST_COLUMNS], bool(rooms))


def now_on(grid: Grid, desk: Desk) -> Mark | None:
    """Where now is, while it is on the grid."""
    inside = grid.start <= desk.now < grid.start + grid.rows * ROW
    return Mark(grid.row(desk.now), 1, format_clock(desk.now.astimezone(desk.zone))) if inside else None


def hours_on(grid: Grid, desk: Desk, now: Mark | None) -> list[Mark]:
    """The hours beside the grid, but for one that the time of now would lie on."""
    return [
        Mark(at, 1, format_clock((grid.start + at * ROW).astimezone(desk.zone)))
        for at in range(12, grid.rows, 12)
        if now is None or abs(at - now.row) > NEAR_NOW
    ]


def rooms_of(desk: Desk) -> list[Resource]:
    """Rooms, tables, stations and equipment of the desk's store, by kind and name."""
    own = Resource.objects.filter(store=desk.store, active=True).exclude(kind=ResourceKind.PRACTITIONER)
    return list(own.order_by("kind", "name", "id"))


def has_rooms(desk: Desk) -> bool:
    """Whether the store has any of them."""
    own = Resource.objects.filter(store=desk.store, active=True).exclude(kind=ResourceKind.PRACTITIONER)
    return own.exists()


def keys_of(row: Row, view: str) -> list[str]:
    """The keys of the columns that a booking stands in."""
    if view == "rooms":
        return [str(key) for key in row.rooms] or ["noroom"]
    return [str(row.booking.practitioner_id or "nobody")]


def _people(day: Day, desk: Desk) -> list[Presence]:
    """On shift or booked; the one who looks first, then by name."""
    chosen = [person for person in day.people.values() if day.who in (None, person.id)]
    return sorted(chosen, key=lambda person: (person.id != desk.actor.employee_id, person.name))


def _grid(day: Day) -> Grid:
    """Whole hours around shifts and bookings, else opening hours; nine to nine on a day with none."""
    place = day.store_day.span
    spans = [span for person in day.people.values() for span in person.shifts]
    spans += [row.claimed for row in day.every]
    spans += [Span(one.starts_at, one.ends_at) for one in day.store_day.sessions]
    spans = spans or list(day.store_day.openings)
    first = max(place.start, min((span.start for span in spans), default=place.start + 9 * HOUR))
    last = min(place.end, max((span.end for span in spans), default=place.start + 21 * HOUR))
    start = place.start + (first - place.start) // HOUR * HOUR
    hours = max(1, -((start - last) // HOUR))
    return Grid(start, min(MOST_ROWS, hours * 12))


@dataclass(frozen=True, slots=True)
class Drawing:
    """What every column is drawn with."""

    desk: Desk
    grid: Grid
    filters: Filters
    chosen: UUID | None

    def column(
        self,
        key: str,
        name: str,
        rows: list[Row],
        *,
        presence: Presence | None = None,
        second: str = "",
        taken: Sequence[Session] = (),
        **more: Any,
    ) -> Column:
        """One column; what the filters leave out of it is shown as time that is taken."""
        lanes = lanes_of(rows)
        most = max(lanes.values(), default=1)
        lane_of = lanes if most > 1 else {}
        count = ngettext("%(count)s booking", "%(count)s bookings", len(rows)) % {"count": len(rows)}
        if taken and not rows:
            count = ""  # the sessions say it
        shifts = presence.shifts if presence is not None else ()
        words = [*(_clocks(shift, self.desk) for shift in shifts), second, count, count_words(len(taken))]
        shown = [row for row in rows if self.filters.show(row)]
        left_out = [row for row in rows if not self.filters.show(row)]
        marks = [mark for row in shown for mark in _buffers(row, self.grid, lane_of.get(row.key))]
        marks += [self.grid.mark(row.claimed, lane=lane_of.get(row.key)) for row in left_out]
        aways = list(_aways(presence, self.desk, self.grid)) if presence is not None else []
        open_ones = [one for one in taken if self.filters.show_session(one)]
        closed = [one for one in taken if not self.filters.show_session(one)]
        aways += [self.grid.mark(Span(one.starts_at, one.ends_at), session_words(one)) for one in closed]
        blocks = [
            draw_session(one, self.desk, self.grid, self.chosen, column=more.get("person") or key)
            for one in open_ones
        ]
        return Column(
            key=key,
            name=name,
            second=" · ".join(word for word in words if word),
            lanes=most if most > 1 else None,
            aways=_kept(aways),
            buffers=_kept(marks),
            blocks=[
                *(
                    block_of(row, self.desk, self.grid, lane_of.get(row.key), self.chosen, column=key)
                    for row in shown
                ),
                *(block for block in blocks if block is not None),
            ],
            start=self.grid.start.astimezone(self.desk.zone).isoformat(),
            **{"mine": False, **more},
        )


def _person_columns(day: Day, draw: Drawing) -> list[Column]:
    of: dict[UUID | None, list[Row]] = defaultdict(list)
    for row in day.timed:
        of[row.booking.practitioner_id].append(row)
    me = draw.desk.actor.employee_id
    columns = [
        draw.column(
            str(person.id),
            person.name,
            of[person.id],
            presence=person,
            taken=[one for one in day.store_day.sessions if one.practitioner_id == person.id],
            mine=person.id == me,
            person=str(person.id),
        )
        for person in _people(day, draw.desk)
    ]
    nobodys = [one for one in day.store_day.sessions if one.practitioner_id is None]
    if (of[None] or nobodys) and day.who is None:
        columns.append(
            draw.column("nobody", _("Nobody yet"), of[None], taken=nobodys, place="users", drop=False)
        )
    return columns


_KINDS: dict[str, Text] = {
    ResourceKind.ROOM: gettext_lazy("Room"),
    ResourceKind.TABLE: gettext_lazy("Table"),
    ResourceKind.STATION: gettext_lazy("Station"),
    ResourceKind.EQUIPMENT: gettext_lazy("Equipment"),
}


def _room_columns(rooms: list[Resource], day: Day, draw: Drawing) -> list[Column]:
    known = {room.id for room in rooms}
    of: dict[UUID | None, list[Row]] = defaultdict(list)
    for row in day.timed:
        inside: list[UUID | None] = [key for key in row.rooms if key in known]
        for key in inside or [None]:
            of[key].append(row)
    columns = [
        draw.column(
            str(room.id),
            room.name,
            of[room.id],
            taken=[one for one in day.store_day.sessions if one.resource_id == room.id],
            second=str(_KINDS[room.kind]),
            place="utensils" if room.kind == ResourceKind.TABLE else "door-open",
            room=str(room.id),
        )
        for room in rooms
    ]
    elsewhere = [one for one in day.store_day.sessions if one.resource_id not in known]
    if of[None] or elsewhere:
        columns.append(
            draw.column("noroom", _("Without a room"), of[None], taken=elsewhere, place="users", drop=False)
        )
    return columns


def _kept(marks: Iterable[Mark | None]) -> list[Mark]:
    return [mark for mark in marks if mark is not None]


def lanes_of(rows: list[Row]) -> dict[str, int]:
    """Side by side where a no-show's time was given to someone else."""
    ends: list[datetime] = []
    lanes: dict[str, int] = {}
    for row in rows:
        at = next((number for number, end in enumerate(ends) if end <= row.starts), len(ends))
        if at == len(ends):
            ends.append(row.ends)
        ends[at] = row.ends
        lanes[row.key] = min(at + 1, 6)
    return lanes


def _buffers(row: Row, grid: Grid, lane: int | None) -> Iterable[Mark | None]:
    booking, claimed = row.booking, row.claimed
    if claimed.start < booking.starts_at:
        yield grid.mark(Span(claimed.start, booking.starts_at), lane=lane)
    if booking.ends_at < claimed.end:
        yield grid.mark(Span(booking.ends_at, claimed.end), lane=lane)


def _aways(person: Presence, desk: Desk, grid: Grid) -> Iterable[Mark | None]:
    end = grid.start + grid.rows * ROW
    cursor = grid.start
    for number, shift in enumerate(person.shifts):
        if shift.start > cursor:
            words = _("Starts %(time)s") if number == 0 else _("Break")
            yield grid.mark(Span(cursor, shift.start), words % {"time": _clock(shift.start, desk)})
        cursor = max(cursor, shift.end)
    if cursor < end:
        words = _("Leaves %(time)s") % {"time": _clock(cursor, desk)} if person.shifts else _("No shift")
        yield grid.mark(Span(cursor, end), words)
    for leave in person.leave:
        if leave.start < end and grid.start < leave.end:
            yield grid.mark(leave, _("On leave"))


def _clock(moment: datetime, desk: Desk) -> str:
    return format_clock(moment.astimezone(desk.zone))


def _clocks(span: Span, desk: Desk) -> str:
    return format_clocks(
        span.start.astimezone(desk.zone), span.end.astimezone(desk.zone), language=get_language() or "en"
    )


_CAN = {Status.HELD: "move", Status.CONFIRMED: "move resize", Status.ARRIVED: "resize"}


def block_of(
    row: Row, desk: Desk, grid: Grid, lane: int | None, chosen: UUID | None, *, column: str
) -> Block:
    """The booking's block in a column; in a second one its id is told apart by the column's key."""
    language = get_language() or "en"
    detail = ""
    if row.late:
        detail = format_duration(row.late, language=language)
    elif row.hold_left is not None:
        detail = format_countdown(row.hold_left)
    first = grid.row(row.booking.starts_at)
    end = grid.row(row.booking.ends_at)
    name = row.name
    if row.booking.party_size > 1:
        name = _("%(name)s · %(count)s people") % {"name": name, "count": row.booking.party_size}
    rooms = row.rooms
    again = bool(rooms) and column in {str(key) for key in rooms[1:]}
    return Block(
        id=f"{row.key}-{column}" if again else row.key,
        booking=row.key,
        version=row.booking.version,
        can=_CAN.get(Status(row.booking.status), "") if desk.may(Action.CHANGE_BOOKING) else "",
        row=first,
        span=max(1, end - first),
        lane=lane,
        status=row.shown,
        detail=detail,
        name=name,
        line1=row.booking.service.name,
        line2=format_clocks(row.starts, row.ends, language=language),
        url=reverse("workbench:booking", args=[desk.store.id, row.booking.id]),
        current=row.booking.id == chosen,
    )
