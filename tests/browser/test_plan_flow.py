"""An owner on a phone, in both languages: from trial through checkout, a card that fails, a store more, to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from billing.domain.refresh import refresh_now
from billing.fake_stripe.server import FakeStripe
from billing.models import Invoice, Subscription
from billing.provider import replaced_provider
from billing.stripe_adapter import StripeProvider
from chains.models import Chain as ChainRow
from chains.scope import platform_scope
from tests.billing.ground import GOOD_CARD, KEY, LATER_FAILS
from tests.browser.workbench_day import sign_in_as
from tests.ground.browser import OpenPage, Site, axe_violations, keep_screenshot
from tests.ground.cast import Chain
from tests.ground.server import web_server

pytestmark = pytest.mark.browser
A_MONTH = 32 * 24 * 3600
WORDS = {
    "en": {
        "trial": "The trial runs until",
        "choose": "Choose a plan",
        "growth": "Choose Growth",
        "pay": "On to payment",
        "active": "Active",
        "card": "Card and bills",
        "failed": "The last payment did not go through",
        "banner": "The subscription is not paid",
        "fix": "Check the card and pay",
        "stores": "Change stores",
        "work_out": "Work out",
        "change": "Change the plan",
        "changed": "The plan is changed",
        "added": "1 store added",
        "cancel": "Cancel",
        "cancel_it": "Cancel the subscription",
        "not_renewed": "and is not renewed",
        "resume": "Renew after all",
        "renews": "Renews",
    },
    "zh-Hans": {
        "trial": "试用到",
        "choose": "选套餐",
        "growth": "选成长",
        "pay": "去付款",
        "active": "使用中",
        "card": "银行卡与账单",
        "failed": "最近一笔付款没成功",
        "banner": "订阅未付款",
        "fix": "检查银行卡并付款",
        "stores": "改门店数",
        "work_out": "试算",
        "change": "更改套餐",
        "changed": "套餐已更改",
        "added": "加购 1 家门店",
        "cancel": "取消",
        "cancel_it": "取消订阅",
        "not_renewed": "不再续订",
        "resume": "继续续订",
        "renews": "续订",
    },
}


class Clock:
    """The fake's time: a month behind the real one, until the test lets it catch up."""

    skipped = -A_MONTH

    def __call__(self) -> float:
        return timezone.now().timestamp() + self.skipped


@pytest.fixture()
def fake() -> Iterator[tuple[FakeStripe, Clock]]:
    """A Stripe of this test's own, whose time the test sets; it sends no webhook."""
    clock = Clock()
    stripe = FakeStripe(":memory:", lives=False, clock=clock)
    stripe.start()
    yield stripe, clock
    stripe.stop()


class Owner:
    """A person at the phone, in a language."""

    def __init__(self, page: Page, site: Site, slug: str, language: str) -> None:
        self.page, self.site, self.slug = page, site, slug
        self.words = WORDS[language]

    def go(self, path: str = "/manage/plan/") -> None:
        """To a page of the office."""
        self.page.goto(self.site.url(self.slug, path))

    def press(self, name: str) -> None:
        """The button or link with these words in the page itself."""
        words = self.words[name]
        main = self.page.locator("main")
        either = main.get_by_role("button", name=words, exact=True).or_(
            main.get_by_role("link", name=words, exact=True)
        )
        # what comes up next is another page: whoever looks at it must not look at this one
        self.page.evaluate("document.documentElement.dataset.before = ''")
        either.first.click()
        expect(self.page.locator("html:not([data-before])")).to_be_attached()

    def sees(self, name: str) -> None:
        """These words stand on the page."""
        expect(self.page.locator("main")).to_contain_text(self.words[name])

    def finds(self, path: str, name: str) -> None:
        """These words come to stand on a page: a process hears of a chain's change within a second, or in half a minute."""
        for _look in range(200):
            self.go(path)
            if self.words[name] in self.page.locator("main").inner_text():
                return
            self.page.wait_for_timeout(250)
        self.sees(name)

    def at_stripe(self, where: str) -> None:
        """The provider's page has come by itself."""
        self.page.wait_for_url(f"**/{where}/**")

    def looks(self, name: str) -> None:
        """No violation, no sideways scrolling; a picture for who wants to look."""
        assert axe_violations(self.page) == []
        assert self.page.evaluate("document.documentElement.scrollWidth") <= 375
        keep_screenshot(self.page, f"plan-{name}-{'zh' if self.words is WORDS['zh-Hans'] else 'en'}")


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_an_owner_from_trial_to_paying_past_due_and_back_more_stores_cancel_and_resume(
    language: str,
    fake: tuple[FakeStripe, Clock],
    open_shop: Callable[..., Chain],
    open_page: OpenPage,
) -> None:
    stripe, clock = fake
    shop = open_shop(
        name="栖白" if language == "zh-Hans" else "Qibai",
        locale=language,
        plan="growth",
        trial_ends_at=timezone.now() + timedelta(hours=30),
        entitlements={"stores": 10, "employees": 150, "bookings_a_month": 20_000},
    )
    provider = StripeProvider(secret_key=KEY, webhook_secret=settings.STRIPE_WEBHOOK_SECRET, base=stripe.base)
    environment = {
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": settings.STRIPE_WEBHOOK_SECRET,
        "STRIPE_API_BASE": stripe.base,
    }
    with web_server(threads=4, **environment) as port, replaced_provider(provider):
        page = open_page(language=language)
        owner = Owner(page, Site(port), shop.info.slug, language)
        sign_in_as(page, shop, "owner")
        _subscribe(owner)
        _card_fails_and_is_mended(owner, shop, stripe, clock)
        _add_a_store(owner)
        _cancel_and_resume(owner)
    with platform_scope():
        row = Subscription.objects.get(chain_id=shop.info.id)
        assert (row.status, row.extra_stores, row.cancel_at_period_end) == ("active", 1, False)
        assert ChainRow.objects.get(id=shop.info.id).state == "active"
        assert set(Invoice.objects.values_list("state", flat=True)) == {"paid"}


def _subscribe(owner: Owner) -> None:
    owner.go()
    owner.sees("trial")
    owner.looks("1-trial")
    owner.press("choose")
    owner.looks("2-compare")
    owner.press("growth")
    owner.looks("3-choose")
    owner.press("pay")
    owner.at_stripe("c/pay")
    owner.page.fill("[name=card]", GOOD_CARD)
    owner.page.click("button[value=pay]")
    # the redirect comes before any webhook, and is enough
    owner.page.wait_for_url("**/manage/plan/")
    owner.sees("active")
    owner.looks("4-active")


def _card_fails_and_is_mended(owner: Owner, shop: Chain, stripe: FakeStripe, clock: Clock) -> None:
    owner.press("card")
    owner.at_stripe("p/session")
    owner.page.fill("[name=card]", LATER_FAILS)
    owner.page.click("button[value=card]")
    owner.page.wait_for_url("**/p/session/**")
    clock.skipped = 0
    stripe.let_happen()
    refresh_now(shop.info.id, now=timezone.now())  # as the webhook has it done
    owner.finds("/manage/", "banner")
    owner.looks("5-banner")
    owner.go()
    owner.sees("failed")
    owner.looks("6-past-due")
    owner.press("fix")
    owner.at_stripe("p/session")
    owner.page.fill("[name=card]", GOOD_CARD)
    owner.page.click("button[value=card]")
    owner.page.wait_for_load_state()
    pay = owner.page.locator("button[value=pay]")
    if pay.count():
        pay.first.click()
    owner.page.locator("main > p > a, p > a").last.click()
    owner.page.wait_for_url("**/manage/plan/")
    owner.sees("active")


def _add_a_store(owner: Owner) -> None:
    owner.press("stores")
    owner.page.fill("[name=extra_stores]:visible", "1")
    owner.press("work_out")
    owner.looks("7-preview")
    owner.press("change")
    owner.sees("changed")
    owner.sees("added")
    owner.looks("8-changed")


def _cancel_and_resume(owner: Owner) -> None:
    owner.press("cancel")
    owner.looks("9-cancel")
    owner.press("cancel_it")
    owner.sees("not_renewed")
    owner.press("resume")
    owner.sees("renews")
    owner.looks("10-resumed")
