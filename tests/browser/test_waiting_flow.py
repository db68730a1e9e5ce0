"""On a phone, in both languages: queue for a full time, answer the offer from the link in the message."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from chains import outgoing
from chains.due import lease_due, run_due
from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.booking.domain.book import Guest, book
from tenants.booking.domain.change import cancel_booking
from tenants.booking.models import Booking, WaitingRules, Wish
from tests.browser.test_booking_flow import come_as_member
from tests.browser.test_storefront_pages import check
from tests.ground.browser import OpenPage, Site
from tests.ground.cast import SHANGHAI, Chain

pytestmark = pytest.mark.browser

WORDS = {
    "en": {
        "join": "Join the waiting list",
        "place": "No. 1 in the queue",
        "take": "Take it",
        "decline": "No, pass it on",
        "passed": "Passed on to the next",
        "booked": "Booked",
    },
    "zh-Hans": {
        "join": "加入候补",
        "place": "候补第 1 位",
        "take": "约这个",
        "decline": "不要了，给下一位",
        "passed": "已转给下一位",
        "booked": "约好了",
    },
}


def _work_off() -> None:
    for _round in range(6):
        for batch in lease_due(now=timezone.now()):
            run_due(batch, now=timezone.now())


def _take_both(chain: Chain, at: object) -> list[Booking]:
    """Both practitioners of North are taken then."""
    with chain_scope(chain.info):
        return [
            book(
                chain.services["facial"].id,
                store_id=chain.stores["north"].id,
                starts_at=at,  # type: ignore[arg-type]
                by=chain.actors["clerk"],
                member=Guest("guest"),
                practitioner_id=chain.employees[who].id,
                now=timezone.now(),
            )
            for who in ("practitioner", "second")
        ]


def _join(page: Page, site: Site, chain: Chain, at: object, words: dict[str, str]) -> list[str]:
    """From the struck-out time to the place in the queue; what is wrong with the pages on the way."""
    facial, north = chain.services["facial"].id, chain.stores["north"].id
    page.goto(site.url(chain.info.slug, f"/book/{facial}/?store={north}&at={at:%Y-%m-%dT%H:%M}Z"))
    page.get_by_role("link", name=words["join"]).click()
    page.wait_for_url("**/waiting/join/**")
    wrong = check(page, "waiting-join")
    page.get_by_role("button", name=words["join"]).click()
    page.wait_for_url("**/my/**")
    page.get_by_text(words["place"]).wait_for()
    return [*wrong, *check(page, "waiting-my")]


def _link(page: Page, site: Site, chain: Chain) -> str:
    """The way in the newest offer's message, on the test's own port."""
    text = next(row["text"] for row in sent_messages() if "/waiting/offer/" in row["text"])
    found = re.search(r"/waiting/offer/[\w-]+/", text)
    assert found is not None
    return site.url(chain.info.slug, found[0])


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_freed_time_is_taken_and_another_passed_on_from_the_messages_link(
    site: Site, open_page: OpenPage, open_shop: Callable[..., Chain], language: str
) -> None:
    outgoing._valkey().flushdb()
    words, chain = WORDS[language], open_shop(locale=language)
    with chain_scope(chain.info):
        WaitingRules.objects.create(store=chain.stores["north"], quiet_from=0, quiet_to=0)
    day = (timezone.now().astimezone(SHANGHAI) + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    page = open_page(width=375, language=language, theme="light")
    come_as_member(page, site, chain, "13800000001")
    wrong: list[str] = []
    for hour, answer, then in ((11, words["decline"], words["passed"]), (15, words["take"], words["booked"])):
        at = day.replace(hour=hour)
        taken = _take_both(chain, at)
        wrong += _join(page, site, chain, at.astimezone(UTC), words)
        with chain_scope(chain.info):
            cancel_booking(taken[0].id, by=chain.actors["store_manager"], now=timezone.now())
        _work_off()
        page.goto(_link(page, site, chain))
        wrong += check(page, f"waiting-offer-{hour}")
        page.get_by_role("button", name=answer).click()
        page.get_by_text(then).first.wait_for()
        wrong += check(page, f"waiting-answered-{hour}")
        if answer == words["decline"]:
            with chain_scope(chain.info):
                Wish.objects.update(status="left")
    assert wrong == []
    with chain_scope(chain.info):
        mine = Booking.objects.filter(member=chain.members["su"], status="confirmed")
        assert [booking.starts_at.astimezone(SHANGHAI).hour for booking in mine] == [15]
