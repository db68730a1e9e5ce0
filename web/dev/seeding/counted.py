"""What is counted in a demo chain: sessions, pickup windows, products and stock, booked through the domain itself."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from chains.refusals import Refusal
from tenants.booking.domain.items import Item
from tenants.booking.domain.pickups import PlanRow, plan_pickups
from tenants.booking.domain.pool_credits import give_pass
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.sessions import Plan, plan_sessions
from tenants.booking.domain.stock import adjust_stock
from tenants.booking.models import PickupWindow, Session, StockReason
from tenants.catalogue.models import Product, Service
from tenants.events.models import Delivery
from tenants.extension.manifest import DemoChain, Words, words
from tenants.people.domain.rights import Actor, Grant
from tenants.people.models import Employee, Role
from tenants.stores.domain.wall import local_date, resolve_local
from tenants.stores.models import Resource, Store

WEEKS = 2
# Bookings for sessions and windows of so many days; what is further ahead is still empty.
BOOKED_DAYS = 5


class CountedSeeder:
    """Fills one store of a chain; must run inside its scope, after its people. Deterministic by `rng`."""

    def __init__(
        self,
        demo: DemoChain,
        rng: random.Random,
        services: Sequence[Service],
        *,
        owner: Employee,
        now: datetime,
    ) -> None:
        self.demo = demo
        self.rng = rng
        self.services = {service.name: service for service in services}
        self.owner = Actor(employee_id=owner.id, name=owner.name, grants=(Grant(Role.OWNER, None),))
        self.now = now
        self.zone = ZoneInfo(demo.time_zone)

    def products(self) -> list[Product]:
        """The chain's products."""
        return [
            Product.objects.create(
                name=words(product.names, self.demo.locale),
                description=words(product.descriptions, self.demo.locale),
                translations=self._others({"name": product.names, "description": product.descriptions}),
                price_amount=product.prices[self.demo.currency],
                currency=self.demo.currency,
                position=position,
            )
            for position, product in enumerate(self.demo.products)
        ]

    def passes(self, members: Sequence[UUID]) -> None:
        """Every tenth member, the first among them, has each pass of the demo."""
        for template in self.demo.passes:
            services = tuple(self.services[self._own(name)].id for name in template.services)
            for member in members[::10]:
                give_pass(
                    member,
                    name=words(template.names, self.demo.locale),
                    credits=template.credits,
                    service_ids=services,
                    now=self.now,
                )

    def fill(
        self,
        store: Store,
        people: Sequence[Employee],
        products: Sequence[Product],
        members: Sequence[UUID],
        *,
        things: Sequence[Resource] = (),
    ) -> int:
        """Sessions, windows and stock of the store, and who has booked of them; how many bookings."""
        for product, template in zip(products, self.demo.products, strict=True):
            adjust_stock(
                store.id,
                product.id,
                units=template.units,
                reason=StockReason.DELIVERED,
                by=self.owner,
                now=self.now,
            )
        self._plan_sessions(store, people, things)
        self._plan_pickups(store)
        booked = self._book_seats(store, members) + self._book_goods(store, products, members)
        # nobody is told of what was always there
        Delivery.objects.all().delete()
        return booked

    def _plan_sessions(self, store: Store, people: Sequence[Employee], things: Sequence[Resource]) -> None:
        today = local_date(self.now, self.zone)
        for template in self.demo.sessions:
            person = people[template.person] if template.person is not None else None
            room = things[template.thing].id if template.thing is not None else None
            for weekday in template.weekdays:
                starts_at = self._next(today, weekday, template.starts)
                self._try(
                    plan_sessions,
                    self.services[self._own(template.service)].id,
                    store_id=store.id,
                    starts_at=starts_at,
                    plan=Plan(template.seats, template.minimum, person.id if person else None, room),
                    weeks=WEEKS,
                    # a day that was begun at night has other hours than the plan of its classes
                    outside="Regular class",
                    by=self.owner,
                    now=self.now,
                )

    def _next(self, today: date, weekday: int, minutes: int) -> datetime:
        """The first such time of the week that is still to come."""
        day = today + timedelta(days=(weekday - today.isoweekday()) % 7)
        starts_at = resolve_local(day, minutes, self.zone)
        return (
            starts_at if starts_at > self.now else resolve_local(day + timedelta(weeks=1), minutes, self.zone)
        )

    def _plan_pickups(self, store: Store) -> None:
        rows = [
            PlanRow(weekday, one.starts, one.ends, one.minutes, one.cap)
            for one in self.demo.pickups
            for weekday in range(1, 8)
        ]
        if rows:
            service = self.services[self._own(self.demo.pickups[0].service)]
            plan_pickups(store.id, service.id, rows, by=self.owner, now=self.now)

    def _book_seats(self, store: Store, members: Sequence[UUID]) -> int:
        until = self.now + timedelta(days=BOOKED_DAYS)
        booked = 0
        for number, session in enumerate(
            Session.objects.select_related("pool")
            .filter(store=store, starts_at__lt=until)
            .order_by("starts_at")
        ):
            # in turn: nearly empty, half, one left, full
            wanted = (
                session.pool.capacity
                - (session.pool.capacity - 2, session.pool.capacity // 2, 1, 0)[number % 4]
            )
            for member in self.rng.sample(list(members), wanted * 2):
                if wanted and self._book(Wish(session_id=session.id), member):
                    wanted -= 1
                    booked += 1
        return booked

    def _book_goods(self, store: Store, products: Sequence[Product], members: Sequence[UUID]) -> int:
        windows = (
            PickupWindow.objects.filter(store=store, open=True).order_by("starts_at")[:12] if products else ()
        )
        booked = 0
        for window in windows:
            chosen = self.rng.sample(list(products), self.rng.randint(1, 2))
            items = tuple(Item(product.id, self.rng.randint(1, 2)) for product in chosen)
            booked += self._book(Wish(window_id=window.id, items=items), self.rng.choice(members))
        return booked

    def _book(self, wish: Wish, member: UUID) -> bool:
        return self._try(book_scheduled, wish, by=self.owner, member=member, now=self.now)

    def _try(self, act: object, *args: object, **named: object) -> bool:
        """What the day has no room for is left out."""
        try:
            with transaction.atomic():
                act(*args, **named)  # type: ignore[operator]
        except Refusal:
            return False
        return True

    def _own(self, english: str) -> str:
        """A service's name in the chain's language, from its English one."""
        for service in self.services.values():
            names = {service.name, *(texts.get("name", "") for texts in service.translations.values())}
            if english in names:
                return service.name
        raise LookupError(english)

    def _others(self, fields: dict[str, Words]) -> dict[str, dict[str, str]]:
        languages = {language for texts in fields.values() for language in texts}
        return {
            language: {field: texts[language] for field, texts in fields.items()}
            for language in sorted(languages)
            if language.lower() != self.demo.locale.lower()
        }
