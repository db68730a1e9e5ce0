"""Bookings made briefly: what every test of this folder needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.booking.domain import offering
from tenants.booking.domain.book import book
from tenants.booking.models import Booking
from tenants.stores.domain import set_up
from tests.booking.counted import Counted
from tests.ground.cast import NOW, Cast, local

MONDAY_TEN = local(23, 10)


class Desk:
    """Books at North in alpha's open scope, for Su by default."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast.alpha

    def book(self, starts_at: datetime = MONDAY_TEN, *, who: str = "su", **asked: Any) -> Booking:
        """A booking of the facial with Ya, by the member."""
        asked = {
            "store_id": self.cast.stores["north"].id,
            "by": self.cast.actors[who],
            "practitioner_id": self.cast.employees["practitioner"].id,
            "now": NOW,
            **asked,
        }
        service = asked.pop("service", "facial")
        return book(self.cast.services[service].id, starts_at=starts_at, **asked)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """No offer and no set-up is known from the test before: a first booking is one."""
    offering._remembered.clear()
    set_up._kept = set_up._Kept()


@pytest.fixture()
def desk(cast: Cast) -> Desk:
    """See Desk."""
    return Desk(cast)


@pytest.fixture()
def counted(cast: Cast) -> Iterator[Counted]:
    """See Counted; alpha's scope is open for the whole test."""
    with chain_scope(cast.alpha.info):
        yield Counted(cast.alpha)
