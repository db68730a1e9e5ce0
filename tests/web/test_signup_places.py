"""What the sign-up page proposes before the browser has said where it is."""

from __future__ import annotations

import pytest
from django.test import Client

from web.signup.places import ZONES, home_of, zone_currencies


@pytest.mark.parametrize(
    ("language", "accepted", "home"),
    [
        ("zh-hans", "", ("Asia/Shanghai", "CNY")),
        ("zh-hans", "zh-CN,zh;q=0.9,en-US;q=0.8", ("Asia/Shanghai", "CNY")),
        ("zh-hans", "en-US,en;q=0.9", ("Asia/Shanghai", "CNY")),
        ("zh-hans", "zh-Hant-TW", ("Asia/Taipei", "TWD")),
        ("en", "", ("UTC", "USD")),
        ("en", "en", ("UTC", "USD")),
        ("en", "en-US,en;q=0.9", ("America/New_York", "USD")),
        ("en", "en-GB", ("Europe/London", "GBP")),
        ("en", "en-AU", ("Australia/Sydney", "AUD")),
        ("en", "en,de-DE;q=0.5", ("Europe/Berlin", "EUR")),
        ("en", "en-US;q=0.1,en-IE;q=0.9", ("Europe/Dublin", "EUR")),
        ("en", "en-AQ", ("UTC", "USD")),
        ("en", ";;,,\x00=*", ("UTC", "USD")),
    ],
)
def test_home_follows_the_visitors_languages(language: str, accepted: str, home: tuple[str, str]) -> None:
    assert home_of(language, accepted=accepted) == home
    assert home[0] in ZONES and home[1] in zone_currencies().values()


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("accepted", "zone", "currency"),
    [("zh-CN", "Asia/Shanghai", "CNY"), ("en-IE", "Europe/Dublin", "EUR"), ("en", "UTC", "USD")],
)
def test_page_begins_with_the_visitors_home(accepted: str, zone: str, currency: str) -> None:
    page = Client(headers={"host": "tessera.test", "accept-language": accepted}).get("/").content.decode()
    for chosen in (zone, currency):
        assert f'<option value="{chosen}" selected>' in page
