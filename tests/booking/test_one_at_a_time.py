"""What a member has at a time, and by which index it is found."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import count

import pytest
from django.db import connection

from chains.postgresql.ask import ask
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope
from tenants.booking.domain.one_at_a_time import overlap_question
from tests.booking.conftest import Desk
from tests.ground.cast import Cast, local


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "there"),
    [
        (local(23, 8), local(23, 10), False),
        (local(23, 8), local(23, 10, 1), True),
        (local(23, 10, 10), local(23, 10, 20), True),
        (local(23, 9), local(23, 14), True),
        (local(23, 11), local(23, 12), False),
        (local(24, 10), local(24, 11), False),
    ],
)
def test_what_a_member_has_is_what_meets_the_time_half_open(
    cast: Cast, desk: Desk, starts_at: datetime, ends_at: datetime, there: bool
) -> None:
    with chain_scope(cast.alpha.info):
        booking = desk.book(local(23, 10))
        assert booking.member_id is not None
        assert booking.ends_at <= local(23, 11)
        found = ask(overlap_question(booking.member_id, starts_at, ends_at, but=None))
        others = ask(overlap_question(booking.member_id, starts_at, ends_at, but=booking.id))
    assert (found, others) == ([booking.id] if there else [], [])


def _forget_figures(schema: str) -> None:
    """As a table begins: whatever other tests left there may have been counted since."""
    with owner_connection() as owner:
        owner.execute("SELECT pg_clear_relation_stats(%s, 'booking_booking')", [schema])
        owner.execute(
            "SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited) FROM pg_stats"
            " WHERE schemaname = %s AND tablename = 'booking_booking'",
            [schema],
        )


def test_without_any_figures_of_a_table_it_is_found_by_the_member(cast: Cast, desk: Desk) -> None:
    """Else a booking of a new chain would read all that others have at that time."""
    _forget_figures(cast.alpha.info.schema_name)
    member, number = cast.alpha.members["su"].id, count(1)
    question = overlap_question(member, local(23, 10), local(23, 11), but=member)
    sql = re.sub("%s", lambda _place: f"${next(number)}", question.sql)
    with chain_scope(cast.alpha.info), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.findall(r"booking_by_\w+|booking_member_\w+", plan) == ["booking_by_member"]
