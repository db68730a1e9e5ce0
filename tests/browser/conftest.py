"""What the browser tests of pages stand on: a shop of their own, a window without wishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import count
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from chains.domain.accent import make_accent
from tests.browser.live_site import LiveSite
from tests.ground.browser import PATIENCE, Site
from tests.ground.cast import Chain, fill_alpha
from tests.ground.chains import make_chain
from tests.ground.server import free_port, web_server

_numbers = count(1)


@pytest.fixture()
def platform_url(site: Site) -> str:
    """The platform's host under test, without a slash at the end."""
    return site.url("", "")


@pytest.fixture(scope="session")
def signup_site(django_db_setup: None) -> Iterator[Site]:
    """The web process with its port in its own address, since sign-up sends from host to host."""
    port = free_port()
    with web_server(threads=4, port=port, TESSERA_BASE=f"tessera.test:{port}"):
        yield Site(port)


@pytest.fixture(scope="session")
def live_site(django_db_setup: None) -> Iterator[LiveSite]:
    """Web and live process, on this worker's database; whoever stops one starts it again."""
    found = LiveSite()
    yield found
    for name in list(found.running):
        found.stop(name)


@pytest.fixture()
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh window without wishes; what its console says is the test's to judge."""
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture()
def open_shop(committed: None) -> Callable[..., Chain]:
    """`open_shop(name="栖白", locale="zh-Hans")`: a chain of its own, open for bookings, with alpha's cast in it."""

    def make(*, accent: str = "#2C7A66", **fields: Any) -> Chain:
        info = make_chain(
            f"shop{next(_numbers)}",
            **{
                "opened_at": timezone.now(),
                "accent": accent,
                "accent_tokens": asdict(make_accent(accent)),
                **fields,
            },
        )
        return fill_alpha(info)

    return make
