"""Reads all that availability depends on, in one query however much there is of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from tenants.catalogue.domain.practitioners import SERVES
from tenants.stores.domain.wall import local_date

from .offering import Offering
from .rota import lay_openings, lay_shifts
from .search import Inputs, StaffInputs, reach
from .spans import Span

# Staff book a walk-in that began a moment ago, and further ahead than members do.
STAFF_BACK = timedelta(minutes=15)
STAFF_AHEAD = timedelta(days=400)
# No claim is longer: how far before a window one that reaches into it can begin.
LONGEST_CLAIM = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A practitioner who can do the service and works at the store."""

    employee_id: UUID
    resource_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The inputs of a search, and who the people in it are. Inputs are keyed by employee."""

    offering: Offering
    inputs: Inputs[UUID]
    candidates: dict[UUID, Candidate]


# Everything in one statement, a row a fact: rotas are many small tables, and a round trip each would cost
# more than all of them together. Arrays and not joins, so that claims are found by their btree.
_FACTS = f"""
WITH people AS MATERIALIZED (
  SELECT e.id, e.resource_id, e.name FROM people_employee e,
    (SELECT %(store)s::uuid AS store, %(service)s::uuid AS service) asked
  WHERE (%(only)s::uuid IS NULL OR e.id = %(only)s::uuid) AND {SERVES})
SELECT 'person', id, resource_id, name, NULL::int, NULL::int, NULL::int,
  NULL::date, NULL::date, NULL::timestamptz, NULL::timestamptz FROM people
UNION ALL
SELECT 'opening', NULL, NULL, NULL, weekday, opens, closes, NULL, NULL, NULL, NULL
  FROM stores_openinghours WHERE store_id = %(store)s
UNION ALL
SELECT 'closure', NULL, NULL, NULL, NULL, NULL, NULL, starts_on, ends_on, NULL, NULL
  FROM stores_closure WHERE store_id = %(store)s AND starts_on <= %(last)s AND ends_on > %(first)s
UNION ALL
SELECT 'weekly', employee_id, NULL, NULL, weekday, starts, ends, valid_from, valid_until, NULL, NULL
  FROM people_weeklyshift
  WHERE store_id = %(store)s AND employee_id = ANY(ARRAY(SELECT id FROM people))
UNION ALL
SELECT 'day', employee_id, store_id, NULL, NULL, starts, ends, "on", NULL, NULL, NULL
  FROM people_dayshift
  WHERE "on" BETWEEN %(first)s AND %(last)s AND employee_id = ANY(ARRAY(SELECT id FROM people))
UNION ALL
SELECT 'leave', employee_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, starts_at, ends_at
  FROM people_leave
  WHERE starts_at < %(end)s AND ends_at > %(start)s AND employee_id = ANY(ARRAY(SELECT id FROM people))
UNION ALL
SELECT 'busy', NULL, resource_id, NULL, NULL, NULL, NULL, NULL, NULL, starts_at, ends_at
  FROM booking_claim
  WHERE active AND resource_id = ANY(ARRAY(SELECT resource_id FROM people))
    AND starts_at < %(end)s AND starts_at > %(since)s AND ends_at > %(start)s
    AND (booking_id IS NULL OR booking_id <> ALL(%(but)s) AND booking_id NOT IN (
      SELECT id FROM booking_booking WHERE status = 'held' AND expires_at <= %(now)s))
"""  # noqa: S608 (a constant of catalogue, nobody's input)


def read_calendar(
    offering: Offering,
    days: Sequence[date],
    *,
    now: datetime,
    practitioner_id: UUID | None = None,
    by_staff: bool = False,
    but: UUID | None = None,
) -> Calendar:
    """All that decides when the service can begin on `days` (local dates), in one query.

    `practitioner_id` leaves nobody else; `but` is a booking whose own claims do not count. Holds that
    have expired count as free. Staff may begin at any five minutes, without lead time or horizon.
    """
    earliest = now - STAFF_BACK if by_staff else now + offering.lead
    latest = now + (STAFF_AHEAD if by_staff else offering.horizon)
    window = reach(days or [local_date(now, offering.zone)], offering.zone, offering.need)
    dates = _dates_in(window, offering)
    facts = _read_facts(offering, window, dates, now=now, only=practitioner_id, but=but)
    candidates = {
        row.who: Candidate(row.who, row.what, row.name)
        for row in sorted(facts["person"], key=lambda row: (row.name, row.who))
    }
    shifts = lay_shifts(
        candidates,
        weekly=[(row.who, row.a, row.b, row.c, row.d, row.e) for row in facts["weekly"]],
        planned=[(row.who, row.what == offering.store_id, row.d, row.b, row.c) for row in facts["day"]],
        dates=dates,
        zone=offering.zone,
    )
    away, busy = _spans_by(facts["leave"], "who"), _spans_by(facts["busy"], "what")
    inputs = Inputs(
        zone=offering.zone,
        need=offering.need,
        hours=lay_openings(
            [(row.a, row.b, row.c) for row in facts["opening"]],
            closures=[(row.d, row.e) for row in facts["closure"]],
            dates=dates,
            zone=offering.zone,
        ),
        staff={
            one.employee_id: StaffInputs(
                shifts=shifts[one.employee_id],
                busy=busy.get(one.resource_id, ()),
                leave=away.get(one.employee_id, ()),
            )
            for one in candidates.values()
        },
        earliest=earliest,
        latest=latest,
    )
    return Calendar(offering, inputs, candidates)


class _Fact(NamedTuple):
    """A row of _FACTS; which columns mean something depends on its kind."""

    kind: str
    who: Any
    what: Any
    name: Any
    a: Any
    b: Any
    c: Any
    d: Any
    e: Any
    start: Any
    end: Any


def _read_facts(
    offering: Offering,
    window: Span,
    dates: Sequence[date],
    *,
    now: datetime,
    only: UUID | None,
    but: UUID | None,
) -> dict[str, list[_Fact]]:
    facts: dict[str, list[_Fact]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _FACTS,
            {
                "store": offering.store_id,
                "service": offering.service_id,
                "only": only,
                "first": dates[0],
                "last": dates[-1],
                "start": window.start,
                "end": window.end,
                "since": window.start - LONGEST_CLAIM,
                "but": [but] if but is not None else [],
                "now": now,
            },
        )
        for row in cursor.fetchall():
            facts[row[0]].append(_Fact(*row))
    return facts


def _spans_by(facts: Sequence[_Fact], key: str) -> dict[UUID, list[Span]]:
    found: dict[UUID, list[Span]] = defaultdict(list)
    for fact in facts:
        found[getattr(fact, key)].append(Span(fact.start, fact.end))
    return found


def _dates_in(window: Span, offering: Offering) -> list[date]:
    """The local dates whose hours or shifts can reach into the window."""
    first = local_date(window.start, offering.zone) - timedelta(days=1)
    last = local_date(window.end, offering.zone)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
