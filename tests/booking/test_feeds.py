"""Calendar feeds: a secret of which only a hash is kept, and what stands behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.feeds import feed_of, hash_of, make_feed, open_feed, revoke_feed
from tenants.booking.models import CalendarFeed
from tenants.people.domain.rights import NOBODY, Forbidden, NotSeen
from tenants.people.models import RoleGrant
from tests.booking.conftest import Desk
from tests.ground.cast import NOW, Cast, local


def test_only_a_hash_of_the_secret_is_kept(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        token = make_feed(by=cast.alpha.actors["su"], language="zh-Hans", now=NOW)
        row = CalendarFeed.objects.get()
        assert len(token) == 43
        assert (row.token_hash, row.member_id, row.employee_id, row.language) == (
            hash_of(token),
            cast.alpha.members["su"].id,
            None,
            "zh-hans",
        )
        assert token not in str([field.value_from_object(row) for field in row._meta.fields])


def test_another_address_and_revoking_end_the_one_before(cast: Cast) -> None:
    su = cast.alpha.actors["su"]
    with chain_scope(cast.alpha.info):
        first = make_feed(by=su, language="en", now=NOW)
        second = make_feed(by=su, language="en", now=NOW)
        with pytest.raises(NotSeen):
            open_feed(first, now=NOW)
        assert open_feed(second, now=NOW).member_id == su.member_id
        assert (revoke_feed(by=su), revoke_feed(by=su), feed_of(su)) == (True, False, None)
        with pytest.raises(NotSeen):
            open_feed(second, now=NOW)


def test_nobody_known_has_a_feed(cast: Cast) -> None:
    with chain_scope(cast.alpha.info), pytest.raises(Forbidden):
        make_feed(by=NOBODY, language="en", now=NOW)


def test_another_chains_secret_is_nobodys(cast: Cast) -> None:
    with chain_scope(cast.beta.info):
        token = make_feed(by=cast.beta.actors["su"], language="en", now=NOW)
    with chain_scope(cast.alpha.info), pytest.raises(NotSeen):
        open_feed(token, now=NOW)


def test_a_member_reads_their_own_cancelled_ones_too_and_no_hold(cast: Cast, desk: Desk) -> None:
    su = cast.alpha.actors["su"]
    with chain_scope(cast.alpha.info):
        kept = desk.book()
        gone = cancel_booking(desk.book(local(24, 10)).id, by=su, now=NOW)
        desk.book(local(25, 10), hold=True)
        desk.book(local(26, 10), who="chen")
        found = open_feed(make_feed(by=su, language="en", now=NOW), now=NOW)
        assert [(one.id, one.status) for one in found.bookings] == [
            (kept.id, "confirmed"),
            (gone.id, "cancelled"),
        ]


def test_a_practitioner_reads_the_visits_they_serve_while_they_may(cast: Cast, desk: Desk) -> None:
    ya = cast.alpha.employees["practitioner"]
    with chain_scope(cast.alpha.info):
        mine = desk.book()
        desk.book(local(23, 10), who="chen", practitioner_id=cast.alpha.employees["second"].id)
        token = make_feed(by=cast.alpha.actors["practitioner"], language="en", now=NOW)
        assert [one.id for one in open_feed(token, now=NOW).bookings] == [mine.id]
        RoleGrant.objects.filter(employee=ya).update(store=cast.alpha.stores["south"])
        assert open_feed(token, now=NOW).bookings == ()
        type(ya).objects.filter(id=ya.id).update(active=False)
        with pytest.raises(NotSeen):
            open_feed(token, now=NOW)


def test_what_is_long_over_is_left_out(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        booked = desk.book()
        token = make_feed(by=cast.alpha.actors["su"], language="en", now=NOW)
        later = booked.starts_at + timedelta(days=60)
        assert len(open_feed(token, now=later).bookings) == 1
        assert open_feed(token, now=later + timedelta(seconds=1)).bookings == ()


def test_a_feed_takes_as_many_queries_for_one_booking_as_for_many(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        token = make_feed(by=cast.alpha.actors["practitioner"], language="en", now=NOW)

        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                open_feed(token, now=NOW)
            return len([one for one in queries if not one["sql"].startswith("SELECT set_config")])

        desk.book()
        few = cost()
        for hour in (12, 14, 16, 18):
            desk.book(local(23, hour))
        assert (few, cost()) == (5, 5)
