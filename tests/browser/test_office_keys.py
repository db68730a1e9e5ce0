"""The office with the keyboard alone: a store's hours, a service, an employee, a usual week."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.catalogue.models import Service
from tenants.people.models import Employee, Role, WeeklyShift
from tenants.stores.models import OpeningHours
from tests.browser.workbench_day import sign_in_as
from tests.ground.browser import OpenPage, Site, axe_violations, tab_to
from tests.ground.cast import Chain

pytestmark = pytest.mark.browser
WORDS = {
    "en": {"service": "Hand massage", "person": "Mei", "skill": "massage"},
    "zh-Hans": {"service": "手部按摩", "person": "小梅", "skill": "按摩"},
}


class Keys:
    """A person without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: Locator, key: str = "Enter") -> None:
        """Tab there, then a key."""
        tab_to(self.page, what)
        self.page.keyboard.press(key)

    def write(self, name: str, text: str) -> None:
        """Tab to the drawer's field and write over what stands in it."""
        tab_to(self.page, self.page.locator(f"dialog.drawer [name={name}]"))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def go(self, path: str) -> None:
        """By the navigation."""
        self.press(self.page.locator(f"a.nav-item[href='{path}']:visible"))
        self.page.wait_for_url(f"**{path}")

    def open_drawer(self, opener: Locator) -> None:
        """The focus must go into it."""
        self.press(opener)
        expect(self.page.locator("dialog.drawer")).to_be_visible()
        expect(self.page.locator("dialog.drawer:focus-within")).to_have_count(1)

    def publish(self) -> None:
        """The drawer's primary; it closes."""
        self.press(self.page.locator("dialog.drawer .btn-primary"))
        expect(self.page.locator("dialog.drawer")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_an_owner_runs_the_office_by_keyboard_alone(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain], language: str
) -> None:
    chain, words = open_shop(locale=language), WORDS[language]
    north, ya = chain.stores["north"], chain.employees["practitioner"]
    page = open_page(width=1440, language=language)
    sign_in_as(page, chain, "owner")
    page.goto(site.url(chain.info.slug, "/manage/"))
    keys = Keys(page)

    keys.go("/manage/stores/")
    keys.open_drawer(page.locator(f".store-cards a[href$='{north.id}/hours/']"))
    keys.write("d1_from", "10:30")
    keys.publish()

    keys.go("/manage/services/")
    keys.open_drawer(page.locator(".owner-head a.btn-primary"))
    keys.write("name", words["service"])
    keys.write("minutes", "45")
    keys.write("price", "168")
    keys.publish()
    expect(page.locator("tbody")).to_contain_text(words["service"])

    keys.go("/manage/staff/")
    keys.open_drawer(page.locator(".owner-head a.btn-primary"))
    keys.write("name", words["person"])
    keys.write("email", "mei@alpha.test")
    role = page.locator("dialog.drawer [name=role_1]")
    tab_to(page, role)
    wanted = f"{Role.PRACTITIONER.value}@{north.id}"
    for _option in range(role.locator("option").count()):
        if role.input_value() == wanted:
            break
        page.keyboard.press("ArrowDown")
    assert axe_violations(page) == []
    keys.publish()
    expect(page.locator("tbody")).to_contain_text(words["person"])

    keys.go("/manage/shifts/")
    keys.open_drawer(page.locator(f".shift-acts a[href$='/{north.id}/{ya.id}/']"))
    keys.write("d2_from", "11:00")
    keys.write("d2_to", "19:30")
    keys.publish()

    with chain_scope(chain.info):
        hours = OpeningHours.objects.filter(store=north).order_by("weekday").values_list("opens", "closes")
        assert list(hours) == [(630, 1260), *[(540, 1260)] * 6]
        service = Service.objects.get(name=words["service"])
        assert (service.minutes, service.price_amount) == (45, 16800)
        mei = Employee.objects.get(name=words["person"])
        assert list(mei.grants.values_list("role", "store_id")) == [(Role.PRACTITIONER, north.id)]
        tuesday = WeeklyShift.objects.filter(employee=ya, weekday=2, valid_until=None)
        assert list(tuesday.values_list("starts", "ends")) == [(660, 1170)]
    assert [row["to"] for row in sent_messages()][:1] == ["mei@alpha.test"]
