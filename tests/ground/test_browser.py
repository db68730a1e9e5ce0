"""What a browser in a worker means for the tests that come after it there."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from playwright.sync_api import Browser

from chains.models import Chain

pytestmark = pytest.mark.browser


@pytest.mark.django_db
def test_queries_go_on_beside_a_browser_and_are_refused_in_a_coroutine_still(chromium: Browser) -> None:
    assert Chain.objects.filter(slug="nobody").count() == 0

    async def ask() -> int:
        return Chain.objects.count()

    with ThreadPoolExecutor(1) as thread, pytest.raises(SynchronousOnlyOperation):
        thread.submit(asyncio.run, ask()).result()
