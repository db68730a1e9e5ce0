"""What a request of the time page asks for, read from its query or form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, QueryDict

from chains.refusals import Refusal
from tenants.stores.domain.wall import parse_day, parse_moment, resolve_local

MOST_PEOPLE = 99
# Between the moment and the practitioner of a recommended time.
PICKED = "~"


@dataclass(frozen=True, slots=True)
class Wish:
    """Whatever of store, person, day, moment and number of people was named and could be read.

    `picked_id` is who serves at a recommended time, which may be chosen while anyone will do.
    """

    store_id: UUID | None
    person_id: UUID | None
    day: date | None
    starts_at: datetime | None
    picked_id: UUID | None = None
    party_size: int = 1


def uuid_or_none(text: str) -> UUID | None:
    """The id, or None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def read_wish(asked: QueryDict) -> Wish:
    """A page to look at: what cannot be read is left aside, so that an old link still opens."""
    at, _, picked = asked.get("at", "").partition(PICKED)
    starts_at = _moment_or_none(at)
    # a recommended time brings its own day, unless it was the day that has just been changed
    if picked and asked.get("day", "") != asked.get("shown", asked.get("day", "")):
        starts_at, picked = None, ""
    brings_day = bool(picked) and starts_at is not None
    return Wish(
        store_id=uuid_or_none(asked.get("store", "")),
        person_id=uuid_or_none(asked.get("with", "")),
        day=None if brings_day else _day_or_none(asked.get("day", "")),
        starts_at=starts_at,
        picked_id=uuid_or_none(picked),
        party_size=party_in(asked),
    )


def require_wish(asked: QueryDict, *, zone: ZoneInfo | None = None) -> Wish:
    """A time to take: it must be written right. Raises Http404 without a store, and parse_moment's refusals."""
    store_id = uuid_or_none(asked.get("store", ""))
    person = asked.get("with", "")
    if store_id is None or (person and uuid_or_none(person) is None):
        raise Http404
    return Wish(
        store_id=store_id,
        person_id=uuid_or_none(person),
        day=None,
        starts_at=parse_moment(asked.get("at", ""), zone=zone),
        party_size=party_in(asked),
    )


def party_in(asked: QueryDict) -> int:
    """How many people come, 1 to 99; one where that cannot be read."""
    text = asked.get("party", "")
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= MOST_PEOPLE else 1


def month_in(asked: QueryDict) -> date | None:
    """The first day of the month asked for (2026-12); None where that cannot be read."""
    return _day_or_none(f"{asked['month']}-01") if asked.get("month") else None


def local_wish(day: str, clock: str, zone: ZoneInfo) -> datetime:
    """The moment that a date and a clock time name in the store's zone; the first of a repeated one.

    Raises DateMalformed, TimeMalformed, and NonexistentTime for a time the clock skips.
    """
    on = parse_day(day)
    naive = parse_moment(f"{on.isoformat()}T{clock[:5]}:00Z")
    return resolve_local(on, naive.hour * 60 + naive.minute, zone, gap="refuse").astimezone(UTC)


def _day_or_none(text: str) -> date | None:
    try:
        return parse_day(text) if text else None
    except Refusal:
        return None


def _moment_or_none(text: str) -> datetime | None:
    try:
        return parse_moment(text) if text else None
    except Refusal:
        return None
