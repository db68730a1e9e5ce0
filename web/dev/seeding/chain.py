"""One demo chain: its stores, people of every role, services, members, and a hundred days of bookings."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from accounts.ids import new_id
from accounts.models import User
from chains.hosts import ChainInfo
from tenants.booking.domain.codes import draw_code
from tenants.booking.models import Booking, Channel, Claim, Redemption
from tenants.catalogue.domain.starting import add_service
from tenants.catalogue.models import BookedAs, Offer, Service
from tenants.extension.manifest import DemoChain, DemoStore, Manifest, Words, words
from tenants.members.domain.name_index import index_names
from tenants.members.models import Member
from tenants.people.models import DayShift, Employee, Role, RoleGrant, Skill, WeeklyShift
from tenants.stores.domain.resources import add_resource
from tenants.stores.models import OpeningHours, Ownership, Resource, ResourceKind, Store
from web.dev.seeding.counted import CountedSeeder
from web.dev.seeding.history import history_of
from web.dev.seeding.people import invent_members
from web.dev.seeding.plan import (
    HISTORY_DAYS,
    Hours,
    Outcome,
    Planner,
    PlanPerson,
    PlanService,
    PlanStore,
    Visit,
    hours_around,
)
from web.dev.seeding.rows import copy_dicts, copy_rows
from web.dev.seeding.terms import state_terms

PASSWORD = "tessera-demo"  # noqa: S105 - printed by the demo, useless elsewhere
MEMBERS = 240
_LIVE = {Outcome.CONFIRMED, Outcome.ARRIVED}


@dataclass(slots=True)
class Login:
    """A way into the demo, in the shape of /dev/demo.json."""

    role: str
    store: str | None
    email: str | None = None
    phone: str | None = None


@dataclass(slots=True)
class SeededStore:
    """A store with the people who can be booked there and the clerk who redeems."""

    store: Store
    demo: DemoStore
    practitioners: list[Employee]
    clerk: Employee
    things: list[Resource]


@dataclass(slots=True)
class SeededChain:
    """How much was made of a chain, for the line that tells of it."""

    bookings: int = 0


class ChainSeeder:
    """Fills one chain; must run inside its scope. Deterministic by `seed`, the day of `now` and how much is invented."""

    def __init__(
        self,
        chain: ChainInfo,
        demo: DemoChain,
        manifest: Manifest,
        *,
        now: datetime,
        seed: int,
        members: int = MEMBERS,
        history_days: int = HISTORY_DAYS,
    ) -> None:
        self.chain = chain
        self.demo = demo
        self.manifest = manifest
        self.now = now
        self.members = members
        self.history_days = history_days
        self.rng = random.Random(f"{seed}:{demo.slug}")  # noqa: S311 - plausible, not secret
        self.password_hash = make_password(PASSWORD)
        self.done = SeededChain()
        self.local_now = now.astimezone(ZoneInfo(demo.time_zone))
        self.today = self.local_now.date()

    def seed(self) -> SeededChain:
        """Everything, in order."""
        services = self._services()
        owner = self._employee("owner", Role.OWNER, None, self._words({"zh-Hans": "品牌主", "en": "Owner"}))
        self._employee(
            "brand", Role.BRAND_MANAGER, None, self._words({"zh-Hans": "品牌经理", "en": "Brand manager"})
        )
        state_terms(self.demo, self.manifest, services, owner=owner, now=self.now)
        stores = [self._store(number, store, services) for number, store in enumerate(self.demo.stores)]
        members = self._members()
        visits = list(self._visits(stores, services))
        self._write(visits, stores, services, members)
        self.done.bookings = len(visits)
        counted = CountedSeeder(self.demo, self.rng, services, owner=owner, now=self.now)
        products = counted.products()
        counted.passes(members)
        for seeded in stores:
            self.done.bookings += counted.fill(
                seeded.store, seeded.practitioners, products, members, things=seeded.things
            )
        return self.done

    def _words(self, texts: Words) -> str:
        return words(texts, self.demo.locale)

    def _services(self) -> list[Service]:
        return [
            add_service(template, locale=self.demo.locale, currency=self.demo.currency, position=position)
            for position, template in enumerate(self.manifest.services)
        ]

    def _employee(self, login: str, role: Role, store: Store | None, name: str, **fields: object) -> Employee:
        email = f"{login}@{self.demo.slug}.example"
        user = User.objects.create(
            email=email, name=name, password=self.password_hash, locale=self.demo.locale
        )
        employee = Employee.objects.create(user=user, name=name, **fields)
        RoleGrant.objects.create(employee=employee, role=role, store=store)
        return employee

    def _store(self, number: int, demo: DemoStore, services: Sequence[Service]) -> SeededStore:
        other = "en" if self.demo.locale == "zh-Hans" else "zh-Hans"
        store = Store.objects.create(
            name=words(demo.names, self.demo.locale),
            translations={
                other: {
                    "name": demo.names[other],
                    "address": demo.address[other],
                    "directions": demo.directions[other],
                }
            },
            ownership=Ownership.FRANCHISE if demo.franchise else Ownership.OWN,
            verticals=[self.manifest.code],
            time_zone=self.demo.time_zone,
            currency=self.demo.currency,
            country=self.demo.country,
            phone=f"+8621500010{number:02d}" if self.demo.country == "CN" else f"+35315550{number:03d}",
            address=words(demo.address, self.demo.locale),
            directions=words(demo.directions, self.demo.locale),
            position=number,
            latitude=demo.place[0] if demo.place else None,
            longitude=demo.place[1] if demo.place else None,
        )
        usual, today = self._hours(demo)
        OpeningHours.objects.bulk_create(
            OpeningHours(store=store, weekday=weekday, opens=hours.opens, closes=hours.closes)
            for weekday in range(1, 8)
            for hours in (_joined(usual, today) if weekday == self.today.isoweekday() else [usual])
        )
        Offer.objects.bulk_create(Offer(service=service, store=store) for service in services)
        suffix = "" if number == 0 else str(number + 1)
        roles = [(f"manager{suffix}", Role.STORE_MANAGER, {"zh-Hans": "店长", "en": "Manager"})]
        if number == 0:
            roles += [
                ("cashier", Role.CASHIER, {"zh-Hans": "收银员", "en": "Cashier"}),
                ("reader", Role.READ_ONLY, {"zh-Hans": "只读账号", "en": "Read only"}),
            ]
        for login, role, titles in roles:
            self._employee(login, role, store, self._words(titles), title=self._words(titles))
        clerk = self._employee(
            f"clerk{suffix}", Role.CLERK, store, self._words({"zh-Hans": "前台小唐", "en": "Front desk"})
        )
        practitioners = [
            self._practitioner(number, place, person.name, person.skills, store)
            for place, person in enumerate(demo.people)
        ]
        return SeededStore(store, demo, practitioners, clerk, self._things(store, demo))

    def _things(self, store: Store, demo: DemoStore) -> list[Resource]:
        return [
            add_resource(
                store,
                {
                    "kind": thing.kind,
                    "name": self._words(thing.names),
                    "capacity": thing.capacity,
                },
            )
            for thing in demo.things
        ]

    def _practitioner(
        self, number: int, place: int, name: str, skills: Sequence[str], store: Store
    ) -> Employee:
        resource = Resource.objects.create(kind=ResourceKind.PRACTITIONER, name=name)
        login = f"staff{number + 1}{place + 1}"
        employee = self._employee(login, Role.PRACTITIONER, store, name, resource=resource)
        names = {
            template.skill["en"]: words(template.skill, self.demo.locale)
            for template in self.manifest.services
        }
        employee.skills.set(Skill.objects.filter(name__in=[names[skill] for skill in skills]))
        demo = self.demo.stores[number]
        WeeklyShift.objects.bulk_create(
            WeeklyShift(employee=employee, store=store, weekday=weekday, starts=demo.opens, ends=demo.closes)
            for weekday in range(1, 8)
            if weekday not in _days_off(place)
        )
        usual, today = self._hours(demo)
        if today != usual and self.today.isoweekday() not in _days_off(place):
            DayShift.objects.create(
                employee=employee, store=store, on=self.today, starts=today.opens, ends=today.closes
            )
        return employee

    def _hours(self, demo: DemoStore) -> tuple[Hours, Hours]:
        """A store's usual hours, and those of the day of the start."""
        usual = Hours(demo.opens, demo.closes)
        return usual, hours_around(self.local_now.hour * 60 + self.local_now.minute, usual)

    def _members(self) -> list[UUID]:
        invented = invent_members(self.rng, country=self.demo.country, count=self.members)
        since = self.now - timedelta(days=400)
        rows = [
            Member(
                name=person.name,
                phone=person.phone,
                note=person.note,
                locale=self.demo.locale,
                created_at=since,
            )
            for person in invented
        ]
        Member.objects.bulk_create(rows)
        index_names(rows)
        return [row.id for row in rows]

    def _visits(self, stores: Sequence[SeededStore], services: Sequence[Service]) -> Iterator[Visit]:
        plan_services = [
            PlanService(
                key, service.minutes, service.prepare, service.clean_up, service.step, template.skill["en"]
            )
            for key, (service, template) in enumerate(zip(services, self.manifest.services, strict=True))
            if service.booked_as == BookedAs.TIME
        ]
        busy: dict[date, set[int]] = {}
        for key, seeded in enumerate(stores):
            people = tuple(
                PlanPerson(place, frozenset(person.skills), frozenset(_days_off(place)))
                for place, person in enumerate(seeded.demo.people)
            )
            usual, today = self._hours(seeded.demo)
            plan = PlanStore(
                key=key,
                zone=ZoneInfo(self.demo.time_zone),
                usual=usual,
                today=today,
                people=people,
                busy_hours=self.demo.busy_hours,
                busy_weekdays=self.demo.busy_weekdays,
                no_show_share=self.demo.no_show_share,
                cancel_share=self.demo.cancel_share,
            )
            planner = Planner(self.rng, plan, plan_services, self.members, self.now, busy)
            yield from planner.days(self.history_days)

    def _write(
        self,
        visits: Sequence[Visit],
        stores: Sequence[SeededStore],
        services: Sequence[Service],
        members: Sequence[UUID],
    ) -> None:
        booked = [(new_id(), visit) for visit in visits]
        self._write_bookings(booked, stores, services, members)
        self._write_claims(booked, stores)
        clerks = [seeded.clerk.id for seeded in stores]
        store_ids = [seeded.store.id for seeded in stores]
        copy_rows(
            Redemption,
            ("booking_id", "store_id", "at", "by_id", "means"),
            (
                (booking_id, store_ids[visit.store], visit.starts_at, clerks[visit.store], "code")
                for booking_id, visit in booked
                if visit.outcome in {Outcome.ARRIVED, Outcome.COMPLETED}
            ),
        )
        history_of(booked, members=members, clerks=clerks, stores=store_ids)

    def _write_bookings(
        self,
        booked: Sequence[tuple[UUID, Visit]],
        stores: Sequence[SeededStore],
        services: Sequence[Service],
        members: Sequence[UUID],
    ) -> None:
        def row(booking_id: UUID, code: str, visit: Visit) -> dict[str, object]:
            service = services[visit.service]
            return {
                "id": booking_id,
                "code": code,
                "status": visit.outcome.value,
                "store_id": stores[visit.store].store.id,
                "service_id": service.id,
                "member_id": members[visit.member],
                "practitioner_id": stores[visit.store].practitioners[visit.person].id,
                "resource_id": _thing_of(stores[visit.store], visit.person),
                "starts_at": visit.starts_at,
                "ends_at": visit.ends_at,
                "party_size": 1,
                "price_amount": service.price_amount,
                "currency": self.demo.currency,
                "note": "",
                "details": {},
                "channel": self.rng.choices((Channel.ONLINE, Channel.STAFF, Channel.API), (8, 2, 1))[0].value,
                "notice": service.notice,
                "reason": "",
                "version": _VERSIONS[visit.outcome],
                "created_at": visit.booked_at,
            }

        codes = self._codes(len(booked))
        copy_dicts(
            Booking,
            (row(booking_id, code, visit) for (booking_id, visit), code in zip(booked, codes, strict=True)),
        )

    def _write_claims(self, booked: Sequence[tuple[UUID, Visit]], stores: Sequence[SeededStore]) -> None:
        resources = [
            [_works_with(seeded, place) for place in range(len(seeded.practitioners))] for seeded in stores
        ]
        copy_dicts(
            Claim,
            (
                {
                    "id": new_id(),
                    "booking_id": booking_id,
                    "resource_id": resource_id,
                    "during": f"[{visit.claim_starts_at.isoformat()},{visit.claim_ends_at.isoformat()})",
                    "units": 1,
                    "active": visit.outcome in _LIVE,
                    "starts_at": visit.claim_starts_at,
                    "ends_at": visit.claim_ends_at,
                }
                for booking_id, visit in booked
                for resource_id in resources[visit.store][visit.person]
            ),
        )

    def _codes(self, count: int) -> list[str]:
        codes: set[str] = set()
        while len(codes) < count:
            codes.add(draw_code(randbelow=self.rng.randrange))
        return sorted(codes, key=lambda _code: self.rng.random())


_VERSIONS = {
    Outcome.CONFIRMED: 1,
    Outcome.CANCELLED: 2,
    Outcome.NO_SHOW: 2,
    Outcome.ARRIVED: 2,
    Outcome.COMPLETED: 3,
}


def _works_with(seeded: SeededStore, place: int) -> list[UUID]:
    """What a visit to the person at that place claims: the person, and the room or table where one is theirs."""
    own = seeded.practitioners[place].resource_id
    return [one for one in (own, _thing_of(seeded, place)) if one is not None]


def _thing_of(seeded: SeededStore, place: int) -> UUID | None:
    thing = seeded.demo.people[place].thing
    return None if thing is None else seeded.things[thing].id


def _joined(usual: Hours, today: Hours) -> list[Hours]:
    """When the store is open on the day of the start: one span, or two that do not touch."""
    if today.closes < usual.opens or usual.closes < today.opens:
        return [usual, today]
    return [Hours(min(usual.opens, today.opens), max(usual.closes, today.closes))]


def _days_off(place: int) -> set[int]:
    """Two ISO weekdays a week, another pair for each colleague."""
    return {(place * 2) % 7 + 1, (place * 2 + 1) % 7 + 1}
