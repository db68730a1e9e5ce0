"""Fixtures of the page tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests.ground.cast import Cast
from tests.web.storefront import change_chain


@pytest.fixture()
def shop(cast: Cast, empty_cache: None) -> Iterator[Cast]:
    """Alpha, open for bookings."""
    change_chain(cast, opened_at=timezone.now())
    yield cast
    change_chain(cast, opened_at=None, accent_tokens={})
