"""Money to give back on the desk's pages, the office's and the member's: found, handed over once, told where to fetch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chains.hosts import forget_hosts
from chains.models import Chain as ChainRow
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.book import Guest, book
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.desk_payments import take_deposit
from tenants.booking.domain.policies import write_policy
from tenants.booking.models import Booking, HoldPayment, PaymentRefund
from tests.bars.rights_world import session_of
from tests.booking.queue import work_off
from tests.ground.cast import NOW, Cast, local
from tests.web.storefront import browser, text_of

NOBODY_WAITS = "Nobody is waiting for money."


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


class Shop:
    """North, whose desk took ¥50 of Su's bookings and then cancelled them."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.chain = cast, cast.alpha
        self.store = self.chain.stores["north"].id
        self.list = f"/workbench/{self.store}/owed/"
        with chain_scope(self.chain.info):
            policy = {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}
            write_policy(policy, by=self.chain.actors["owner"], now=NOW)

    def owes(self, hour: int = 10, *, name: str = "") -> Booking:
        owner = self.chain.actors["owner"]
        with chain_scope(self.chain.info):
            whose = {"member": Guest(name)} if name else {"member": self.chain.members["su"].id}
            made = book(
                self.chain.services["facial"].id,
                store_id=self.store,
                starts_at=local(23, 9) + timedelta(hours=hour - 9),
                by=owner,
                now=NOW,
                **whose,
            )
            take_deposit(made.id, by=owner, now=NOW)
        with chain_scope(self.chain.info):
            cancel_booking(made.id, by=owner, now=NOW)
        work_off(NOW)
        return made

    def waiting(self) -> list[UUID]:
        with chain_scope(self.chain.info):
            return list(PaymentRefund.objects.filter(done_at=None).values_list("id", flat=True))

    def employee(self, who: str, language: str = "en") -> Client:
        client = browser(language)
        client.cookies.load(session_of(self.chain, user=self.chain.employees[who].user, member=None))
        return client

    def member(self, language: str = "en") -> Client:
        client = browser(language)
        client.cookies.load(session_of(self.chain, user=None, member=self.chain.members["su"].id))
        return client


@pytest.fixture()
def shop(cast: Cast) -> Shop:
    return Shop(cast)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("¥50.00 to give back · 1 sum is waiting", "Cancelled · waiting since", "Give back")),
        ("zh-Hans", ("要退还 ¥50.00 · 1 笔在等", "已取消 · ", "退款")),
    ],
)
def test_a_clerk_comes_from_the_day_and_gives_the_money_back(
    shop: Shop, language: str, words: tuple[str, ...]
) -> None:
    booking = shop.owes()
    clerk = shop.employee("clerk", language)
    day = clerk.get(f"/workbench/{shop.store}/")
    assert f'href="{shop.list}"' in day.content.decode() and "¥50.00" in text_of(day)
    page = text_of(clerk.get(shop.list))
    assert [one for one in words if one not in page] == []
    assert f"{booking.code[:4]}-{booking.code[4:]}" in page and "苏晴" in page
    (refund,) = shop.waiting()
    asked = text_of(clerk.get(f"{shop.list}{refund}/"))
    assert {"en": "¥50.00 handed over", "zh-Hans": "已交付 ¥50.00"}[language] in asked
    done = clerk.post(f"{shop.list}{refund}/")
    assert (done.status_code, done["Location"], shop.waiting()) == (302, shop.list, [])
    empty = text_of(clerk.get(shop.list))
    assert {"en": NOBODY_WAITS, "zh-Hans": "没有人在等退款。"}[language] in empty
    assert shop.list not in clerk.get(f"/workbench/{shop.store}/").content.decode()


def test_the_other_clerk_is_told_who_gave_it_back_and_the_list_is_as_it_is_now(shop: Shop) -> None:
    shop.owes(10)
    shop.owes(14, name="Lin")
    first, _second = shop.waiting()
    shop.employee("clerk").post(f"{shop.list}{first}/")
    told = shop.employee("cashier").post(f"{shop.list}{first}/")
    words = text_of(told)
    assert told.status_code == 409
    assert "Clerk gave back ¥50 (Sat 21 Nov, 12:00)." in words and "1 sum is waiting" in words
    gone = shop.employee("cashier").get(f"{shop.list}{first}/")
    assert (gone.status_code, gone["Location"]) == (302, shop.list)


def test_who_takes_no_money_is_neither_led_there_nor_let_in(shop: Shop) -> None:
    shop.owes()
    (refund,) = shop.waiting()
    practitioner = shop.employee("practitioner")
    assert shop.list not in practitioner.get(f"/workbench/{shop.store}/").content.decode()
    assert shop.list not in practitioner.get(f"/workbench/{shop.store}/more/").content.decode()
    assert practitioner.get(shop.list).status_code == 403
    assert practitioner.post(f"{shop.list}{refund}/").status_code == 403
    south = f"/workbench/{shop.chain.stores['south'].id}/owed/{refund}/"
    assert shop.employee("owner").post(south).status_code == 404
    assert shop.waiting() == [refund]


def test_before_the_plans_history_the_money_is_in_reach_though_the_panel_is_not(shop: Shop) -> None:
    booking = shop.owes()
    with platform_scope():
        ChainRow.objects.filter(id=shop.chain.info.id).update(entitlements={"retention_months": 1})
    forget_hosts()
    with chain_scope(shop.chain.info):
        long_ago = NOW - timedelta(days=400)
        Booking.objects.filter(id=booking.id).update(
            starts_at=long_ago, ends_at=long_ago + timedelta(hours=1)
        )
    clerk = shop.employee("clerk")
    panel = f"/workbench/{shop.store}/bookings/{booking.id}/"
    page = clerk.get(shop.list)
    assert (clerk.get(panel).status_code, panel in page.content.decode()) == (403, False)
    assert "17 Oct 2025" in text_of(page)
    (refund,) = shop.waiting()
    clerk.post(f"{shop.list}{refund}/")
    assert shop.waiting() == []


def test_a_long_list_has_pages_and_is_read_by_as_many_queries_as_a_short_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.workbench.owed.PAGE", 2)
    clerk = shop.employee("clerk")

    def queries(page: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert clerk.get(page).status_code == 200
        return len(caught)

    shop.owes(10, name="One")
    queries(shop.list)  # the session remembers the store
    few = queries(shop.list)
    for hour, name in ((12, "Two"), (14, "Three")):
        shop.owes(hour, name=name)
    assert queries(shop.list) == few
    first, second = text_of(clerk.get(shop.list)), text_of(clerk.get(f"{shop.list}?page=2"))
    assert [name in first for name in ("One", "Two", "Three")] == [True, True, False]
    assert ("Three" in second, "3 sums are waiting" in second, "2 / 2" in second) == (True, True, True)


def test_an_online_refund_that_is_late_says_so_and_can_be_asked_again(shop: Shop) -> None:
    booking = shop.owes()
    shop.employee("clerk").post(f"{shop.list}{shop.waiting()[0]}/")
    with chain_scope(shop.chain.info):
        payment = HoldPayment.objects.create(
            booking=booking, state="refund_due", amount=5000, returned=5000, currency="CNY",
            reference="fake-1", asked_at=NOW,
        )  # fmt: skip
        PaymentRefund.objects.create(
            payment=payment, amount=5000, cause="no_place", asked_at=NOW - timedelta(hours=1)
        )
    clerk = shop.employee("clerk")
    page = text_of(clerk.get(shop.list))
    assert "Paid when it was not needed any more" in page and "Nothing is under way to the provider" in page
    (refund,) = shop.waiting()
    assert clerk.get(f"{shop.list}{refund}/").status_code == 302
    assert clerk.post(f"{shop.list}{refund}/").status_code == 409
    assert clerk.post(f"{shop.list}{refund}/retry/")["Location"] == shop.list
    assert "The provider has not been asked yet" in text_of(clerk.get(shop.list))
    work_off(NOW)
    assert (shop.waiting(), NOBODY_WAITS in text_of(clerk.get(shop.list))) == ([], True)


def test_the_panel_names_the_sum_and_notes_nothing_where_another_waits(shop: Shop) -> None:
    booking = shop.owes()
    panel = f"/workbench/{shop.store}/bookings/{booking.id}/"
    clerk = shop.employee("clerk")
    assert '<input type="hidden" name="amount" value="5000">' in clerk.get(panel).content.decode()
    assert clerk.post(f"{panel}give-back/", {"amount": "4000"}).status_code == 409
    assert len(shop.waiting()) == 1
    clerk.post(f"{panel}give-back/", {"amount": "5000"})
    assert shop.waiting() == []


@pytest.mark.parametrize("who", ["owner", "store_manager"])
def test_the_office_says_what_waits_by_store(shop: Shop, who: str) -> None:
    office = shop.employee(who)
    assert "to give back" not in text_of(office.get("/manage/"))
    shop.owes()
    page = office.get("/manage/")
    assert "¥50.00 to give back North · 1 sum is waiting" in text_of(page)
    assert f'href="{shop.list}"' in page.content.decode()


@pytest.mark.parametrize(
    ("language", "waits", "fetch", "had"),
    [
        ("en", "¥50 of your deposit is waiting for you at the desk.", "Fetch it at North", "You have had your deposit of ¥50 back"),
        ("zh-Hans", "定金 ¥50 在前台等你来取。", "到North领取，报预约码", "定金 ¥50 已全额退还。"),
    ],
)  # fmt: skip
def test_the_member_sees_that_the_shop_owes_them_and_where_to_fetch_it(
    shop: Shop, language: str, waits: str, fetch: str, had: str
) -> None:
    booking = shop.owes()
    su = shop.member(language)
    ticket = text_of(su.get(f"/my/{booking.id}/"))
    assert (waits in ticket, fetch in ticket, f"{booking.code[:4]}-{booking.code[4:]}" in ticket) == (
        True,
    ) * 3
    shop.employee("clerk").post(f"{shop.list}{shop.waiting()[0]}/")
    ticket = text_of(su.get(f"/my/{booking.id}/"))
    assert (waits in ticket, had in ticket) == (False, True)
