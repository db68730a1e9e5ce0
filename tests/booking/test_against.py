"""What stands against claims is looked up claim by claim, however many there are and whatever is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from accounts.ids import new_id
from tenants.booking.domain.against import against_question
from tenants.booking.domain.claims import ResourceClaim
from tenants.booking.domain.spans import Span
from tests.ground.cast import Cast, local
from tests.ground.sweep import superuser

# As it would be written by whoever leaves the order of things to PostgreSQL.
PLAIN = """
SELECT w.place, c.booking_id FROM
  unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS w (resource_id, starts_at, ends_at, place)
  JOIN booking_claim c ON c.active AND c.resource_id = w.resource_id AND c.during && tstzrange(w.starts_at, w.ends_at)
"""


@pytest.fixture()
def many_claims(cast: Cast) -> Iterator[None]:
    """Twenty resources with four hundred claims each, that PostgreSQL knows of; nothing of it stays."""
    schema = cast.alpha.info.schema_name
    admin = superuser()
    try:
        with admin.transaction(force_rollback=True):
            admin.execute(f'SET LOCAL search_path = "{schema}", extensions')
            admin.execute("SET LOCAL session_replication_role = replica")
            admin.execute(
                "INSERT INTO booking_claim (id, booking_id, resource_id, during, units, active, starts_at, ends_at)"
                " SELECT gen_random_uuid(), gen_random_uuid(), r.id, tstzrange(at, at + interval '1 hour'), 1, true, at,"
                " at + interval '1 hour' FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 20)) r,"
                " generate_series(timestamptz '2026-11-23', timestamptz '2026-12-09 15:00', interval '1 hour') at"
            )
            admin.execute("ANALYZE booking_claim")
            yield
    finally:
        # how many rows a table has is told outside of any transaction
        admin.execute(f'ANALYZE "{schema}".booking_claim')


def whole_tables(sql: str) -> list[str]:
    """Which tables the kept plan of a statement with `%s` or `%1$s` places reads from end to end."""
    places = iter(range(1, sql.count("%s") + 1))
    numbered = re.sub(r"%(?:(\d+)\$)?s", lambda found: f"${found[1] or next(places)}", sql)
    plan = superuser().execute(f"EXPLAIN (GENERIC_PLAN) {numbered}".encode()).fetchall()
    return sorted({found[1] for (line,) in plan if (found := re.search(r"Seq Scan on (\w+)", line))})


def test_a_plan_for_any_values_does_not_read_all_claims(many_claims: None, cast: Cast) -> None:
    wanted = [
        ResourceClaim(new_id(), Span(local(23, 10), local(23, 11)), store_id=cast.alpha.stores["north"].id)
    ]
    asked = against_question(wanted, but=new_id())
    assert "booking_claim" not in whole_tables(asked.sql)


def test_control_a_plain_join_would_read_them_all(many_claims: None) -> None:
    assert "booking_claim" in whole_tables(PLAIN)
