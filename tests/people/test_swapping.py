"""Handing a day over: shifts change hands, other stores stay, nobody is in two places."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chains.scope import chain_scope
from tenants.people.domain.shifts import ShiftsOverlap
from tenants.people.domain.swapping import DayAt, exchange_shifts, joined, shifts_on
from tenants.people.models import DayShift, Employee, RoleGrant, ShiftSwap, WeeklyShift
from tests.ground.cast import NOW, Cast

MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)


def hours(cast: Cast, who: str, on: date) -> list[tuple[str, int, int]]:
    names = {store.id: store.name for store in cast.alpha.stores.values()}
    found = shifts_on(cast.alpha.employees[who].id, on)
    return [(names[row.store_id], row.starts // 60, row.ends // 60) for row in found]


def swap(cast: Cast, takes_on: date | None) -> ShiftSwap:
    return ShiftSwap.objects.create(
        store=cast.alpha.stores["north"],
        asker=cast.alpha.employees["practitioner"],
        colleague=cast.alpha.employees["second"],
        gives_on=MONDAY,
        takes_on=takes_on,
        asked_at=NOW,
    )


def off(cast: Cast, who: str, on: date) -> None:
    WeeklyShift.objects.filter(employee=cast.alpha.employees[who], weekday=on.isoweekday()).delete()


def test_a_day_given_away_is_the_colleagues_and_a_day_off(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        off(cast, "second", MONDAY)
        exchange_shifts(swap(cast, None))
        assert hours(cast, "practitioner", MONDAY) == []
        assert hours(cast, "second", MONDAY) == [("North", 9, 21)]
        assert hours(cast, "practitioner", MONDAY + timedelta(weeks=1)) == [("North", 9, 21)]


def test_two_days_change_hands(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        off(cast, "second", MONDAY)
        off(cast, "practitioner", TUESDAY)
        exchange_shifts(swap(cast, TUESDAY))
        both = [hours(cast, who, on) for who in ("practitioner", "second") for on in (MONDAY, TUESDAY)]
        assert both == [[], [("North", 9, 21)], [("North", 9, 21)], []]


def test_early_and_late_of_one_day_change_hands(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        north = cast.alpha.stores["north"]
        for who, starts, ends in (("practitioner", 9, 15), ("second", 15, 21)):
            DayShift.objects.create(
                employee=cast.alpha.employees[who],
                store=north,
                on=MONDAY,
                starts=starts * 60,
                ends=ends * 60,
            )
        exchange_shifts(swap(cast, MONDAY))
        assert hours(cast, "practitioner", MONDAY) == [("North", 15, 21)]
        assert hours(cast, "second", MONDAY) == [("North", 9, 15)]


def test_shifts_that_meet_at_the_store_become_one(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        exchange_shifts(swap(cast, None))
        assert hours(cast, "second", MONDAY) == [("North", 9, 21)]
        assert DayShift.objects.filter(employee=cast.alpha.employees["second"]).count() == 1


def test_nobody_takes_over_while_at_another_store(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        lin, south = cast.alpha.employees["second"], cast.alpha.stores["south"]
        RoleGrant.objects.create(employee=lin, role="practitioner", store=south)
        WeeklyShift.objects.filter(employee=lin, weekday=1).update(store=south)
        with pytest.raises(ShiftsOverlap):
            exchange_shifts(swap(cast, None))


def test_both_plans_count_as_changed(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        exchange_shifts(swap(cast, None))
        people = [cast.alpha.employees[who].id for who in ("practitioner", "second")]
        assert set(Employee.objects.filter(id__in=people).values_list("plan_version", flat=True)) == {2}


def test_joining_keeps_gaps_and_other_stores_apart(cast: Cast) -> None:
    north, south = cast.alpha.stores["north"].id, cast.alpha.stores["south"].id
    rows = [DayAt(900, 1000, north), DayAt(540, 600, north), DayAt(600, 660, north), DayAt(700, 800, south)]
    assert joined(rows, on=MONDAY) == [
        DayAt(540, 660, north),
        DayAt(700, 800, south),
        DayAt(900, 1000, north),
    ]
