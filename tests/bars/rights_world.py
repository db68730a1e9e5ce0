"""What bar 20 asks about: who asks, what stands at the own store, another store and in another chain.

Every request runs in a savepoint that is rolled back, so that all of them meet the same world.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import RegexPattern, URLPattern

from accounts.ids import new_id
from api.domain.tokens import issue_token
from chains.hosts import ChainInfo
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.codes import draw_code
from tenants.booking.models import (
    Booking,
    CalendarFeed,
    Channel,
    Penalty,
    Policy,
    Pool,
    Redemption,
    Session,
    Status,
    Stock,
    StockChange,
    WaitingOffer,
    Wish,
    WishWindow,
)
from tenants.booking.together import BookingGroup, BookingSeries
from tenants.catalogue.models import BookedAs, Offer, Product
from tenants.people.models import Employee, Leave, LeaveRequest, ShiftSwap
from tenants.stores.models import Closure, Resource, ResourceCombination, ResourceKind, Store
from tests.ground.cast import NOW, Cast, Chain, local, make_service

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ROLES = {
    "owner": "owner",
    "brand": "brand_manager",
    "manager": "store_manager",
    "clerk": "clerk",
    "practitioner": "practitioner",
    "cashier": "cashier",
    "reader": "read_only",
}
MEMBERS = {"member": "su", "another": "chen"}
COLUMNS = (*ROLES, *MEMBERS, "nobody")
TARGETS = ("own", "other", "foreign")


@dataclass
class Things:
    """What a request can name: ids of one target."""

    store: UUID
    service: UUID
    practitioner: UUID
    resource: UUID
    member: UUID
    closure: UUID
    leave: UUID
    session: UUID
    product: UUID
    seats: UUID  # the service of the session
    pickup: UUID  # a service for pickups
    wish: UUID  # leave that the practitioner asks for
    swap_asked: UUID  # a day the practitioner is asked to take over
    swap_accepted: UUID  # one they give away, accepted by the colleague
    bookings: dict[str, Booking] = field(default_factory=dict)
    group: UUID | None = None
    series: UUID | None = None
    combination: UUID | None = None
    tables: list[UUID] = field(default_factory=list)
    waiting: UUID | None = None  # of su, with a place of Friday on offer
    penalty: UUID | None = None
    policy: UUID | None = None

    def booking(self, state: str) -> UUID:
        """The booking in that state: held, coming, today, begun, arrived."""
        return self.bookings[state].id


@dataclass
class World:
    """The cast with something of everything, and a way in for each column."""

    cast: Cast
    things: dict[str, Things]
    tokens: dict[str, str]
    cookies: dict[str, dict[str, str]]


def make_world(cast: Cast) -> World:
    """North is the own store, south the other, beta's only store the other chain."""
    alpha, beta = cast.alpha, cast.beta
    things = {
        "own": fill(alpha, "north", "practitioner", room=alpha.rooms["a"].id, hour=0),
        "other": fill(alpha, "south", "south_practitioner", room=None, hour=1),
        "foreign": fill(beta, "only", "practitioner", room=None, hour=0),
    }
    with chain_scope(alpha.info):
        tokens = {
            column: issue_token(employee_id=alpha.employees[name].id, now=NOW)
            for column, name in ROLES.items()
        }
        tokens |= {
            column: issue_token(member_id=alpha.members[name].id, now=NOW) for column, name in MEMBERS.items()
        }
    with chain_scope(beta.info):
        tokens["foreigner"] = issue_token(employee_id=beta.employees["owner"].id, now=NOW)
    return World(cast, things, tokens, {"nobody": {}})


def fill(chain: Chain, store: str, who: str, *, room: UUID | None, hour: int) -> Things:
    """Bookings of su in each state (hours apart from those of the chain's other store), a closure, a leave."""
    with chain_scope(chain.info):
        place, server = chain.stores[store], chain.employees[who]
        member = chain.members["su"]
        if room is None:
            room = Resource.objects.create(store=place, kind=ResourceKind.ROOM, name="Room").id
        closure = Closure.objects.create(
            store=place, starts_on=NOW.date() + timedelta(40), ends_on=NOW.date() + timedelta(41)
        )
        leave = Leave.objects.create(employee=server, starts_at=local(28, 9), ends_at=local(28, 10))
        session, product = fill_counted(chain, place)
        things = Things(
            place.id, chain.services["facial"].id, server.id, room, member.id, closure.id, leave.id,
            session.id, product.id, session.service_id, chain.services["pickup"].id,
            *fill_wishes(chain, place, server),
        )  # fmt: skip
        tables = [Resource.objects.create(store=place, kind=ResourceKind.TABLE, name=name) for name in "ab"]
        pair = ResourceCombination.objects.create(store=place, name="Both", max_party=4)
        pair.members.set(tables)
        things.combination, things.tables = pair.id, [table.id for table in tables]
        starts = {
            "arrived": local(21, 9 + hour),
            "begun": local(21, 11, 10 + 20 * hour),
            "today": local(21, 17 + hour),
            "held": local(21, 19 + hour),
            "coming": local(23, 10 + hour),
        }
        status = {"arrived": Status.ARRIVED, "held": Status.HELD}
        for state, starts_at in starts.items():
            things.bookings[state] = Booking.objects.create(
                id=new_id(),
                code=draw_code(randbelow=secrets.randbelow),
                status=status.get(state, Status.CONFIRMED),
                store=place,
                service=chain.services["facial"],
                member=member,
                practitioner=server,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=20),
                price_amount=39800,
                currency="CNY",
                channel=Channel.ONLINE,
                notice=240,
                expires_at=NOW + timedelta(minutes=8) if state == "held" else None,
                created_at=NOW - timedelta(days=1),
            )
        coming = things.bookings["coming"]
        group = BookingGroup.objects.create(store=place, payer=member, created_at=NOW)
        series = BookingSeries.objects.create(
            store=place, service=coming.service, member=member, interval_days=7, created_at=NOW
        )
        Booking.objects.filter(id=coming.id).update(group=group, payer=member, series=series)
        things.group, things.series = group.id, series.id
        fill_waiting(things, server_id=server.id, starts_at=local(27, 10 + hour))
        Redemption.objects.create(
            booking=things.bookings["arrived"],
            store=place,
            at=NOW - timedelta(minutes=2),
            by=chain.employees["owner"],
            means="code",
        )
    return things


def fill_wishes(chain: Chain, store: Store, server: Employee) -> tuple[UUID, UUID, UUID]:
    """Leave asked for, a swap that waits for the server's answer, one of theirs that is accepted; and their feed."""
    CalendarFeed.objects.create(employee=server, token_hash=server.id.hex, language="en", made_at=NOW)
    colleague = next(
        chain.employees[name] for name in ("second", "south_clerk", "owner") if name in chain.employees
    )
    if store.name == "South":
        colleague = chain.employees["south_clerk"]
    leave = LeaveRequest.objects.create(
        employee=server, starts_at=local(29, 9), ends_at=local(29, 21), asked_at=NOW
    )
    asked, accepted = (
        ShiftSwap.objects.create(
            store=store, asker=asker, colleague=other, gives_on=date(2027, 1, day), state=state, asked_at=NOW
        )
        for asker, other, day, state in (
            (colleague, server, 18, "asked"),
            (server, colleague, 11, "accepted"),
        )
    )
    return leave.id, asked.id, accepted.id


def fill_waiting(things: Things, *, server_id: UUID, starts_at: datetime) -> None:
    """A wish of su with an open offer, a penalty of su's booking that has begun, and a policy of the store."""
    ends_at = starts_at + timedelta(minutes=60)
    wish = Wish.objects.create(
        member_id=things.member,
        store_id=things.store,
        services=[things.service],
        status="offered",
        ends_at=ends_at,
        joined_at=NOW,
    )
    WishWindow.objects.create(wish=wish, starts_at=starts_at, ends_at=ends_at)
    held = Booking.objects.create(
        id=new_id(),
        code=draw_code(randbelow=secrets.randbelow),
        status=Status.HELD,
        store_id=things.store,
        service_id=things.service,
        member_id=things.member,
        practitioner_id=server_id,
        starts_at=starts_at,
        ends_at=ends_at,
        price_amount=39800,
        currency="CNY",
        channel=Channel.ONLINE,
        notice=240,
        expires_at=NOW + timedelta(days=400),
        created_at=NOW,
    )
    WaitingOffer.objects.create(
        wish=wish,
        booking=held,
        service_id=things.service,
        practitioner_id=server_id,
        starts_at=starts_at,
        made_at=NOW,
        tell_at=NOW,
        told_at=NOW,
        expires_at=NOW + timedelta(days=400),
    )
    penalty = Penalty.objects.create(
        booking=things.bookings["begun"],
        member_id=things.member,
        cause="no_show",
        kind="points",
        amount=10,
        at=NOW,
    )
    policy = Policy.objects.create(service_id=things.service, store_id=things.store, created_at=NOW)
    things.waiting, things.penalty, things.policy = wish.id, penalty.id, policy.id


def fill_counted(chain: Chain, store: Store) -> tuple[Session, Product]:
    """A session on Wednesday the 25th, and a product of which the store has five."""
    seats = chain.services.get("seats") or make_service("Seats", [], booked_as=BookedAs.SESSION)
    pickup = chain.services.get("pickup") or make_service("Pickup", [], booked_as=BookedAs.PICKUP)
    chain.services |= {"seats": seats, "pickup": pickup}
    Offer.objects.bulk_create(Offer(service=service, store=store) for service in (seats, pickup))
    starts_at, ends_at = local(25, 10), local(25, 11)
    pools = [
        Pool.objects.create(id=new_id(), store=store, kind=kind, capacity=5) for kind in ("session", "stock")
    ]
    session = Session.objects.create(
        store=store, service=seats, pool=pools[0], starts_at=starts_at, ends_at=ends_at, created_at=NOW
    )
    product = Product.objects.create(name="Serum", price_amount=100, currency="CNY")
    stock = Stock.objects.create(store=store, product=product, pool=pools[1])
    StockChange.objects.create(stock=stock, units=5, reason="delivered", at=NOW)
    return session, product


def sign_in_all(world: World) -> None:
    """A session for each column on alpha's host, and one of beta's owner on beta's."""
    alpha, beta = world.cast.alpha, world.cast.beta
    for column, name in ROLES.items():
        world.cookies[column] = session_of(alpha, user=alpha.employees[name].user)
    for column, name in MEMBERS.items():
        world.cookies[column] = session_of(alpha, member=alpha.members[name].id)
    world.cookies["foreigner"] = session_of(beta, user=beta.employees["owner"].user)


def session_of(chain: Chain, *, user: Any = None, member: UUID | None = None) -> dict[str, str]:
    client = Client(HTTP_HOST=f"{chain.info.slug}.tessera.test")
    with chain_scope(chain.info):
        if user is not None:
            client.force_login(user, backend=BACKEND)
        else:
            session = client.session
            session["member_id"] = str(member)
            session.save()
    return {name: morsel.value for name, morsel in client.cookies.items()}


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is checked as a commit would check it, then rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(
    method: str,
    path: str,
    *,
    host: str = "alpha",
    cookies: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    data: Any = b"",
    content_type: str = "application/json",
) -> Any:
    """One request inside the open scope, undone after; a constraint broken at the commit is a 500.

    What asks the outside is admitted and judged, and stops there (200): it would go on after the commit.
    """
    name = f"{host}.tessera.test" if host else "tessera.test"
    client = _browser()
    client.cookies = SimpleCookie(cookies or {})
    with undone(), patch("chains.middleware.finished", lambda response: response):
        answer = client.generic(
            method,
            path,
            data,
            content_type=content_type,
            headers={"host": name, "accept-language": "en", **(headers or {})},
        )
        try:
            connection.check_constraints()
        except DatabaseError:
            answer.status_code = 500
    return answer


@lru_cache(maxsize=1)
def _browser() -> Client:
    """One for all requests: the middleware is loaded once."""
    return Client(raise_request_exception=False)


@contextmanager
def standing_in(world: World, host: ChainInfo | None) -> Iterator[None]:
    """One transaction for many requests at that host, which none of them commits."""
    scope = chain_scope(host) if host is not None else platform_scope()
    with scope:
        yield
        transaction.set_rollback(True)


def routes_of(urlconf: str) -> list[str]:
    """Every route that the program serves, as `stores/{store_id}`."""
    return sorted(set(_walk(get_resolver(urlconf), "/")))


def _walk(resolver: Any, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        text = str(pattern.pattern)
        if isinstance(pattern.pattern, RegexPattern):
            text = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", text).strip("^$")
        else:
            text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
        if isinstance(pattern, URLPattern):
            yield prefix + text
        else:
            yield from _walk(pattern, prefix + text)


def read_table(name: str, columns: tuple[str, ...]) -> dict[tuple[str, str], dict[str, str]]:
    """The written table: (endpoint, target) → column → answer. A line without an endpoint continues."""
    table: dict[tuple[str, str], dict[str, str]] = {}
    endpoint = ""
    for number, line in enumerate((Path(__file__).parent / name).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split()
        if not line[0].isspace():
            endpoint, words = " ".join(words[:2]), words[2:]
        target, *answers = words
        assert len(answers) == len(columns), f"{name}:{number} has {len(answers)} answers"
        assert (endpoint, target) not in table, f"{name}:{number} stands twice"
        table[endpoint, target] = dict(zip(columns, answers, strict=True))
    return table


def free_time(hour: int) -> datetime:
    """A free time on Tuesday the 24th, at which every practitioner works."""
    return local(24, hour)
