"""Random shops in alpha's open scope: needs of every kind, rooms, tables together, leave, the way, bookings."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from chains.refusals import Refusal
from tenants.booking.domain.book import book
from tenants.catalogue.domain.needs import NeedSpec, replace_needs
from tenants.catalogue.models import Service
from tenants.members.models import Member
from tenants.people.models import Leave, Role, Skill
from tenants.stores.domain.resources import combine_resources, set_travel
from tenants.stores.models import Closure, Resource, ResourceKind, Store
from tests.ground.cast import NOW, Chain, local, make_employee, make_service

PEOPLE, ROOM, TABLE = ResourceKind.PRACTITIONER, ResourceKind.ROOM, ResourceKind.TABLE


def need(role: str, kind: str, first: int = 0, minutes: int = 60, **more: Any) -> NeedSpec:
    """A need, briefly."""
    return NeedSpec(role, kind, first, minutes, **more)


def make_table(store: Store, name: str, seats: int, *, at_least: int = 1) -> Resource:
    """A table for so many."""
    return Resource.objects.create(store=store, kind=TABLE, name=name, capacity=seats, min_party=at_least)


def make_room(store: Store, name: str, *tags: str) -> Resource:
    """A room with its tags."""
    return Resource.objects.create(store=store, kind=ROOM, name=name, tags=list(tags))


def state_needs(chain: Chain, service: Service, *needs: NeedSpec) -> None:
    """Make these the service's needs."""
    replace_needs(service, needs, by=chain.actors["owner"])


@dataclass(frozen=True)
class Asked:
    """A random wish."""

    service: UUID
    store: UUID
    starts_at: datetime
    practitioner: UUID | None
    resource: UUID | None
    party: int
    by_staff: bool


class Shop:
    """A random shop over alpha's stores north and south, and random wishes in it."""

    def __init__(self, chain: Chain, dice: random.Random) -> None:
        self.chain, self.dice = chain, dice
        self.stores = [chain.stores["north"], chain.stores["south"]]
        self.skills = [Skill.objects.create(name=f"skill {n}") for n in range(2)]
        self.people = [chain.employees[name] for name in ("practitioner", "second", "south_practitioner")]
        for n in range(3):
            skills = dice.sample(self.skills, dice.randint(0, 2))
            store = dice.choice(self.stores)
            name = f"person{n}{dice.randrange(10**6)}"
            self.people.append(
                make_employee(name, Role.PRACTITIONER, store=store, practitioner=True, skills=skills)
            )
        self.things: list[Resource] = []
        for store in self.stores:
            self._furnish(store)
        self.services = [self._service(n) for n in range(4)]
        if dice.random() < 0.5:
            set_travel(self.stores[0], self.stores[1].id, dice.choice([15, 60]))
        self._happen()

    def _furnish(self, store: Store) -> None:
        dice = self.dice
        rooms = [
            make_room(store, f"room {n}", *dice.choice([[], ["double"]])) for n in range(dice.randint(0, 2))
        ]
        tables = [make_table(store, f"table {n}", dice.randint(1, 5)) for n in range(dice.randint(0, 3))]
        if len(tables) > 1:
            ids = [table.id for table in dice.sample(tables, 2)]
            combine_resources(store, ids, name="", min_party=dice.randint(1, 4), max_party=8)
        self.things += [*rooms, *tables]

    def _service(self, number: int) -> Service:
        dice = self.dice
        service = make_service(f"service {number}", self.stores, step=dice.choice([15, 30]))
        skills = [str(skill.id) for skill in dice.sample(self.skills, dice.randint(0, 1))]
        menu = [
            [],
            [need("one", PEOPLE, skills=tuple(skills)), need("room", ROOM, 10, 40, clean_up=10)],
            [need("stylist", PEOPLE, 0, 20), need("stylist", PEOPLE, 40, 20), need("other", PEOPLE, 10, 30)],
            [need("table", TABLE, fits_party=True, clean_up=15)],
            [need("pair", PEOPLE, count=2), need("room", ROOM, tags=("double",))],
            [need("one", PEOPLE, 0, 30, prepare=10), need("table", TABLE, 0, 60, fits_party=True)],
        ]
        state_needs(self.chain, service, *dice.choice(menu))
        return service

    def _happen(self) -> None:
        dice = self.dice
        for person in dice.sample(self.people, 2):
            begin = self.moment()
            Leave.objects.create(employee=person, starts_at=begin, ends_at=begin + timedelta(hours=3))
        if dice.random() < 0.2:
            day = date(2026, 11, 24)
            Closure.objects.create(
                store=dice.choice(self.stores), starts_on=day, ends_on=day + timedelta(days=1)
            )
        for _n in range(40):
            self.book(self.wish(by_staff=True))

    def moment(self) -> datetime:
        """Monday or Tuesday, mostly while the shops are open; sometimes at odd minutes, or last week."""
        dice = self.dice
        if dice.random() < 0.02:
            return NOW - timedelta(hours=dice.randint(1, 50))
        hour = dice.randint(9, 20) if dice.random() < 0.95 else dice.randint(0, 23)
        return local(dice.choice([23, 23, 24]), hour, dice.choice([0, 0, 15, 30, 30, 45, 5]))

    def wish(self, *, by_staff: bool) -> Asked:
        """Anything that could be asked for."""
        dice = self.dice
        return Asked(
            dice.choice(self.services).id,
            dice.choice(self.stores).id,
            self.moment(),
            dice.choice(self.people).id if dice.random() < 0.3 else None,
            dice.choice(self.things).id if self.things and dice.random() < 0.15 else None,
            dice.choice([1, 1, 2, 2, 3, 4, 6, 9]),
            by_staff,
        )

    def book(self, asked: Asked) -> Any:
        """The booking by somebody new, or the refusal; nothing is left of a refused one."""
        member = Member.objects.create(name="m", phone=None, created_at=NOW)
        actor = self.chain.actors["owner"]
        if not asked.by_staff:
            actor = type(actor)(member_id=member.id)
        try:
            with transaction.atomic():
                return book(
                    asked.service,
                    store_id=asked.store,
                    starts_at=asked.starts_at,
                    by=actor,
                    now=NOW,
                    member=member.id,
                    practitioner_id=asked.practitioner,
                    resource_id=asked.resource,
                    party_size=asked.party,
                )
        except Refusal as refusal:
            return refusal
