"""Stated needs: several roles and parts, rooms, tables together, and who serves what."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chains.refusals import Refusal
from chains.scope import chain_scope
from tenants.booking.domain.availability import find_slots
from tenants.booking.domain.book import book
from tenants.booking.domain.change import reschedule_booking
from tenants.booking.domain.claims import PoolClaim, SessionFull, SlotTaken
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.rules import NoShift, PartyDoesNotFit
from tenants.booking.models import Booking, Claim, Pool
from tenants.catalogue.domain.needs import NeedsWrong, replace_needs
from tenants.members.models import Member
from tenants.people.models import Leave, Role
from tenants.stores.domain.resources import combine_resources, set_travel
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.booking.shops import PEOPLE, ROOM, TABLE, make_room, make_table, need, state_needs
from tests.ground.cast import NOW, Cast, Chain, local, make_employee
from tests.ground.races import race


def _claims(booking: Booking) -> list[tuple[str, Any, Any]]:
    held = Claim.objects.filter(booking=booking, active=True).order_by("starts_at", "role")
    return [(claim.role, claim.starts_at, claim.ends_at) for claim in held]


def _book(chain: Chain, service: str, at: Any = MONDAY_TEN, **asked: Any) -> Booking:
    """A booking at North by the clerk, for somebody new."""
    member = Member.objects.create(name="m", phone=None, created_at=NOW)
    return book(
        chain.services[service].id,
        store_id=chain.stores["north"].id,
        starts_at=at,
        by=chain.actors["clerk"],
        now=NOW,
        member=member.id,
        **asked,
    )


def _starts(chain: Chain, service: str, **asked: Any) -> list[Any]:
    found = find_slots(
        chain.stores["north"].id, chain.services[service].id, days=[MONDAY_TEN.date()], now=NOW, **asked
    )
    return list(found[1][0].slots)


def test_a_stylist_is_free_in_the_pause_and_the_same_one_finishes(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        colour = [need("stylist", PEOPLE, 0, 20), need("stylist", PEOPLE, 40, 20)]
        state_needs(chain, chain.services["facial"], *colour)
        state_needs(chain, chain.services["short"], need("one", PEOPLE, 0, 20))
        ya = chain.employees["practitioner"].id
        made = _book(chain, "facial", practitioner_id=ya)
        assert _claims(made) == [
            ("stylist", MONDAY_TEN, MONDAY_TEN + timedelta(minutes=20)),
            ("stylist", MONDAY_TEN + timedelta(minutes=40), MONDAY_TEN + timedelta(minutes=60)),
        ]
        assert _book(chain, "short", local(23, 10, 20), practitioner_id=ya).practitioner_id == ya
        with pytest.raises(SlotTaken):
            _book(chain, "short", local(23, 10, 30), practitioner_id=ya)
        assert check_bookings() == []


def test_two_roles_are_served_by_two_people_and_a_room_from_minute_ten_to_fifty(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        state_needs(
            chain,
            chain.services["facial"],
            need("first", PEOPLE, 0, 60),
            need("second", PEOPLE, 20, 20),
            need("room", ROOM, 10, 40, clean_up=5),
        )
        made = _book(chain, "facial")
        room = chain.rooms["a"]
        assert made.resource_id == room.id
        assert Claim.objects.get(booking=made, resource=room).starts_at == local(23, 10, 10)
        assert Claim.objects.get(booking=made, resource=room).ends_at == local(23, 10, 55)
        people = Claim.objects.filter(booking=made, role__in=["first", "second"])
        assert len({claim.resource_id for claim in people}) == 2
        Leave.objects.create(
            employee=chain.employees["second"], starts_at=local(23, 12), ends_at=local(23, 13)
        )
        with pytest.raises(Refusal) as refused:
            _book(chain, "facial", local(23, 12))
        assert refused.value.code == "on_leave"
        with pytest.raises(SlotTaken) as taken:
            _book(chain, "facial", local(23, 10, 30))
        assert taken.value.extra["alternatives"][0]["starts_at"]


def test_the_smallest_table_that_suits_is_taken_then_tables_together(cast: Cast) -> None:
    chain = cast.alpha
    north = chain.stores["north"]
    with chain_scope(chain.info):
        state_needs(chain, chain.services["short"], need("table", TABLE, 0, 30, fits_party=True))
        two, four = make_table(north, "B two", 2), make_table(north, "A four", 4)
        pair = combine_resources(north, [two.id, four.id], name="both", min_party=4, max_party=6)
        assert [slot.left for slot in _starts(chain, "short", party_size=2)][:1] == [2]
        assert [slot.left for slot in _starts(chain, "short", party_size=6)][:1] == [1]
        assert _starts(chain, "short", party_size=7) == []
        with pytest.raises(PartyDoesNotFit):
            _book(chain, "short", party_size=7)
        six = _book(chain, "short", party_size=6)
        held = set(Claim.objects.filter(booking=six).values_list("resource_id", flat=True))
        assert held == set(pair.members.values_list("id", flat=True))
        later = local(23, 11)
        assert [_book(chain, "short", later, party_size=n).resource_id for n in (2, 2)] == [two.id, four.id]
        with pytest.raises(SlotTaken):
            _book(chain, "short", later, party_size=5)
        assert (six.practitioner_id, check_bookings()) == (None, [])


def test_a_move_takes_the_new_before_it_lets_go_and_keeps_the_room_if_it_can(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        state_needs(chain, chain.services["facial"], need("one", PEOPLE), need("room", ROOM))
        make_room(chain.stores["north"], "A first by name")
        first = _book(chain, "facial", resource_id=chain.rooms["a"].id)
        moved = reschedule_booking(
            first.id, starts_at=local(23, 10, 30), by=chain.actors["clerk"], now=NOW, anybody=True
        )
        assert (moved.resource_id, moved.practitioner_id) == (chain.rooms["a"].id, first.practitioner_id)
        others = [_book(chain, "facial", local(23, 14)), None]
        others[1] = _book(chain, "facial", local(23, 14))
        with pytest.raises(SlotTaken):
            reschedule_booking(
                first.id, starts_at=local(23, 14), by=chain.actors["clerk"], now=NOW, anybody=True
            )
        assert len(_claims(first)) == 2
        assert check_bookings() == []


def test_what_the_caller_adds_is_taken_with_it_or_nothing_is(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        pool = Pool.objects.create(store=chain.stores["north"], kind="session", capacity=1)
        _book(chain, "facial", extra=[PoolClaim(pool.id)])
        with pytest.raises(SessionFull):
            _book(chain, "facial", local(23, 15), extra=[PoolClaim(pool.id)])
        assert (Booking.objects.count(), check_bookings()) == (1, [])


def test_a_move_in_time_keeps_the_units_that_were_taken(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        pool = Pool.objects.create(store=chain.stores["north"], kind="stock", capacity=3)
        made = _book(chain, "facial", extra=[PoolClaim(pool.id, 2)])
        reschedule_booking(made.id, starts_at=local(23, 15), by=chain.actors["clerk"], now=NOW)
        pool.refresh_from_db()
        assert (pool.taken, check_bookings()) == (2, [])


def test_the_way_between_stores_is_time_in_which_nobody_serves(cast: Cast) -> None:
    chain = cast.alpha
    north, south = chain.stores["north"], chain.stores["south"]
    with chain_scope(chain.info):
        ya = chain.employees["practitioner"]
        ya.grants.create(role=Role.PRACTITIONER, store=south)
        for weekday in range(1, 8):
            ya.weekly_shifts.create(store=south, weekday=weekday, starts=9 * 60, ends=21 * 60)
        set_travel(north, south.id, 30)
        asked: dict[str, Any] = {"practitioner_id": ya.id, "by": chain.actors["owner"], "now": NOW}
        facial, chen = chain.services["facial"].id, chain.members["chen"].id
        book(facial, store_id=south.id, starts_at=MONDAY_TEN, member=chain.members["su"].id, **asked)
        # claimed 09:50-11:10, the way until 11:40, ten minutes to prepare
        with pytest.raises(SlotTaken):
            book(facial, store_id=north.id, starts_at=local(23, 11, 45), member=chen, **asked)
        offered = {slot.starts_at for slot in _starts(chain, "facial", practitioner_id=ya.id, by_staff=True)}
        assert (local(23, 11, 45) in offered, local(23, 11, 50) in offered) == (False, True)
        book(facial, store_id=north.id, starts_at=local(23, 11, 50), member=chen, **asked)
        assert check_bookings() == []


@pytest.mark.race
def test_two_stores_at_once_cannot_both_have_somebody_who_must_travel(cast: Cast) -> None:
    chain = cast.alpha
    north, south = chain.stores["north"], chain.stores["south"]
    with chain_scope(chain.info):
        ya = chain.employees["practitioner"]
        ya.grants.create(role=Role.PRACTITIONER, store=south)
        for weekday in range(1, 8):
            ya.weekly_shifts.create(store=south, weekday=weekday, starts=9 * 60, ends=21 * 60)
        set_travel(north, south.id, 60)
        members = [Member.objects.create(name=f"m{n}", phone=None, created_at=NOW) for n in range(6)]
    acts = [
        partial(
            book,
            chain.services["facial"].id,
            store_id=(south if n % 2 else north).id,
            starts_at=local(23, 11, 30) if n % 2 else MONDAY_TEN,
            by=chain.actors["owner"],
            member=member.id,
            practitioner_id=ya.id,
            now=NOW,
        )
        for n, member in enumerate(members)
    ]
    answers = race(chain.info, acts)
    # 09:50-11:10 at one store and 11:20-12:40 at the other do not overlap, and an hour's way lies between
    assert sorted(type(answer).__name__ for answer in answers) == ["Booking"] + ["SlotTaken"] * 5


@pytest.mark.race
def test_of_many_who_want_two_people_and_a_room_as_many_are_served_as_there_is_room_for(cast: Cast) -> None:
    chain = cast.alpha
    north = chain.stores["north"]
    with chain_scope(chain.info):
        for name in ("mo", "bai"):
            make_employee(
                name, Role.PRACTITIONER, store=north, practitioner=True,
                skills=list(chain.employees["second"].skills.all()),
            )  # fmt: skip
        make_room(north, "Room B")
        make_room(north, "Room C")
        state_needs(chain, chain.services["facial"], need("pair", PEOPLE, count=2), need("room", ROOM))
        members = [Member.objects.create(name=f"m{n}", phone=None, created_at=NOW) for n in range(8)]
    acts = [
        partial(
            book,
            chain.services["facial"].id,
            store_id=north.id,
            starts_at=MONDAY_TEN,
            by=chain.actors["clerk"],
            member=member.id,
            now=NOW,
        )
        for member in members
    ]
    answers = race(chain.info, acts)
    # four people in pairs, three rooms: two bookings, and nobody hears of a deadlock
    assert sorted(type(answer).__name__ for answer in answers) == ["Booking"] * 2 + ["SlotTaken"] * 6
    with chain_scope(chain.info):
        assert check_bookings() == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ([need("", PEOPLE)], "needs.0.role"),
        ([need("a", "boat")], "needs.0.kind"),
        ([need("a", PEOPLE, 3, 10)], "needs.0.from_minute"),
        ([need("a", PEOPLE, 50, 20)], "needs.0.minutes"),
        ([need("a", PEOPLE), need("a", ROOM)], "needs.1.role"),
        ([need("a", ROOM, skills=("x",))], "needs.0.skills"),
        ([need("a", PEOPLE, fits_party=True)], "needs.0.tags"),
        ([need("a", ROOM, count=0)], "needs.0.count"),
        ([need(f"r{n}", ROOM) for n in range(7)], "needs"),
    ],
)
def test_needs_that_no_booking_could_meet_are_refused_by_name(
    cast: Cast, wrong: list[Any], field: str
) -> None:
    with chain_scope(cast.alpha.info), pytest.raises(NeedsWrong) as refused:
        replace_needs(cast.alpha.services["facial"], wrong, by=cast.alpha.actors["owner"])
    assert [error.field for error in refused.value.errors] == [field]


def test_without_needs_everything_is_as_ever(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        ten = timedelta(minutes=10)
        assert _claims(made) == [("practitioner", MONDAY_TEN - ten, made.ends_at + ten)]
        with pytest.raises(NoShift):
            desk.book(local(23, 9))
