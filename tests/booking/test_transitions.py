"""The life of a booking, as a table and as any sequence of acts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chains.refusals import Refusal
from chains.scope import chain_scope
from tenants.booking.domain.change import (
    cancel_booking,
    complete_booking,
    confirm_booking,
    mark_no_show,
    reschedule_booking,
)
from tenants.booking.domain.holds import expire_holds
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.redeem import redeem_booking, undo_redemption
from tenants.booking.domain.transitions import TABLE, Move, status_after
from tenants.booking.models import LIVE, Booking, Claim, Status
from tests.booking.conftest import Desk
from tests.ground.cast import NOW, Cast, local

ENDS = {Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW, Status.EXPIRED}


def test_only_a_late_payment_leads_out_of_an_end() -> None:
    assert {(before, move) for before, move in TABLE if before in ENDS} == {(Status.EXPIRED, Move.REVIVE)}


def test_every_status_but_the_first_two_is_reached() -> None:
    assert set(TABLE.values()) == set(Status)


def test_table_says_none_for_what_cannot_be() -> None:
    assert status_after("held", Move.REDEEM) is None
    assert status_after("confirmed", Move.REDEEM) == Status.ARRIVED


ACTS = st.lists(
    st.sampled_from(
        ["book", "hold", "confirm", "cancel", "move", "redeem", "undo", "complete", "no_show", "wait"]
    ),
    min_size=1,
    max_size=12,
)


class Rollback(Exception):
    """Ends an example, leaving nothing behind."""


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(acts=ACTS, picks=st.randoms(use_true_random=False))
def test_any_sequence_of_acts_keeps_every_promise(cast: Cast, acts: list[str], picks: Any) -> None:
    """Whatever is tried in whatever order: refused by name, or done; and the books are right after each."""
    with pytest.raises(Rollback), chain_scope(cast.alpha.info):
        _play(cast, acts, picks)
        raise Rollback


def _play(cast: Cast, acts: list[str], picks: Any) -> None:
    desk, chain = Desk(cast), cast.alpha
    clerk, manager, north = chain.actors["clerk"], chain.actors["store_manager"], chain.stores["north"].id
    now = local(23, 9)
    choose = picks.choice
    for act in acts:
        known = list(Booking.objects.values_list("id", flat=True))
        starts_at = local(23, 10) + timedelta(minutes=30 * choose(range(12)))
        if act == "wait":
            now += timedelta(minutes=choose([5, 11, 60]))
            expire_holds(now=now)
        elif act in ("book", "hold") or known:
            one: Any = choose(known) if known else None
            doors: dict[str, Callable[[], object]] = {
                "book": partial(desk.book, starts_at, who=choose(["su", "chen"]), now=now),
                "hold": partial(desk.book, starts_at, who=choose(["su", "chen"]), now=now, hold=True),
                "confirm": partial(confirm_booking, one, by=clerk, now=now),
                "cancel": partial(cancel_booking, one, by=manager, now=now),
                "move": partial(
                    reschedule_booking, one, starts_at=starts_at, by=manager, now=now, anybody=True
                ),
                "redeem": partial(redeem_booking, north, booking_id=one, by=clerk, now=now),
                "undo": partial(undo_redemption, one, by=clerk, now=now),
                "complete": partial(complete_booking, one, by=clerk, now=now),
                "no_show": partial(mark_no_show, one, by=clerk, now=now),
            }
            with suppress(Refusal):
                doors[act]()
        assert check_bookings() == []
        live = Booking.objects.filter(status__in=LIVE).count()
        assert Claim.objects.filter(active=True).count() == live


def test_integrity_check_notices_each_kind_of_damage(cast: Cast, desk: Desk) -> None:
    from tenants.booking.models import Pool, Redemption

    def promises() -> set[str]:
        return {breach.promise for breach in check_bookings()}

    with chain_scope(cast.alpha.info):
        made = desk.book()
        assert promises() == set()
        mine = Booking.objects.filter(id=made.id)
        Claim.objects.filter(booking=made).update(active=False)
        assert "a live booking claims what it needs" in promises()
        Claim.objects.filter(booking=made).update(active=True)
        mine.update(status="cancelled")
        assert promises() == {
            "a booking that is over claims nothing",
            "a booking's last transition led to its status",
        }
        mine.update(status="arrived")
        assert "a booking that arrived was redeemed, and no other" in promises()
        mine.update(status="confirmed", version=9)
        assert promises() == {"what happened to a booking stands in the outbox"}
        mine.update(version=1)
        Claim.objects.filter(booking=made).update(ends_at=NOW + timedelta(days=9))
        assert promises() == {"a claim's times are those of its range"}
        claim = Claim.objects.get(booking=made)
        Claim.objects.filter(booking=made).update(ends_at=claim.during.upper)
        Pool.objects.create(store=cast.alpha.stores["north"], kind="stock", capacity=5, taken=2)
        assert promises() == {"a pool has taken what is claimed of it"}
        assert Redemption.objects.count() == 0
