"""Pages that a plan's history cuts say so, and which plan shows the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from chains.hosts import forget_hosts
from chains.models import Chain
from chains.scope import chain_scope, platform_scope
from tenants.booking.models import Booking, Claim, Status
from tests.ground.cast import Cast, local
from tests.web.workbench import _noon, make_booking, sign_in, text_of, url

__all__ = ["_noon", "sign_in"]  # fixtures

OLD = datetime(2025, 11, 18, 4, 0, tzinfo=UTC)
KEPT = "History before 21 Nov 2025 is kept, and not shown"
GROWTH = "It is shown again with the plan Growth: 36 months of history."


@pytest.fixture()
def old(cast: Cast) -> Booking:
    """A visit of a year and three days ago, of a chain whose plan shows twelve months."""
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(
            plan="starter", entitlements={"retention_months": 12}
        )
    forget_hosts()
    made = make_booking(cast, at=local(23, 10))
    with chain_scope(cast.alpha.info):
        Claim.objects.filter(booking_id=made.id).update(active=False)
        Booking.objects.filter(id=made.id).update(
            starts_at=OLD, ends_at=OLD + timedelta(hours=1), status=Status.COMPLETED
        )
    return made


@pytest.mark.parametrize("path", ["?on=2025-11-18", "?on=2025-11-18&view=week", "scheduled/?on=2025-11-18"])
def test_a_day_before_the_history_says_that_it_is_kept(
    cast: Cast, old: Booking, sign_in: Callable[[str], Client], path: str
) -> None:
    words = text_of(sign_in("clerk").get(url(cast, path)))
    assert (KEPT in words, GROWTH in words, "Compare plans" in words) == (True, True, False)
    assert "Su" not in words.partition(KEPT)[2].split()
    assert "Compare plans" in text_of(sign_in("owner").get(url(cast, path)))


def test_a_search_says_so_where_it_cut_something_and_only_there(
    cast: Cast, old: Booking, sign_in: Callable[[str], Client]
) -> None:
    clerk = sign_in("clerk")
    found = text_of(clerk.get(url(cast, "find/"), {"q": old.code}))
    assert (KEPT in found, "Nothing found" in found) == (True, True)
    assert KEPT not in text_of(clerk.get(url(cast, "find/"), {"q": "nobody of that name"}))


def test_its_panel_is_refused_and_back_with_a_plan_that_keeps_longer(
    cast: Cast, old: Booking, sign_in: Callable[[str], Client]
) -> None:
    clerk = sign_in("clerk")
    refused = clerk.get(url(cast, f"bookings/{old.id}/"))
    assert refused.status_code == 403
    assert "This ended before Fri 21 Nov 2025" in text_of(refused)
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(entitlements={"retention_months": None})
    assert clerk.get(url(cast, f"bookings/{old.id}/")).status_code == 200


def test_a_practitioner_is_told_on_their_own_day(
    cast: Cast, old: Booking, sign_in: Callable[[str], Client]
) -> None:
    words = text_of(sign_in("practitioner").get("/workbench/mine/?on=2025-11-18"))
    assert KEPT in words


def test_today_says_nothing_of_it(cast: Cast, old: Booking, sign_in: Callable[[str], Client]) -> None:
    assert "is kept, and not shown" not in text_of(sign_in("clerk").get(url(cast)))
