"""What stands at one target of bar 20: the own store, another store, another chain."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from accounts.ids import new_id
from chains.scope import chain_scope
from tenants.booking.domain.codes import draw_code
from tenants.booking.domain.terms import Terms, terms_row
from tenants.booking.models import (
    Booking,
    CalendarFeed,
    Channel,
    HoldPayment,
    PaymentRefund,
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
from tests.ground.cast import NOW, Chain, local, make_service


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
    payment: UUID | None = None  # of the deposit, under way online
    refund: UUID | None = None  # waits at the desk
    late_refund: UUID | None = None  # the provider has not let it go

    def booking(self, state: str) -> UUID:
        """The booking in that state: held, coming, today, begun, arrived, deposit (held until it is
        paid), returned (a deposit that waits at the desk)."""
        return self.bookings[state].id


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
        fill_tables(things, place)
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
        fill_deposits(things, server, hour=hour)
        coming = things.bookings["coming"]
        group = BookingGroup.objects.create(store=place, payer=member, created_at=NOW)
        series = BookingSeries.objects.create(
            store=place, service=coming.service, member=member, interval_days=7, created_at=NOW
        )
        Booking.objects.filter(id=coming.id).update(group=group, payer=member, series=series)
        things.group, things.series = group.id, series.id
        fill_waiting(things, server_id=server.id, starts_at=local(27, 10 + hour))
        fill_redemption(things, chain.employees["owner"])
    return things


def fill_redemption(things: Things, owner: Employee) -> None:
    """The booking that has arrived was redeemed just now."""
    arrived = things.bookings["arrived"]
    Redemption.objects.create(
        booking=arrived, store_id=things.store, at=NOW - timedelta(minutes=2), by=owner, means="code"
    )


def fill_deposits(things: Things, server: Employee, *, hour: int) -> None:
    """A hold whose deposit is being paid online; a cancelled booking whose deposit waits at the desk."""
    terms = terms_row(Terms(240, 240, deposit=5000))
    for state, status, at in (("deposit", Status.HELD, 9), ("returned", Status.CANCELLED, 14)):
        starts_at = local(26, at + hour)
        things.bookings[state] = Booking.objects.create(
            id=new_id(),
            code=draw_code(randbelow=secrets.randbelow),
            status=status,
            store_id=things.store,
            service_id=things.service,
            member_id=things.member,
            practitioner=server,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=20),
            price_amount=39800,
            currency="CNY",
            channel=Channel.ONLINE,
            notice=240,
            terms=terms,
            expires_at=NOW + timedelta(minutes=8) if state == "deposit" else None,
            created_at=NOW - timedelta(days=1),
        )
    things.payment = HoldPayment.objects.create(
        booking=things.bookings["deposit"], amount=5000, currency="CNY", asked_at=NOW
    ).id
    paid = HoldPayment.objects.create(
        booking=things.bookings["returned"],
        state="refund_due",
        means="desk",
        amount=5000,
        returned=5000,
        currency="CNY",
        taken_by=server,
        asked_at=NOW,
    )
    things.refund = PaymentRefund.objects.create(payment=paid, amount=5000, cause="ended", asked_at=NOW).id
    twice = HoldPayment.objects.create(
        booking=things.bookings["returned"],
        state="refund_due",
        amount=5000,
        returned=5000,
        currency="CNY",
        asked_at=NOW - timedelta(hours=1),
    )
    things.late_refund = PaymentRefund.objects.create(
        payment=twice, amount=5000, cause="no_place", asked_at=NOW - timedelta(hours=1)
    ).id


def fill_tables(things: Things, place: Store) -> None:
    """Two tables that may be put together."""
    tables = [Resource.objects.create(store=place, kind=ResourceKind.TABLE, name=name) for name in "ab"]
    pair = ResourceCombination.objects.create(store=place, name="Both", max_party=4)
    pair.members.set(tables)
    things.combination, things.tables = pair.id, [table.id for table in tables]


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
