"""A request has one time: the clock is read once, at the edge, and handed on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime

import pytest
from django.utils import timezone

from tests.api.conftest import employee_program
from tests.ground.cast import Cast
from tests.web.storefront import PHONE, browser, held_id, sign_in, take, tomorrow

OURS = ("web.storefront.", "web.templatetags.", "api.")
Reads = Callable[[], list[str]]


@pytest.fixture()
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """The modules that read the clock since this was last asked."""
    real, seen = timezone.now, list[str]()

    def watched() -> datetime:
        name = sys._getframe(1).f_globals.get("__name__", "")
        if name.startswith(OURS):
            seen.append(name)
        return real()

    monkeypatch.setattr("django.utils.timezone.now", watched)

    def asked() -> list[str]:
        found = seen.copy()
        seen.clear()
        return found

    return asked


def test_a_visitors_pages_read_the_clock_once(shop: Cast, reads: Reads) -> None:
    client = browser()
    facial, north = shop.alpha.services["facial"].id, shop.alpha.stores["north"].id
    booking = held_id(take(client, shop, tomorrow(10)))
    reads()
    asked = [
        ("get", "/", {}),
        ("get", f"/book/{facial}/", {"store": north}),
        ("get", f"/book/{facial}/why/", {"store": north, "day": "2027-01-01", "clock": "10:00"}),
        ("get", f"/confirm/{booking}/", {}),
        ("post", f"/confirm/{booking}/", {"phone": PHONE, "send": "1"}),
        ("post", f"/confirm/{booking}/", {"phone": PHONE, "code": "000000"}),
        ("post", f"/confirm/{booking}/extend/", {}),
        ("get", f"/confirm/{booking}/resend/", {}),
        ("post", f"/confirm/{booking}/drop/", {}),
        ("get", "/my/sign-in/", {}),
        ("post", "/my/sign-in/", {"phone": "12", "send": "1"}),
        ("get", "/my/", {}),
    ]
    for method, path, data in asked:
        getattr(client, method)(path, data)
        assert (path, reads()) == (path, ["web.storefront.frame"])


def test_a_members_pages_read_the_clock_once(shop: Cast, reads: Reads) -> None:
    client = browser()
    sign_in(client)
    booking = take(client, shop, tomorrow(10))["Location"].split("?")[0]
    reads()
    for method, path in (
        ("get", "/my/"),
        ("get", booking),
        ("get", f"{booking}calendar.ics"),
        ("get", f"{booking}move/"),
        ("get", "/my/profile/"),
        ("post", f"{booking}cancel/"),
    ):
        assert getattr(client, method)(path).status_code in (200, 302)
        assert (path, reads()) == (path, ["web.storefront.frame"])


def test_a_call_of_the_api_reads_the_clock_once(shop: Cast, reads: Reads) -> None:
    clerk = employee_program(shop.alpha, "clerk")
    reads()
    assert clerk.get("bookings").status_code == 200
    assert reads() == ["api.views"]
