"""Members who all want the same thing at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.models import Booking
from tenants.members.models import Member
from tests.booking.conftest import MONDAY_TEN
from tests.ground.cast import NOW, Chain


def members(chain: Chain, count: int) -> list[Member]:
    """New members of the chain, whom nothing is known of but a name."""
    with chain_scope(chain.info):
        return [Member.objects.create(name=f"m{n}", phone=None, created_at=NOW) for n in range(count)]


def crowd(chain: Chain, count: int, **asked: Any) -> list[Callable[[], Booking]]:
    """The facial at North on Monday at ten for that many new members, by the clerk, with Ya unless told."""
    wish = {
        "store_id": chain.stores["north"].id,
        "starts_at": MONDAY_TEN,
        "by": chain.actors["clerk"],
        "practitioner_id": chain.employees["practitioner"].id,
        "now": NOW,
        **asked,
    }
    return [
        partial(book, chain.services["facial"].id, member=one.id, **wish) for one in members(chain, count)
    ]
