"""Pickup windows follow the weekly plan, in the store's own time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tenants.booking.domain.items import Item
from tenants.booking.domain.pickups import (
    KEPT,
    PickupPlanWrong,
    PlanRow,
    lay_all_windows,
    lay_windows,
    plan_pickups,
)
from tenants.booking.models import PickupWindow, Pool
from tenants.people.domain.rights import Forbidden
from tenants.stores.models import Closure
from tests.booking.counted import Counted
from tests.ground.cast import NOW, SHANGHAI


def plan(counted: Counted, *rows: PlanRow, who: str = "owner") -> int:
    return plan_pickups(counted.store.id, counted.pickup.id, rows, by=counted.chain.actors[who], now=NOW)


def open_windows(counted: Counted) -> list[tuple[str, str, int]]:
    rows = PickupWindow.objects.filter(store=counted.store, open=True).order_by("starts_at")
    return [
        (
            f"{row.starts_at.astimezone(SHANGHAI):%d %H:%M}",
            f"{row.ends_at.astimezone(SHANGHAI):%H:%M}",
            row.pool.capacity,
        )
        for row in rows.select_related("pool")
    ]


def test_plan_lays_the_windows_of_two_weeks(counted: Counted) -> None:
    assert plan(counted, PlanRow(1, 600, 700, 45, 4)) == 4
    assert open_windows(counted) == [
        ("23 10:00", "10:45", 4),
        ("23 10:45", "11:30", 4),
        ("30 10:00", "10:45", 4),
        ("30 10:45", "11:30", 4),
    ]
    assert lay_windows(counted.store.id, now=NOW) == 4
    assert PickupWindow.objects.count() == 4


def test_closed_day_has_no_window(counted: Counted) -> None:
    Closure.objects.create(
        store=counted.store, starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 24), reason=""
    )
    plan(counted, PlanRow(1, 600, 660, 60, 4))
    assert [day for day, _end, _cap in open_windows(counted)] == ["30 10:00"]


def test_new_plan_closes_what_it_leaves_out_and_keeps_what_is_ordered(counted: Counted) -> None:
    window = counted.windows(cap=2)[0]
    serum = counted.product()
    for who in ("su", "chen"):
        counted.book(window_id=window.id, items=(Item(serum.id, 1),), who=who)
    plan(counted, PlanRow(1, 600, 660, 60, 1))
    assert open_windows(counted) == [("23 10:00", "11:00", 2), ("30 10:00", "11:00", 1)]
    plan(counted)
    assert open_windows(counted) == []
    assert counted.taken(window.pool_id) == (2, 2)


def test_housekeeping_lays_the_next_day_and_forgets_what_nobody_ordered(counted: Counted) -> None:
    counted.windows()
    booked = PickupWindow.objects.order_by("starts_at")[0]
    counted.book(window_id=booked.id, items=(Item(counted.product().id, 1),))
    before = set(PickupWindow.objects.values_list("id", flat=True))
    later = booked.ends_at + KEPT + timedelta(hours=2)
    assert lay_all_windows(now=later) is False
    after = set(PickupWindow.objects.values_list("id", flat=True))
    assert booked.id in after
    assert (len(before - after), len(after - before)) == (1, 4)
    assert Pool.objects.filter(kind="window").count() == PickupWindow.objects.count()


@pytest.mark.parametrize(
    "rows",
    [
        [PlanRow(1, 600, 600, 30, 1)],
        [PlanRow(1, 600, 620, 30, 1)],
        [PlanRow(8, 600, 660, 30, 1)],
        [PlanRow(1, 600, 660, 30, 0)],
        [PlanRow(1, 600, 660, 30, 1), PlanRow(1, 650, 720, 30, 1)],
        [PlanRow(1, 600, 1500, 30, 1)],
    ],
)
def test_plan_that_is_none_is_refused_by_row(counted: Counted, rows: list[PlanRow]) -> None:
    with pytest.raises(PickupPlanWrong) as refused:
        plan(counted, *rows)
    assert refused.value.errors[0].field == f"rows.{len(rows) - 1}"


def test_service_at_a_time_has_no_pickups_and_a_clerk_plans_none(counted: Counted) -> None:
    with pytest.raises(PickupPlanWrong):
        plan_pickups(counted.store.id, counted.chain.services["facial"].id, [], by=counted.owner, now=NOW)
    with pytest.raises(Forbidden):
        plan(counted, who="clerk")
