"""What is counted, made briefly: a session, pickup windows, products with stock, a pass; all of alpha's North."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from tenants.booking.domain.pickups import PlanRow, plan_pickups
from tenants.booking.domain.pool_credits import give_pass
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.sessions import Plan, plan_sessions
from tenants.booking.domain.stock import adjust_stock
from tenants.booking.models import Booking, MemberPass, PickupWindow, Pool, Session, StockReason
from tenants.catalogue.models import BookedAs, Product
from tenants.members.models import Member
from tests.ground.cast import NOW, Chain, local, make_service

# Monday 18:00 in Shanghai.
EVENING = local(23, 18)


class Counted:
    """Makes and books counted things at North, in alpha's open scope."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.store = chain.stores["north"]
        self.owner = chain.actors["owner"]
        self.flow = make_service(
            "Flow",
            [self.store],
            booked_as=BookedAs.SESSION,
            minutes=60,
            prepare=0,
            clean_up=0,
            price_amount=8000,
        )
        self.pickup = make_service(
            "Pickup", [self.store], booked_as=BookedAs.PICKUP, minutes=60, price_amount=0, notice=60
        )

    def session(
        self, starts_at: datetime = EVENING, *, seats: int = 3, outside: str | None = None, **plan: Any
    ) -> Session:
        """A session of the flow, by nobody in particular unless told; `outside` is why it may be at any hour."""
        return plan_sessions(
            self.flow.id,
            store_id=self.store.id,
            starts_at=starts_at,
            plan=Plan(capacity=seats, **plan),
            by=self.owner,
            now=NOW,
            outside=outside,
        )[0]

    def windows(self, *, cap: int = 2, weekday: int = 1) -> list[PickupWindow]:
        """Monday 10:00 to 12:00 in windows of an hour."""
        row = PlanRow(weekday, 10 * 60, 12 * 60, 60, cap)
        plan_pickups(self.store.id, self.pickup.id, [row], by=self.owner, now=NOW)
        return list(PickupWindow.objects.filter(store=self.store, open=True).order_by("starts_at"))

    def product(self, name: str = "Serum", *, there: int = 5, price: int = 12800) -> Product:
        """A product with so many units at North."""
        product = Product.objects.create(name=name, price_amount=price, currency="CNY")
        if there:
            adjust_stock(
                self.store.id, product.id, units=there, reason=StockReason.DELIVERED, by=self.owner, now=NOW
            )
        return product

    def member_pass(
        self, *, credits: int = 2, who: str = "su", services: tuple[UUID, ...] = ()
    ) -> MemberPass:
        """A pass of the member."""
        member = self.chain.members[who]
        return give_pass(member.id, name="Ten visits", credits=credits, now=NOW, service_ids=services)

    def book(self, *, who: str = "su", now: datetime = NOW, hold: bool = False, **wish: Any) -> Booking:
        """By the member themselves."""
        return book_scheduled(Wish(**wish), by=self.chain.actors[who], now=now, hold=hold)

    def book_for(self, member: Member, *, now: datetime = NOW, **wish: Any) -> Booking:
        """By the clerk, for a member."""
        return book_scheduled(Wish(**wish), by=self.chain.actors["clerk"], member=member.id, now=now)

    def taken(self, pool_id: UUID) -> tuple[int, int]:
        """What the pool has taken, and what it holds."""
        pool = Pool.objects.get(id=pool_id)
        return pool.taken, pool.capacity


def strangers(count: int) -> list[Member]:
    """Members of whom nothing is known."""
    return [Member.objects.create(name=f"m{n}", phone=None, created_at=NOW) for n in range(count)]
