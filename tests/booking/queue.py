"""A waiting list to test with: wishes made briefly, and the relay on a clock of the test's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chains.due import lease_due, run_due
from chains.models import DueWork
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.wishes import Wanted, join_waiting
from tenants.booking.models import Wish
from tenants.members.models import Member
from tenants.people.domain.rights import Actor
from tests.ground.cast import NOW, Chain, local

MONDAY = (local(23, 9), local(23, 21))


def make_members(count: int) -> list[Actor]:
    """Members with a phone, as those who act; within a scope."""
    made = [
        Member.objects.create(name=f"Wei {n}", phone=f"+86139000000{n:02}", locale="en", created_at=NOW)
        for n in range(count)
    ]
    return [Actor(member_id=one.id, name=one.name) for one in made]


def wish_of(chain: Chain, by: Actor, *, now: datetime = NOW, **asked: Any) -> Wish:
    """A wish for the facial at North on Monday, by anybody; within a scope."""
    service = asked.pop("service", "facial")
    asked = {
        "store_id": chain.stores["north"].id,
        "services": [chain.services[service].id],
        "windows": [MONDAY],
        **asked,
    }
    return join_waiting(Wanted(**asked), by=by, now=now)


def work_off(now: datetime, *, kinds: set[str] | None = None) -> None:
    """Do all that is due at `now`, until nothing is: what the dispatcher and its workers do within seconds."""
    for _round in range(30):
        batches = lease_due(now=now)
        for batch in batches:
            if kinds is None or batch.kind in kinds:
                run_due(batch, now=now)
        if not batches:
            return
    raise AssertionError("there is no end to what is due")


def next_due() -> datetime | None:
    """When something is due next."""
    with platform_scope():
        return DueWork.objects.order_by("due_at").values_list("due_at", flat=True).first()


def fill_day(chain: Chain, *, day: int = 23, who: tuple[str, ...] = ("practitioner", "second")) -> list[UUID]:
    """Every time of the facial at North on that day is taken, by guests of the desk; within a scope."""
    from tenants.booking.domain.availability import find_slots
    from tenants.booking.domain.book import Guest, book

    store, service = chain.stores["north"].id, chain.services["facial"].id
    made = []
    for name in who:
        practitioner = chain.employees[name].id
        while True:
            _offering, days = find_slots(
                store, service, days=[local(day, 12).date()], now=NOW, practitioner_id=practitioner
            )
            if not days[0].slots:
                break
            booking = book(
                service,
                store_id=store,
                starts_at=days[0].slots[0].starts_at,
                by=chain.actors["clerk"],
                member=Guest(f"guest {len(made)}"),
                practitioner_id=practitioner,
                now=NOW,
            )
            made.append(booking.id)
    return made


def scope(chain: Chain) -> Any:
    """The chain's scope."""
    return chain_scope(chain.info)


def at(minutes: float) -> datetime:
    """NOW plus minutes."""
    return NOW + timedelta(minutes=minutes)
