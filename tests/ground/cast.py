"""One cast: two chains, three stores in the first, one employee of each role, two members, services.

`alpha` has the stores `north` and `south` (Asia/Shanghai) and `dublin` (Europe/Dublin); `beta` has one.
People of alpha: see Cast. Every practitioner works 09:00–21:00 every day at north.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from chains.hosts import ChainInfo
from chains.scope import chain_scope
from tenants.catalogue.models import Offer, Service
from tenants.members.domain.members import welcome_member
from tenants.members.models import Member
from tenants.people.domain.rights import Actor, Grant
from tenants.people.models import Employee, Role, RoleGrant, Skill, WeeklyShift
from tenants.stores.models import OpeningHours, Resource, ResourceKind, Store

PASSWORD = "a-long-passphrase"
# A Saturday noon in Shanghai; tests count from here instead of from the wall clock.
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Chain:
    """What stands in one chain of the cast."""

    info: ChainInfo
    stores: dict[str, Store] = field(default_factory=dict)
    employees: dict[str, Employee] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    rooms: dict[str, Resource] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)


@dataclass
class Cast:
    """Both chains. `alpha` is where things happen; `beta` holds what must never leak."""

    alpha: Chain
    beta: Chain


def local(day: int, hour: int, minute: int = 0, *, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A wall time of November 2026 as an aware moment; local(23, 10) is Monday 10:00 in Shanghai."""
    return datetime(2026, 11, day, hour, minute, tzinfo=zone).astimezone(UTC)


def make_store(
    name: str, *, zone: str = "Asia/Shanghai", country: str = "CN", currency: str = "CNY", **extra: Any
) -> Store:
    """A store that is open 09:00–21:00 every day."""
    store = Store.objects.create(name=name, time_zone=zone, country=country, currency=currency, **extra)
    OpeningHours.objects.bulk_create(
        OpeningHours(store=store, weekday=weekday, opens=9 * 60, closes=21 * 60) for weekday in range(1, 8)
    )
    return store


def make_employee(
    name: str,
    role: Role,
    *,
    store: Store | None,
    practitioner: bool = False,
    skills: list[Skill] | None = None,
) -> Employee:
    """An employee with one role; a practitioner also works 09:00–21:00 every day at the store."""
    user = User.objects.create_user(f"{name}@alpha.test", PASSWORD, name=name.title())
    resource = (
        Resource.objects.create(kind=ResourceKind.PRACTITIONER, name=name.title()) if practitioner else None
    )
    employee = Employee.objects.create(user=user, name=name.title(), resource=resource)
    RoleGrant.objects.create(employee=employee, role=role, store=store)
    employee.skills.set(skills or [])
    if practitioner and store is not None:
        WeeklyShift.objects.bulk_create(
            WeeklyShift(employee=employee, store=store, weekday=weekday, starts=9 * 60, ends=21 * 60)
            for weekday in range(1, 8)
        )
    return employee


def make_service(
    name: str, stores: list[Store], *, skills: list[Skill] | None = None, **fields: Any
) -> Service:
    """An hour at ¥398 with ten minutes before and after, offered at the stores."""
    values: dict[str, Any] = {
        "minutes": 60,
        "prepare": 10,
        "clean_up": 10,
        "price_amount": 39800,
        "currency": "CNY",
    }
    service = Service.objects.create(name=name, **{**values, **fields})
    service.skills.set(skills or [])
    Offer.objects.bulk_create(Offer(service=service, store=store) for store in stores)
    return service


def actor_of(employee: Employee) -> Actor:
    """The employee as one who acts."""
    grants = tuple(Grant(Role(grant.role), grant.store_id) for grant in employee.grants.all())
    return Actor(employee_id=employee.id, name=employee.name, grants=grants)


def fill_alpha(info: ChainInfo) -> Chain:
    """Three stores, every role, two practitioners at north and one at south, two members."""
    chain = Chain(info)
    with chain_scope(info):
        north, south = make_store("North", position=1), make_store("South", position=2)
        dublin = make_store("Dublin", zone="Europe/Dublin", country="IE", currency="EUR", position=3)
        chain.stores = {"north": north, "south": south, "dublin": dublin}
        facial = Skill.objects.create(name="facial")
        chain.employees = {
            "owner": make_employee("owner", Role.OWNER, store=None),
            "brand_manager": make_employee("brand", Role.BRAND_MANAGER, store=None),
            "store_manager": make_employee("manager", Role.STORE_MANAGER, store=north),
            "clerk": make_employee("clerk", Role.CLERK, store=north),
            "cashier": make_employee("cashier", Role.CASHIER, store=north),
            "read_only": make_employee("reader", Role.READ_ONLY, store=north),
            "practitioner": make_employee(
                "ya", Role.PRACTITIONER, store=north, practitioner=True, skills=[facial]
            ),
            "second": make_employee(
                "lin", Role.PRACTITIONER, store=north, practitioner=True, skills=[facial]
            ),
            "south_practitioner": make_employee(
                "ning", Role.PRACTITIONER, store=south, practitioner=True, skills=[facial]
            ),
            "south_clerk": make_employee("southclerk", Role.CLERK, store=south),
        }
        chain.members = {
            "su": welcome_member("+8613800000001", name="苏晴", now=NOW)[0],
            "chen": welcome_member("+8613800000002", name="Chen Ke", now=NOW)[0],
        }
        chain.services = {
            "facial": make_service("Deep hydration", [north, south], skills=[facial]),
            "short": make_service("Eye care", [north], minutes=30, prepare=0, clean_up=0, price_amount=19800),
        }
        chain.rooms = {"a": Resource.objects.create(store=north, kind=ResourceKind.ROOM, name="Room A")}
        chain.actors = {name: actor_of(employee) for name, employee in chain.employees.items()}
        chain.actors |= {
            name: Actor(member_id=member.id, name=member.name) for name, member in chain.members.items()
        }
    return chain


def fill_beta(info: ChainInfo) -> Chain:
    """One store, an owner, a practitioner, a member with the same phone as alpha's, a service."""
    chain = Chain(info)
    with chain_scope(info):
        only = make_store("Only")
        chain.stores = {"only": only}
        chain.employees = {
            "owner": make_employee("owner", Role.OWNER, store=None),
            "practitioner": make_employee("ya", Role.PRACTITIONER, store=only, practitioner=True),
        }
        chain.members = {"su": welcome_member("+8613800000001", name="Su of beta", now=NOW)[0]}
        chain.services = {"facial": make_service("Beta facial", [only])}
        chain.actors = {name: actor_of(employee) for name, employee in chain.employees.items()}
        chain.actors |= {"su": Actor(member_id=chain.members["su"].id, name="Su of beta")}
    return chain


def later(minutes: int) -> datetime:
    """NOW plus minutes."""
    return NOW + timedelta(minutes=minutes)
