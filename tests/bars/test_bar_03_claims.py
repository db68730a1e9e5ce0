"""Bar 3: overlapping claims on rooms, staff, equipment, from many threads: no overlapping pair."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from accounts.ids import new_id
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope
from tenants.booking.domain import claims, holds
from tenants.booking.domain.book import book
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.spans import Span
from tenants.booking.models import Booking, Channel, Claim, Status
from tenants.members.models import Member
from tenants.people.models import Role
from tenants.stores.domain.resources import combine_resources
from tenants.stores.models import Resource, ResourceKind
from tests.bars import SEED, record, size
from tests.booking.shops import PEOPLE, ROOM, TABLE, make_room, make_table, need, state_needs
from tests.ground.cast import NOW, Chain, fill_alpha, local, make_employee, make_service
from tests.ground.chains import make_chain
from tests.ground.races import race

pytestmark = pytest.mark.race

ATTEMPTS = size(300, 5_000)
THREADS = size(6, 12)
MACHINE = ResourceKind.EQUIPMENT
OVERLAPS = """
SELECT count(*) FROM booking_claim a JOIN booking_claim b
ON a.resource_id = b.resource_id AND a.id < b.id AND a.during && b.during WHERE a.active AND b.active
"""


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own: the mutants take its constraints away."""
    return fill_alpha(make_chain("bar3"))


def _resources(chain: Chain) -> list[Any]:
    kinds = [ResourceKind.ROOM, ResourceKind.ROOM, ResourceKind.EQUIPMENT, ResourceKind.EQUIPMENT]
    rooms = [
        Resource.objects.create(store=chain.stores["north"], kind=kind, name=f"{kind} {n}")
        for n, kind in enumerate(kinds)
    ]
    people = [chain.employees[who].resource_id for who in ("practitioner", "second")]
    return [room.id for room in rooms] + people


def _bookings(chain: Chain, count: int) -> list[Any]:
    """Bookings that claim nothing yet, each of a member of its own."""
    members = Member.objects.bulk_create(Member(id=new_id(), created_at=NOW) for _n in range(count))
    return [
        booking.id
        for booking in Booking.objects.bulk_create(
            Booking(
                id=new_id(),
                code=f"{n:08}",
                status=Status.CONFIRMED,
                store=chain.stores["north"],
                service=chain.services["facial"],
                member=member,
                starts_at=local(23, 10),
                ends_at=local(23, 11),
                price_amount=0,
                currency="CNY",
                channel=Channel.API,
                notice=0,
                created_at=NOW,
            )
            for n, member in enumerate(members)
        )
    ]


def _acts(chain: Chain, count: int) -> tuple[list[Callable[[], None]], dict[Any, int]]:
    """Each wants one to three resources over some quarter hours of one day, named in any order."""
    dice = random.Random(SEED)
    with chain_scope(chain.info):
        resources, bookings = _resources(chain), _bookings(chain, count)
    acts: list[Callable[[], None]] = []
    asked: dict[Any, int] = {}
    for booking_id in bookings:
        start = local(23, 9) + timedelta(minutes=15 * dice.randrange(40))
        during = Span(start, start + timedelta(minutes=15 * dice.randint(1, 8)))
        chosen = dice.sample(resources, dice.randint(1, 3))
        asked[booking_id] = len(chosen)
        wanted = [claims.ResourceClaim(one, during) for one in chosen]
        acts.append(partial(claims.set_claims, booking_id, wanted=wanted))
    return acts, asked


def _run(chain: Chain) -> tuple[int, Counter[str], dict[Any, tuple[int, int]]]:
    """Overlapping pairs, answers by kind, and per booking what was asked and what it got."""
    acts, asked = _acts(chain, ATTEMPTS)
    answers = race(chain.info, acts, threads=THREADS)
    kinds = Counter(
        "taken" if answer is None else getattr(answer, "code", repr(answer)) for answer in answers
    )
    with chain_scope(chain.info), connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        pairs = cursor.fetchone()[0]
        held = Counter(Claim.objects.filter(active=True).values_list("booking_id", flat=True))
    return pairs, kinds, {one: (wanted, held[one]) for one, wanted in asked.items()}


def test_no_two_claims_of_a_resource_overlap(chain: Chain) -> None:
    pairs, kinds, got = _run(chain)
    record(3, attempts=ATTEMPTS, threads=THREADS, overlapping=pairs, **kinds)
    assert pairs == 0
    assert set(kinds) == {"taken", "slot_taken"}
    assert {held for wanted, held in got.values() if held not in (0, wanted)} == set()
    assert sum(1 for _wanted, held in got.values() if held) == kinds["taken"]


def test_constraint_alone_holds_when_lock_and_check_are_gone(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "lock_resources", lambda ids: None)
    monkeypatch.setattr(claims, "check_free", lambda *args: None)
    monkeypatch.setattr(holds, "lock_free", lambda *args: None)
    assert _run(chain)[0] == 0


def _mixed(chain: Chain) -> list[Callable[[], object]]:
    """Bookings through the door: pairs with a room, tables alone and together, one person with a machine."""
    dice = random.Random(SEED)
    north = chain.stores["north"]
    with chain_scope(chain.info):
        services = [
            make_service(f"mixed {n}", [north], minutes=60, prepare=0, clean_up=0, step=5) for n in range(3)
        ]
        state_needs(chain, services[0], need("pair", PEOPLE, count=2), need("room", ROOM, 10, 40))
        state_needs(chain, services[1], need("table", TABLE, fits_party=True, clean_up=10))
        state_needs(chain, services[2], need("one", PEOPLE, 0, 20), need("machine", MACHINE))
        tables = [make_table(north, f"T{n}", 2 + n) for n in range(4)]
        for pair in (tables[:2], tables[1:3]):
            combine_resources(north, [one.id for one in pair], name="", min_party=3, max_party=8)
        make_room(north, "Room B")
        Resource.objects.create(store=north, kind=MACHINE, name="Machine")
        for n in range(2):
            make_employee(f"extra{n}", Role.PRACTITIONER, store=north, practitioner=True)
        count = ATTEMPTS // 4
        members = Member.objects.bulk_create(Member(id=new_id(), created_at=NOW) for _n in range(count))
    return [
        partial(
            book,
            dice.choice(services).id,
            store_id=north.id,
            starts_at=local(23, 9) + timedelta(minutes=15 * dice.randrange(44)),
            by=chain.actors["owner"],
            member=member.id,
            party_size=dice.randint(1, 7),
            now=NOW,
        )
        for member in members
    ]


def _run_mixed(chain: Chain) -> tuple[int, Counter[str]]:
    """Overlapping pairs after all of them came at once, and the answers by kind."""
    answers = race(chain.info, _mixed(chain), threads=THREADS)
    kinds = Counter(
        "booked" if isinstance(answer, Booking) else getattr(answer, "code", repr(answer))
        for answer in answers
    )
    with chain_scope(chain.info), connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return cursor.fetchone()[0], kinds


def test_bookings_of_several_people_rooms_and_tables_together_never_overlap_or_deadlock(
    chain: Chain,
) -> None:
    pairs, kinds = _run_mixed(chain)
    record(3, attempts=ATTEMPTS // 4, threads=THREADS, mixed_overlapping=pairs, **kinds)
    assert pairs == 0
    assert set(kinds) <= {"booked", "slot_taken", "outside_hours", "no_shift"}
    assert kinds["booked"] > 10
    with chain_scope(chain.info):
        assert check_bookings() == []


@pytest.mark.mutant
def test_without_lock_check_and_constraint_bookings_of_several_overlap(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owner_connection() as owner:
        owner.execute(
            f"ALTER TABLE {chain.info.schema_name}.booking_claim DROP CONSTRAINT claim_resource_once_at_a_time"
        )
    monkeypatch.setattr(claims, "lock_resources", lambda ids: None)
    monkeypatch.setattr(claims, "check_free", lambda *args: None)
    monkeypatch.setattr(holds, "lock_free", lambda *args: None)
    assert _run_mixed(chain)[0] > 0


@pytest.mark.mutant
def test_without_lock_check_and_constraint_claims_overlap(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owner_connection() as owner:
        owner.execute(
            f"ALTER TABLE {chain.info.schema_name}.booking_claim DROP CONSTRAINT claim_resource_once_at_a_time"
        )
    monkeypatch.setattr(claims, "lock_resources", lambda ids: None)
    monkeypatch.setattr(claims, "check_free", lambda *args: None)
    monkeypatch.setattr(holds, "lock_free", lambda *args: None)
    pairs, _kinds, _got = _run(chain)
    assert pairs > 0
