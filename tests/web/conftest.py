"""Fixtures of the page tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from chains.models import ChainState
from tests.ground.cast import NOW, Cast
from tests.web.storefront import change_chain


@pytest.fixture()
def shop(cast: Cast, empty_cache: None) -> Iterator[Cast]:
    """Alpha, open for bookings."""
    change_chain(cast, opened_at=timezone.now())
    yield cast
    change_chain(cast, opened_at=NOW, accent_tokens={})


@pytest.fixture()
def unopened(cast: Cast, empty_cache: None) -> Iterator[Cast]:
    """Alpha, still being set up."""
    change_chain(cast, opened_at=None)
    yield cast
    change_chain(cast, opened_at=NOW)


@pytest.fixture()
def read_only(cast: Cast, empty_cache: None) -> Iterator[Cast]:
    """Alpha, open once and read-only now."""
    change_chain(cast, state=ChainState.READ_ONLY)
    yield cast
    change_chain(cast, state=ChainState.TRIAL)
