"""Every row that availability depends on, of one store or several, in one statement.

A row a fact: rotas are many small tables, and a round trip each would cost more than all of them
together. Arrays and not joins, so that claims are found by their btree; claims come packed, all of one
resource in a row (see packed.py), and so do the weekly shifts of one person and the hours of one store (see
rota.read_week, rota.read_hours).

All but the claims follows from how the chain is set up: whoever remembers that (stores.domain.set_up) asks for the
claims alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from chains.postgresql.ask import Question, ask, ask_all, named
from tenants.catalogue.domain.practitioners import SERVES
from tenants.stores.domain.set_up import SET_UP_NOW, recall, remember, set_up_question

from .spans import Span

# No claim is longer: how far before a window one that reaches into it can begin.
LONGEST_CLAIM = timedelta(days=3)
# Before any hold.
_NEVER = datetime.min.replace(tzinfo=UTC)

_PEOPLE = f"""
people AS MATERIALIZED (
  SELECT asked.store, e.id, e.resource_id, e.name, e.plan_version FROM people_employee e,
    (SELECT store, %(service)s::uuid AS service FROM unnest(%(stores)s::uuid[]) AS s (store)) asked
  WHERE (%(only)s::uuid IS NULL OR e.id = %(only)s::uuid) AND {SERVES})
"""  # noqa: S608 (a constant of catalogue, nobody's input)
_THINGS = """
things AS MATERIALIZED (
  SELECT store_id, id, name, kind, tags, min_party, capacity FROM stores_resource
  WHERE active AND store_id = ANY(%(stores)s) AND (kind = ANY(%(kinds)s) OR id = %(resource)s::uuid))
"""
# Each fact with what it is asked for; what nobody asks is not planned either, which takes longer than to answer it.
_FACTS = (
    ("", """
SELECT 'store' AS fact, id AS store, NULL::uuid AS who, NULL::uuid AS what, NULL::text AS name, calendar_version::int,
  NULL::int, NULL::int, NULL::date, NULL::date, NULL::timestamptz, NULL::timestamptz, NULL::bytea
  FROM stores_store WHERE id = ANY(%(stores)s)
"""),
    ("people", """
SELECT 'person', store, id, resource_id, name, plan_version::int, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM people
"""),
    ("skilled", """
SELECT 'skill', NULL, employee_id, skill_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM people_employee_skills WHERE employee_id = ANY(ARRAY(SELECT id FROM people))
"""),
    ("things", """
SELECT 'thing', store_id, id, NULL, json_build_array(name, kind, tags)::text, min_party, capacity, NULL,
  NULL, NULL, NULL, NULL, NULL FROM things
"""),
    ("combined", """
SELECT 'combination', c.store_id, c.id, m.resource_id, NULL, c.min_party, c.max_party, NULL,
  NULL, NULL, NULL, NULL, NULL
  FROM stores_resourcecombination c
  JOIN stores_resourcecombination_members m ON m.resourcecombination_id = c.id
  WHERE c.active AND c.store_id = ANY(%(stores)s)
"""),
    ("", """
SELECT 'opening', store_id, NULL, NULL, string_agg(concat_ws(',', weekday, opens, closes), ';'
    ORDER BY weekday, opens, closes), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM stores_openinghours WHERE store_id = ANY(%(stores)s) GROUP BY store_id
"""),
    ("", """
SELECT 'closure', store_id, NULL, NULL, NULL, NULL, NULL, NULL, starts_on, ends_on, NULL, NULL, NULL
  FROM stores_closure WHERE store_id = ANY(%(stores)s) AND starts_on <= %(last)s AND ends_on > %(first)s
"""),
    ("people", """
SELECT 'weekly', store_id, employee_id, NULL, string_agg(concat_ws(',', weekday, starts, ends,
    coalesce((valid_from - date '1970-01-01')::text, ''), coalesce((valid_until - date '1970-01-01')::text, '')),
    ';' ORDER BY weekday, starts, ends), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM people_weeklyshift
  WHERE store_id = ANY(%(stores)s) AND employee_id = ANY(ARRAY(SELECT id FROM people))
  GROUP BY store_id, employee_id
"""),
    ("people", """
SELECT 'day', store_id, employee_id, NULL, NULL, NULL, starts, ends, "on", NULL, NULL, NULL, NULL
  FROM people_dayshift
  WHERE "on" BETWEEN %(first)s AND %(last)s AND employee_id = ANY(ARRAY(SELECT id FROM people))
"""),
    ("people", """
SELECT 'leave', NULL, employee_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, starts_at, ends_at, NULL
  FROM people_leave
  WHERE starts_at < %(latest)s AND ends_at > %(earliest)s AND employee_id = ANY(ARRAY(SELECT id FROM people))
"""),
    ("", f"""
SELECT 'set_up', NULL, NULL, NULL, {SET_UP_NOW}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
"""),
    ("people", """
SELECT 'way', store_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM stores_travel WHERE store_id = ANY(%(stores)s) GROUP BY store_id
"""),
)  # fmt: skip
_BUSY = """
SELECT 'busy' AS fact, NULL, NULL, resource_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    string_agg(timestamptz_send(starts_at) || timestamptz_send(ends_at), '')
  FROM booking_claim
  WHERE active AND resource_id = ANY({held})
    AND starts_at < %(end)s AND starts_at > %(since)s AND ends_at > %(start)s
    AND (booking_id IS NULL OR booking_id <> ALL(%(but)s) AND booking_id NOT IN (
      SELECT id FROM booking_booking WHERE status = 'held' AND expires_at <= %(now)s))
  GROUP BY resource_id
"""
# Somebody who serves at another store is busy here for as long as the way takes, before and after.
_AWAY = """
SELECT 'away', t.store_id, NULL, far.resource_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    string_agg(timestamptz_send(far.starts_at - t.minutes * interval '1 minute')
      || timestamptz_send(far.ends_at + t.minutes * interval '1 minute'), '')
  FROM stores_travel t CROSS JOIN LATERAL (
    SELECT c.resource_id, c.starts_at, c.ends_at FROM booking_claim c
    LEFT JOIN booking_booking b ON b.id = c.booking_id LEFT JOIN booking_session s ON s.id = c.session_id
    WHERE c.active AND c.resource_id = ANY({team})
      AND coalesce(b.store_id, s.store_id) = t.other_id
      AND c.starts_at < %(end)s + t.minutes * interval '1 minute' AND c.starts_at > %(since)s
      AND c.ends_at > %(start)s - t.minutes * interval '1 minute' AND (b.id IS NULL OR b.id <> ALL(%(but)s)
      AND NOT (b.status = 'held' AND b.expires_at <= %(now)s))
    OFFSET 0) far
  WHERE t.store_id = ANY(%(stores)s)
  GROUP BY t.store_id, far.resource_id
"""


@cache
def _statement(people: bool, things: bool, skilled: bool, combined: bool) -> tuple[str, list[str]]:
    """The statement for a question of that shape, and the names of its places."""
    asked = {"": True, "people": people, "things": things, "skilled": skilled, "combined": combined}
    tables = [text for there, text in ((people, _PEOPLE), (things, _THINGS)) if there]
    team = "SELECT resource_id FROM people"
    held = [text for there, text in ((people, team), (things, "SELECT id FROM things")) if there]
    facts = [text for need, text in _FACTS if asked[need]]
    facts.append(_BUSY.replace("{held}", f"ARRAY({' UNION ALL '.join(held or ['SELECT NULL::uuid'])})"))
    if people:
        facts.append(_AWAY.replace("{team}", f"ARRAY({team})"))
    beside = f"WITH {','.join(tables)}" if tables else ""
    return named(beside + "UNION ALL".join(facts))


@cache
def _claims_statement(away: bool) -> tuple[str, list[str]]:
    """The same of claims alone, where who and what is asked about is known."""
    busy = _BUSY.replace("{held}", "%(held)s::uuid[]")
    return named(busy + ("UNION ALL" + _AWAY.replace("{team}", "%(team)s::uuid[]") if away else ""))


class Fact(NamedTuple):
    """A row of the statement; which columns mean something depends on its kind."""

    kind: str
    store: Any
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
    packed: Any


class Asked(NamedTuple):
    """What is asked of the database: `people` whether any serve, of which service's skills or any (None).

    `kinds` of things, `skilled` whether their skills are told, `combined` whether combinations are.
    """

    stores: tuple[UUID, ...]
    service: UUID | None
    people: bool
    only: UUID | None
    skilled: bool
    kinds: tuple[str, ...]
    resource: UUID | None
    combined: bool


Facts = Mapping[str, list[Fact]]
_OF_CLAIMS = ("busy", "away")


def set_up_key(asked: Asked, dates: Sequence[date]) -> tuple[Hashable, ...]:
    """What the facts of the set-up are remembered under: all that they depend on."""
    return ("facts", asked, dates[0], dates[-1])


def keep_set_up(key: Hashable, facts: Facts) -> None:
    """Remember those of the facts that follow from how the chain is set up; they came with its token."""
    known = {kind: rows for kind, rows in facts.items() if kind not in _OF_CLAIMS}
    token = next((row.name for row in facts.get("set_up", ())), None)
    remember(key, known, token=token, weight=sum(map(len, known.values())))


def read_facts(
    asked: Asked, window: Span, dates: Sequence[date], *, now: datetime, but: UUID | None
) -> Facts:
    """As facts_question, of claims alone where the rest is remembered. One message; two if it is no longer so."""
    key = set_up_key(asked, dates)
    found = recall(key)
    if found is not None:
        question = facts_question(asked, window, dates, now=now, but=but, set_up=found.what)
        token, facts = ask_all([set_up_question(), question])
        if token == found.token:
            return cast(Facts, facts)
    read = ask(facts_question(asked, window, dates, now=now, but=but))
    keep_set_up(key, read)
    return read


def facts_question(
    asked: Asked,
    window: Span,
    dates: Sequence[date],
    *,
    now: datetime | None,
    but: UUID | None,
    set_up: Facts | None = None,
) -> Question[Facts]:
    """The facts of the dates, and of claims those of the window, by their kind.

    Holds that have expired by `now` count as free; without it every hold keeps its place. Where `set_up` is known
    (of the same dates) it is not asked again.
    """
    told = {
        "start": window.start,
        "end": window.end,
        "since": window.start - LONGEST_CLAIM,
        "but": [but] if but is not None else [],
        "now": now or _NEVER,
        "stores": list(asked.stores),
    }
    if set_up is not None:
        return _claims_question(set_up, told)
    first, last = (datetime.combine(day, time(), UTC) for day in (dates[0], dates[-1]))
    told |= {
        **asked._asdict(),
        "stores": list(asked.stores),
        "kinds": list(asked.kinds),
        "first": dates[0],
        "last": dates[-1],
        # wherever the store is: no clock is a day from UTC
        "earliest": first - timedelta(days=1),
        "latest": last + timedelta(days=2),
    }
    things = bool(asked.kinds) or asked.resource is not None
    sql, names = _statement(asked.people, things, asked.people and asked.skilled, asked.combined)
    return Question(sql, [told[name] for name in names], _by_kind)


def _claims_question(set_up: Facts, told: dict[str, Any]) -> Question[Facts]:
    """What facts_question asks of those who and what the set-up names."""
    team = [row.what for row in set_up.get("person", ())]
    told |= {"team": team, "held": [*team, *(row.who for row in set_up.get("thing", ()))]}
    sql, names = _claims_statement("way" in set_up)
    return Question(sql, [told[name] for name in names], lambda rows: {**set_up, **_by_kind(rows)})


def _by_kind(rows: list[tuple[Any, ...]]) -> dict[str, list[Fact]]:
    facts: dict[str, list[Fact]] = defaultdict(list)
    for row in rows:
        facts[row[0]].append(Fact(*row))
    return facts
