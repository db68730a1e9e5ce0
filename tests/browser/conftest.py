"""What the browser tests of pages stand on: a shop of their own, a window without wishes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.live_site import LiveSite
from tests.browser.shops import Shops
from tests.ground.browser import PATIENCE, Site


@pytest.fixture()
def platform_url(site: Site) -> str:
    """The platform's host under test, without a slash at the end."""
    return site.url("", "")


@pytest.fixture(scope="session")
def live_site(site: Site) -> Iterator[LiveSite]:
    """The web process with the live process beside it; whoever stops that starts it again."""
    found = LiveSite(site)
    yield found
    found.stop()


@pytest.fixture()
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh window without wishes; what its console says is the test's to judge."""
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture()
def open_shop(committed: None) -> Shops:
    """Chains of the test's own."""
    return Shops()
