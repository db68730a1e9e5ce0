"""Parties and series that want the same at the same moment: one gets all of it, the others nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import OperationalError

from chains.scope import chain_scope
from tenants.booking.domain import attempts, plans
from tenants.booking.domain.groups import Item, book_group
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.series import SeriesWish, book_series, times_of
from tenants.booking.models import Booking
from tenants.booking.together import BookingGroup, BookingSeries
from tenants.members.models import Member
from tests.booking.conftest import MONDAY_TEN
from tests.ground.cast import NOW, SHANGHAI, Cast, Chain
from tests.ground.races import race

pytestmark = pytest.mark.race


def members(chain: Chain, count: int) -> list[Any]:
    with chain_scope(chain.info):
        return [Member.objects.create(name=f"m{n}", phone=None, created_at=NOW).id for n in range(count)]


def codes(answers: list[Any]) -> Counter[str]:
    return Counter(
        getattr(one, "code", type(one).__name__) if isinstance(one, Exception) else "all" for one in answers
    )


def parties(chain: Chain, count: int) -> list[Any]:
    """Each wants both practitioners at ten, every other one in the other order."""
    facial = chain.services["facial"].id
    both = [chain.employees["practitioner"].id, chain.employees["second"].id]
    return [
        partial(
            book_group,
            [
                Item(facial, MONDAY_TEN, practitioner_id=(both[::-1] if number % 2 else both)[0]),
                Item(
                    facial,
                    MONDAY_TEN,
                    practitioner_id=(both[::-1] if number % 2 else both)[1],
                    guest="with",
                ),
            ],
            store_id=chain.stores["north"].id,
            by=chain.actors["clerk"],
            now=NOW,
            member=member,
        )
        for number, member in enumerate(members(chain, count))
    ]


def test_of_four_parties_who_want_the_same_two_chairs_one_gets_both(cast: Cast) -> None:
    chain = cast.alpha
    answers = race(chain.info, parties(chain, 4))
    assert codes(answers) == {"all": 1, "plan_refused": 3}
    with chain_scope(chain.info):
        assert (Booking.objects.count(), BookingGroup.objects.count()) == (2, 1)
        assert Member.objects.filter(name="with").count() == 1
        assert list(check_bookings()) == []


def test_of_three_who_want_the_same_hour_of_every_week_one_gets_all_of_it(cast: Cast) -> None:
    chain = cast.alpha
    wish = SeriesWish(chain.services["facial"].id, 7, practitioner_id=chain.employees["practitioner"].id)
    times = times_of(MONDAY_TEN, interval_days=7, times=5, zone=SHANGHAI)
    acts = [
        partial(
            book_series,
            wish,
            times if number % 2 else times[::-1],
            store_id=chain.stores["north"].id,
            by=chain.actors["clerk"],
            now=NOW,
            member=member,
        )
        for number, member in enumerate(members(chain, 3))
    ]
    answers = race(chain.info, acts)
    assert codes(answers) == {"all": 1, "plan_refused": 2}
    with chain_scope(chain.info):
        assert (Booking.objects.count(), BookingSeries.objects.count()) == (5, 1)
        assert list(check_bookings()) == []


def meet_after_the_first(monkeypatch: pytest.MonkeyPatch, *, patience: float) -> None:
    """Two plans stop when each has taken its first part, if both can come that far."""
    take, both = plans._take, Barrier(2)

    def stop(index: int, part: Any, **more: Any) -> Any:
        placed = take(index, part, **more)
        if index == 0:
            with suppress(BrokenBarrierError):
                both.wait(patience)
        return placed

    monkeypatch.setattr(plans, "_take", stop)
    # a deadlock is told, not tried again
    monkeypatch.setattr(attempts, "_AGAIN", set())


def test_two_plans_in_opposite_order_wait_for_each_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    meet_after_the_first(monkeypatch, patience=3)
    answers = race(cast.alpha.info, parties(cast.alpha, 2))
    assert codes(answers) == {"all": 1, "plan_refused": 1}


@pytest.mark.mutant
def test_without_the_locks_taken_ahead_they_meet_in_a_deadlock(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet_after_the_first(monkeypatch, patience=30)
    monkeypatch.setattr("tenants.booking.domain.groups.lock_ahead", lambda *args, **more: None)
    answers = race(cast.alpha.info, parties(cast.alpha, 2))
    assert [one for one in answers if isinstance(one, OperationalError)] != []
