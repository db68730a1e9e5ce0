"""The pages of sessions, pickups, rooms, waiting and the plan stay accessible and within their width.

Each audience walks its pages in one language, width and theme. Screenshots are for looking at
(set SCREENSHOTS to a folder), never compared by pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from chains.scope import chain_scope
from tenants.booking.domain.pickups import PlanRow, plan_pickups
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.sessions import Plan, plan_sessions
from tenants.booking.domain.stock import adjust_stock
from tenants.booking.models import StockReason
from tenants.catalogue.models import BookedAs, Product
from tenants.stores.domain.resources import add_resource, combine_resources
from tests.browser.test_booking_flow import come_as_member
from tests.browser.test_storefront_pages import check
from tests.browser.workbench_day import sign_in_as
from tests.ground.browser import OpenPage, Site
from tests.ground.cast import Chain, make_service

pytestmark = pytest.mark.browser


class House:
    """North with sessions tomorrow (one full, one of the member's), pickups, a product, rooms and tables together."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.north = chain.stores["north"]
        now = timezone.now()
        zone = ZoneInfo(self.north.time_zone)
        self.tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
        with chain_scope(chain.info):
            self._sessions(now, zone)
            self._pickups(now)
            self._things()

    def _sessions(self, now: datetime, zone: ZoneInfo) -> None:
        flow = make_service("Flow", [self.north], booked_as=BookedAs.SESSION, prepare=0, clean_up=0)
        made = []
        for hour, seats, fewest in ((10, 1, 0), (12, 8, 0), (14, 8, 4), (16, 2, 0)):
            starts_at = datetime.combine(self.tomorrow, datetime.min.time(), zone).replace(hour=hour)
            plan = Plan(
                capacity=seats, minimum=fewest, practitioner_id=self.chain.employees["practitioner"].id
            )
            made += plan_sessions(
                flow.id,
                store_id=self.north.id,
                starts_at=starts_at,
                plan=plan,
                by=self.chain.actors["owner"],
                now=now,
            )
        self.full, self.free = made[0].id, made[2].id
        for who, session in (("chen", made[0]), ("su", made[1])):
            book_scheduled(Wish(session_id=session.id), by=self.chain.actors[who], now=now)

    def _pickups(self, now: datetime) -> None:
        owner = self.chain.actors["owner"]
        pickup = make_service("Pickup", [self.north], booked_as=BookedAs.PICKUP, price_amount=0)
        rows = [PlanRow(weekday, 10 * 60, 14 * 60, 60, 2) for weekday in range(1, 8)]
        plan_pickups(self.north.id, pickup.id, rows, by=owner, now=now)
        for name, units in (("Serum", 5), ("Cream", 0)):
            self.product = Product.objects.create(name=name, price_amount=12800, currency="CNY")
            if units:
                adjust_stock(
                    self.north.id,
                    self.product.id,
                    units=units,
                    reason=StockReason.DELIVERED,
                    by=owner,
                    now=now,
                )

    def _things(self) -> None:
        tables = [
            add_resource(self.north, {"kind": "table", "name": f"Table {number}", "capacity": 4})
            for number in (1, 2)
        ]
        self.room = add_resource(self.north, {"kind": "room", "name": "Quiet room", "tags": ["bath"]})
        combine_resources(
            self.north, [table.id for table in tables], name="Long table", min_party=5, max_party=8
        )

    def service(self, name: str = "facial") -> UUID:
        """A service of the cast."""
        return self.chain.services[name].id


@pytest.fixture()
def house(open_shop: Callable[..., Chain]) -> Callable[[str], House]:
    """`house("en")`: such a shop in that language."""
    return lambda language: House(open_shop(locale=language))


def test_a_members_new_pages(site: Site, open_page: OpenPage, house: Callable[[str], House]) -> None:
    shop = house("zh-Hans")
    slug, north, day = shop.chain.info.slug, shop.north.id, f"{shop.tomorrow:%Y-%m-%d}"
    page = open_page(width=375, language="zh-Hans", theme="dark")
    come_as_member(page, site, shop.chain, "13800000001")
    wrong = []
    for name, path in {
        "sessions": f"/sessions/?store={north}&on={day}",
        "sessions-none": f"/sessions/?store={north}&on={day}&service={shop.service()}",
        "pickup": f"/pickup/?store={north}",
        "waiting-join": f"/waiting/join/{shop.service()}/?store={north}&session={shop.full}",
        "times": f"/book/{shop.service()}/?store={north}&day={day}",
        "mine": "/my/",
        "feed": "/my/calendar/",
    }.items():
        page.goto(site.url(slug, path))
        wrong += check(page, f"member-{name}")
    page.goto(site.url(slug, f"/sessions/?store={north}&on={day}"))
    page.locator(f"a[href*='{shop.free}/take']").click()
    page.wait_for_url("**/take/**")
    wrong += check(page, "member-seats")
    page.locator("button[form=seats-form]").click()
    page.wait_for_url("**/my/**")
    wrong += check(page, "member-session-ticket")
    assert page.locator("[data-opens=more]").count() == 0
    assert wrong == []


def test_the_desks_new_pages(site: Site, open_page: OpenPage, house: Callable[[str], House]) -> None:
    shop = house("en")
    slug, desk, day = shop.chain.info.slug, f"/workbench/{shop.north.id}/", f"{shop.tomorrow:%Y-%m-%d}"
    page = open_page(width=1440, language="en", theme="light")
    sign_in_as(page, shop.chain, "clerk")
    wrong = []
    for name, path in {
        "people": f"{desk}?on={day}",
        "rooms": f"{desk}?on={day}&by=things",
        "week": f"{desk}?on={day}&by=week",
        "find": f"{desk}find/?q=Su",
        "waiting": f"{desk}waiting/",
        "scheduled": f"{desk}scheduled/?on={day}",
        "scheduled-none": f"{desk}scheduled/?on={shop.tomorrow + timedelta(days=300):%Y-%m-%d}",
    }.items():
        page.goto(site.url(slug, path))
        wrong += check(page, f"desk-{name}")
    page = open_page(width=375, language="zh-Hans", theme="light")
    sign_in_as(page, shop.chain, "practitioner")
    for name, path in {"mine": "", "requests": "requests/", "calendar": "calendar/"}.items():
        page.goto(site.url(slug, f"/workbench/mine/{path}"))
        wrong += check(page, f"practitioner-{name}")
    assert wrong == []


def test_the_offices_new_pages(site: Site, open_page: OpenPage, house: Callable[[str], House]) -> None:
    shop = house("en")
    slug, north = shop.chain.info.slug, shop.north.id
    page = open_page(width=375, language="en", theme="dark")
    sign_in_as(page, shop.chain, "owner")
    wrong = []
    for name, path in {
        "things": f"stores/{north}/things/",
        "thing": f"stores/{north}/things/{shop.room.id}/",
        "needs": f"services/{shop.service()}/needs/",
        "sessions": "sessions/",
        "session-new": f"sessions/new/{north}/",
        "pickups": f"pickups/{north}/",
        "products": "products/",
        "product": f"products/{shop.product.id}/",
        "policies": "policies/",
        "policy-new": "policies/new/",
        "waiting-rules": f"policies/waiting/{north}/",
        "plan": "plan/",
        "compare": "plan/compare/",
        "invoices": "plan/invoices/",
    }.items():
        page.goto(site.url(slug, f"/manage/{path}"))
        wrong += check(page, f"office-{name}")
    page = open_page(width=1440, language="zh-Hans", theme="light")
    page.goto(site.url("", "/pricing/"))
    wrong += check(page, "platform-pricing")
    assert wrong == []
