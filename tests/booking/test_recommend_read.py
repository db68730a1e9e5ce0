"""Recommendations from the database: a member's own visits, in a constant number of queries."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.domain.calendar import read_calendar
from tenants.booking.domain.codes import draw_code
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.recommend_read import (
    LEAST_DAYS,
    Recommended,
    Searched,
    find_recommendations,
)
from tenants.booking.domain.recommend_words import sentence
from tenants.booking.domain.search import search
from tenants.booking.models import Booking
from tenants.stores.domain.wall import local_date
from tests.booking.conftest import Desk
from tests.booking.shops import PEOPLE, TABLE, make_table, need, state_needs
from tests.ground.cast import NOW, SHANGHAI, Cast, local


def visited(cast: Cast, *starts: datetime, who: str = "practitioner", status: str = "completed") -> None:
    chain = cast.alpha
    for starts_at in starts:
        Booking.objects.create(
            code=draw_code(randbelow=secrets.randbelow),
            status=status,
            store=chain.stores["north"],
            service=chain.services["facial"],
            member=chain.members["su"],
            practitioner=chain.employees[who],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            price_amount=39800,
            currency="CNY",
            channel="online",
            notice=240,
            created_at=starts_at - timedelta(days=5),
        )


def every_second_thursday() -> list[datetime]:
    last = datetime(2026, 11, 19, 19, tzinfo=SHANGHAI).astimezone(UTC)
    return [last - timedelta(weeks=weeks) for weeks in (0, 2, 4, 6)]


def ask(cast: Cast, who: str | None = "su", **options: Any) -> Recommended:
    offering = read_offering(cast.alpha.stores["north"].id, cast.alpha.services["facial"].id)
    member_id = cast.alpha.members[who].id if who else None
    return find_recommendations(offering, member_id=member_id, now=NOW, **options)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Your usual Thu evening", "Ya is free, as last time"]),
        ("zh-hans", ["你常来的周四晚", "Ya空闲，上次也是这位"]),
    ],
)
def test_the_first_is_the_members_usual_with_its_reasons_in_words(
    cast: Cast, language: str, words: list[str]
) -> None:
    with chain_scope(cast.alpha.info), translation.override(language):
        visited(cast, *every_second_thursday())
        first = ask(cast).found[0]
        assert first.slot.starts_at == datetime(2026, 12, 3, 19, tzinfo=SHANGHAI)
        assert first.practitioner == cast.alpha.employees["practitioner"].id
        assert [sentence(why, first, name="Ya", zone=SHANGHAI) for why in first.reasons][:2] == words


def test_visits_that_never_were_and_other_peoples_say_nothing(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        nobody = ask(cast, None)
        for status in ("cancelled", "no_show", "expired"):
            visited(cast, *every_second_thursday(), status=status)
        assert ask(cast) == nobody
        assert ask(cast, "chen") == nobody


def test_a_time_at_which_the_member_is_booked_is_not_recommended(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        soonest = ask(cast, None).found[0].slot
        desk.book(soonest.starts_at, service="short", practitioner_id=None)
        found = ask(cast).found
    assert found
    assert all(one.slot.starts_at >= soonest.starts_at + timedelta(minutes=30) for one in found)


def test_a_named_person_serves_at_every_time(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        visited(cast, *every_second_thursday())
        second = cast.alpha.employees["second"].id
        assert {one.practitioner for one in ask(cast, practitioner_id=second).found} == {second}


def test_recommendations_take_three_queries_for_one_visit_and_for_many(cast: Cast, desk: Desk) -> None:
    def cost() -> int:
        offering = read_offering(cast.alpha.stores["north"].id, cast.alpha.services["facial"].id)
        with CaptureQueriesContext(connection) as queries:
            find_recommendations(offering, member_id=cast.alpha.members["su"].id, now=NOW)
        return len([one for one in queries if not one["sql"].startswith("SELECT set_config")])

    with chain_scope(cast.alpha.info):
        visited(cast, every_second_thursday()[0])
        few = cost()
        visited(cast, *every_second_thursday()[1:])
        for hour in (10, 12, 14):
            desk.book(local(23, hour), who="chen")
        assert (few, cost()) == (3, 3)


def test_what_a_page_has_searched_is_not_searched_again_and_recommends_the_same(
    cast: Cast,
) -> None:
    with chain_scope(cast.alpha.info):
        visited(cast, every_second_thursday()[0])
        offering = read_offering(cast.alpha.stores["north"].id, cast.alpha.services["facial"].id)
        days = [local_date(NOW, SHANGHAI) + timedelta(days=n) for n in range(LEAST_DAYS)]
        calendar = read_calendar(offering, days, now=NOW)
        searched = Searched(tuple(days), calendar, tuple(search(days, calendar.inputs)))
        for who in (None, "chen", "su"):
            with CaptureQueriesContext(connection) as alone:
                found = ask(cast, who)
            with CaptureQueriesContext(connection) as shared:
                assert ask(cast, who, searched=searched) == found
            # su's next turn lies further ahead than the page looked
            assert len(alone) - len(shared) == (0 if who == "su" else 1)
        second = cast.alpha.employees["second"].id
        assert ask(cast, None, practitioner_id=second, searched=searched) == ask(
            cast, None, practitioner_id=second
        )


def test_only_places_that_take_the_whole_party_are_recommended(cast: Cast) -> None:
    chain = cast.alpha
    north, facial = chain.stores["north"], chain.services["facial"]
    with chain_scope(chain.info):
        state_needs(chain, facial, need("by", PEOPLE, 0, 60), need("table", TABLE, 0, 60, fits_party=True))
        for name, seats in (("T1", 2), ("T2", 6)):
            make_table(north, name, seats)
        first = ask(cast, None, party_size=4).found[0].slot.starts_at
        book(
            facial.id,
            store_id=north.id,
            starts_at=first,
            by=chain.actors["chen"],
            party_size=5,
            now=NOW,
        )
        assert ask(cast, None).found[0].slot.starts_at == first
        assert first not in [one.slot.starts_at for one in ask(cast, None, party_size=4).found]
        assert ask(cast, None, party_size=7).found == ()
