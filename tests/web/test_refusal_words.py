"""One sentence for a refusal wherever it is read: by a program, at the desk, in the shop."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.holds import expire_holds_among
from tenants.booking.domain.redeem import redeem_code
from tenants.booking.models import Booking, Status
from tests.api.conftest import employee_program, member_program
from tests.ground.cast import NOW, Cast, local
from tests.web import storefront
from tests.web.workbench import _noon, make_booking, sign_in, text_of, url

__all__ = ["_noon", "sign_in"]  # fixtures

LANGUAGES = ["en", "zh-Hans"]
ISO = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}")


def told(cast: Cast, sign_in, booking: Booking, language: str) -> tuple[dict[str, object], str]:
    """The problem of redeeming the code at North by a program, and the page of it at the desk."""
    program = employee_program(cast.alpha, "clerk")
    body = {"store": str(cast.alpha.stores["north"].id), "code": booking.code}
    problem = program.post("redemptions", body, **{"Accept-Language": language}).json()
    desk = sign_in("clerk")
    desk.cookies["tessera_language"] = language.lower()
    page = text_of(desk.post(url(cast, "redeem/"), {"means": "code", "code": booking.code}))
    return problem, page


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The code is accepted from Thu 26 Nov, 00:00."),
        ("zh-Hans", "预约码从 11月26日 周四 00:00 起可以核销。"),
    ],
)
def test_too_early(cast: Cast, sign_in, language: str, sentence: str) -> None:
    problem, page = told(cast, sign_in, make_booking(cast, at=local(26, 19, 30)), language)
    assert (problem["code"], problem["detail"]) == ("too_early", sentence)
    assert problem["from"] == "2026-11-26T00:00:00+08:00"
    assert sentence in page


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "The booking ended Sat 21 Nov, 11:00."), ("zh-Hans", "预约已于 11月21日 周六 11:00 结束。")],
)
def test_too_late(cast: Cast, sign_in, language: str, sentence: str) -> None:
    problem, page = told(cast, sign_in, make_booking(cast, at=local(21, 10)), language)
    assert (problem["code"], problem["detail"], problem["until"]) == (
        "too_late",
        sentence,
        "2026-11-21T11:00:00+08:00",
    )
    assert sentence in page


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Accepted at North, Sat 21 Nov, 12:00, by Clerk."),
        ("zh-Hans", "11月21日 周六 12:00 在North由Clerk核销。"),
    ],
)
def test_already_redeemed(cast: Cast, sign_in, language: str, sentence: str) -> None:
    booking = make_booking(cast, at=local(21, 13))
    with chain_scope(cast.alpha.info):
        redeem_code(booking.store_id, code=booking.code, by=cast.alpha.actors["clerk"], now=NOW)
    problem, page = told(cast, sign_in, booking, language)
    assert (problem["code"], problem["detail"]) == ("already_redeemed", sentence)
    assert problem["redemption"]["at"] == "2026-11-21T12:00:00+08:00"  # type: ignore[index]
    assert sentence in page


@pytest.mark.parametrize(
    ("language", "title", "sentence"),
    [
        ("en", "Hold expired", "This booking was only held, and the hold has expired."),
        ("zh-Hans", "暂留已过期", "这个预约只是暂留，暂留时间已过。"),
    ],
)
@pytest.mark.parametrize("relay_came", [False, True])
def test_a_hold_that_ran_out_is_not_called_cancelled(
    cast: Cast, sign_in, language: str, title: str, sentence: str, relay_came: bool
) -> None:
    booking = make_booking(cast, at=local(22, 10), hold=True)
    if relay_came:
        with chain_scope(cast.alpha.info):
            expire_holds_among([booking.id], now=NOW)
            assert Booking.objects.get().status == Status.EXPIRED
    problem, page = told(cast, sign_in, booking, language)
    assert (problem["code"], problem["title"], problem["detail"]) == ("cancelled", title, sentence)
    assert sentence in page


def test_cancelled_is_called_cancelled(cast: Cast, sign_in) -> None:
    booking = make_booking(cast, at=local(22, 10))
    member_program(cast.alpha, "su").post(f"bookings/{booking.id}/cancel", {})
    problem, _page = told(cast, sign_in, booking, "en")
    assert (problem["code"], problem["detail"]) == ("cancelled", "This booking was cancelled.")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This booking could be changed until Sat 21 Nov, 10:00."),
        ("zh-Hans", "该预约在 11月21日 周六 10:00 之前可以更改。"),
    ],
)
def test_the_notice_is_gone(shop: Cast, language: str, sentence: str) -> None:
    booking = make_booking(shop, at=local(21, 14))
    program = member_program(shop.alpha, "su")
    problem = program.post(f"bookings/{booking.id}/cancel", {}, **{"Accept-Language": language}).json()
    assert (problem["code"], problem["detail"]) == ("notice_gone", sentence)
    assert problem["until"] == "2026-11-21T10:00:00+08:00"
    browser = storefront.browser(language)
    storefront.sign_in(browser)
    page = storefront.text_of(browser.post(f"/my/{booking.id}/cancel/"))
    assert sentence in page
    assert ISO.search(page) is None


def test_no_refusal_writes_a_time_as_machines_do(cast: Cast, sign_in) -> None:
    for at in (local(26, 19, 30), local(21, 10)):
        problem, page = told(cast, sign_in, make_booking(cast, at=at, now=NOW - timedelta(days=2)), "en")
        said = [str(problem[name]) for name in ("title", "detail", "fix")]
        assert [ISO.search(text) for text in [*said, page]] == [None] * 4
