"""Slots as JSON text: a month of them is thousands of objects, written without making any of them first.

`slots_text` is to the letter what the renderer makes of `slot_documents`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.booking.domain.search import DaySlots, Slot
from tenants.stores.domain.wall import DAY_MINUTES, local_day

_CLOCK = tuple(f"T{minute // 60:02d}:{minute % 60:02d}:00" for minute in range(DAY_MINUTES))


def days_text(days: Sequence[DaySlots[UUID]], zone: ZoneInfo) -> str:
    """A JSON list of `{"date", "slots"}`, moments in the zone's offset."""
    people: dict[int, str] = {}
    return (
        "["
        + ",".join(
            f'{{"date":"{one.day.isoformat()}","slots":{slots_text(one.slots, one.day, zone, people)}}}'
            for one in days
        )
        + "]"
    )


def slots_text(slots: Sequence[Slot[UUID]], day: date, zone: ZoneInfo, people: dict[int, str]) -> str:
    """A JSON list of the slots of one local day; `people` keeps what sets of practitioners are called, by identity.

    A search makes each set once for a day, and hashing the ids of one takes longer than to write it. So all slots must
    live as long as `people` does.
    """
    place = local_day(day, zone)
    midnight, begin = place.start, f'"{day.isoformat()}'
    offset = midnight.astimezone(zone).isoformat()[len("2026-05-01T00:00:00") :] + '"'
    steady = place.steady

    def text(moment: datetime) -> str:
        passed = moment - midnight
        minute, rest = divmod(passed.seconds, 60)
        if steady and passed.days == 0 and rest == 0 and passed.microseconds == 0:
            return begin + _CLOCK[minute] + offset
        return f'"{moment.astimezone(zone).isoformat()}"'

    written = []
    staff: tuple[UUID, ...] | None = None
    names = ""
    for slot in slots:
        if slot.staff is not staff:
            staff = slot.staff
            names = people.get(id(staff)) or people.setdefault(id(staff), _names(staff))
        left = "null" if slot.left is None else slot.left
        written.append(
            f'{{"starts_at":{text(slot.starts_at)},"ends_at":{text(slot.ends_at)},"practitioners":{names},"left":{left}}}'
        )
    return "[" + ",".join(written) + "]"


def _names(staff: tuple[UUID, ...]) -> str:
    return json.dumps([str(person) for person in staff], separators=(",", ":"))
