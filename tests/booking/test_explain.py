"""The explainer agrees with the engine: in random shops, what it says is so, and what it proposes can be booked."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chains.refusals import Refusal
from chains.scope import chain_scope
from tenants.booking.domain.availability import Explanation, explain
from tenants.booking.domain.book import book
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.plans import tried
from tenants.people.domain.rights import NotSeen
from tests.bars import SEED, record, size
from tests.booking.conftest import Desk
from tests.booking.counted import Counted
from tests.booking.shops import PEOPLE, ROOM, TABLE, Asked, Shop, make_room, make_table, need, state_needs
from tests.ground.cast import NOW, Cast, local

SHOPS = size(6, 100)
WISHES = size(50, 100)


def _explain(asked: Asked) -> Explanation:
    return explain(
        asked.store,
        asked.service,
        starts_at=asked.starts_at,
        now=NOW,
        practitioner_id=asked.practitioner,
        resource_id=asked.resource,
        party_size=asked.party,
        by_staff=asked.by_staff,
        elsewhere=True,
    )


def _tried(shop: Shop, asked: Asked) -> Any:
    """What booking would answer, with nothing left of it."""
    try:
        with transaction.atomic():
            answer = shop.book(asked)
            if isinstance(answer, Refusal):
                return answer
            raise _Undo
    except _Undo:
        return None


class _Undo(Exception):
    """Takes a booking back."""


@pytest.mark.parametrize("number", range(SHOPS))
def test_explainer_agrees_with_the_engine_and_each_change_is_bookable(cast: Cast, number: int) -> None:
    dice = random.Random(SEED + number)
    wrong: list[Any] = []
    bookable = changes = 0
    with chain_scope(cast.alpha.info):
        shop = Shop(cast.alpha, dice)
        for _n in range(WISHES):
            asked = shop.wish(by_staff=dice.random() < 0.5)
            answer = _tried(shop, asked)
            try:
                told = _explain(asked)
            except NotSeen:
                if answer is None:
                    wrong.append((asked, answer))
                continue
            bookable += told.bookable
            if told.bookable != (answer is None):
                wrong.append((asked, told.reasons, answer))
            for change in told.changes:
                changes += 1
                changed = replace(
                    asked,
                    store=change.store_id,
                    starts_at=change.starts_at,
                    practitioner=change.practitioner_id,
                    resource=change.resource_id,
                )
                if refused := _tried(shop, changed):
                    wrong.append((asked, change, refused))
        assert wrong == []
        assert check_bookings() == []
    record(3, explained=WISHES, bookable=bookable, changes=changes)
    assert bookable < WISHES * 2 / 3


def test_first_reason_is_the_rule_that_blocks_and_the_smallest_change_comes_first(cast: Cast) -> None:
    chain = cast.alpha
    north, facial = chain.stores["north"], chain.services["facial"]
    asked = {"starts_at": local(23, 10), "now": NOW}
    with chain_scope(chain.info):
        state_needs(chain, facial, need("one", PEOPLE), need("room", ROOM, tags=("double",)))
        told = explain(north.id, facial.id, elsewhere=True, **asked)
        assert ([one.code for one in told.reasons], told.changes) == (["no_resource"], ())
        make_room(chain.stores["south"], "Moon", "double")
        (change,) = explain(north.id, facial.id, elsewhere=True, **asked).changes
        assert (change.kind, change.store_id, change.starts_at) == (
            "store",
            chain.stores["south"].id,
            local(23, 10),
        )
        first, second = make_room(north, "Sun", "double"), make_room(north, "Star", "double")
        made = book(
            facial.id,
            store_id=north.id,
            by=chain.actors["su"],
            resource_id=first.id,
            practitioner_id=chain.employees["practitioner"].id,
            **asked,
        )
        assert made.resource_id == first.id
        told = explain(north.id, facial.id, resource_id=first.id, **asked)
        assert [one.code for one in told.reasons] == ["resource_taken"]
        assert (told.changes[0].kind, told.changes[0].resource_id) == ("resource", None)
        told = explain(north.id, facial.id, practitioner_id=chain.employees["practitioner"].id, **asked)
        assert [one.code for one in told.reasons] == ["taken"]
        lin = chain.employees["second"].id
        assert [(one.kind, one.practitioner_id) for one in told.changes[:1]] == [("person", lin)]
        assert second.id not in {made.resource_id}


def test_a_party_that_no_table_takes_is_told_so(cast: Cast) -> None:
    chain = cast.alpha
    north, short = chain.stores["north"], chain.services["short"]
    with chain_scope(chain.info):
        state_needs(chain, short, need("table", TABLE, 0, 30, fits_party=True))
        make_table(north, "T1", 4, at_least=2)
        asked = {"starts_at": local(23, 10), "now": NOW}
        codes = {
            party: [one.code for one in explain(north.id, short.id, party_size=party, **asked).reasons]
            for party in (1, 2, 4, 5)
        }
        assert codes == {1: ["party_size"], 2: [], 4: [], 5: ["party_size"]}


def test_a_service_longer_than_any_opening_is_told_so(cast: Cast) -> None:
    chain = cast.alpha
    facial = chain.services["facial"]
    with chain_scope(chain.info):
        facial.minutes = 13 * 60
        facial.save()
        told = explain(chain.stores["north"].id, facial.id, starts_at=local(23, 10), now=NOW)
        assert told.reasons[0].code == "longer_than_opening"
        assert told.changes == ()


def test_a_member_is_told_of_their_own_booking_and_offered_times_beside_it(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    facial, north, su = chain.services["facial"], chain.stores["north"], chain.members["su"].id
    second = chain.employees["second"].id
    asked: dict[str, Any] = {
        "starts_at": local(23, 10, 30),
        "now": NOW,
        "practitioner_id": second,
        "elsewhere": True,
    }
    with chain_scope(chain.info):
        mine = desk.book()
        told = explain(north.id, facial.id, member_id=su, **asked)
        own = [(one.id, one.code, str(one.detail)) for one in told.own]
        sentence = f"There is already a booking for this person at that time ({mine.code})."
        assert (told.bookable, told.reasons, own) == (False, (), [(mine.id, mine.code, sentence)])
        assert told.changes
        for change in told.changes:
            booked = partial(
                book,
                facial.id,
                store_id=change.store_id,
                starts_at=change.starts_at,
                practitioner_id=change.practitioner_id,
                by=chain.actors["su"],
                now=NOW,
            )
            assert tried(booked).member_id == su
        # nobody else hears of it, and who moves that very booking is free then
        for other in ({}, {"member_id": chain.members["chen"].id}, {"member_id": su, "but": mine.id}):
            assert explain(north.id, facial.id, **asked, **other) == Explanation(True, (), ())


def test_the_members_own_time_costs_one_query_however_much_there_is(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    where = (chain.stores["north"].id, chain.services["facial"].id)

    def cost(**more: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            explain(*where, starts_at=local(23, 10), now=NOW, **more)
        return len([one for one in queries if not one["sql"].startswith("SELECT set_config")])

    with chain_scope(chain.info):
        for hour in (10, 12, 14):
            desk.book(local(23, hour))
        assert (cost(), cost(member_id=chain.members["su"].id)) == (2, 3)


def test_a_seat_at_a_time_of_ones_own_is_explained_and_goods_are_fetched_all_the_same(
    counted: Counted,
) -> None:
    chain, su = counted.chain, counted.chain.members["su"].id
    session, other = counted.session(local(23, 10)), counted.session(local(23, 18))
    window = counted.windows()[0]
    mine = book(
        chain.services["facial"].id,
        store_id=counted.store.id,
        starts_at=local(23, 10),
        by=chain.actors["su"],
        now=NOW,
    )
    told = explain(counted.store.id, counted.flow.id, starts_at=session.starts_at, now=NOW, member_id=su)
    assert ([one.id for one in told.own], told.reasons) == ([mine.id], ())
    assert [change.starts_at for change in told.changes] == [other.starts_at]
    goods = explain(counted.store.id, counted.pickup.id, starts_at=window.starts_at, now=NOW, member_id=su)
    assert goods.bookable
