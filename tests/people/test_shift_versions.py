"""Shifts and leave have one version an employee: who plans from an older one is refused, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from chains.refusals import StaleVersion
from chains.scope import chain_scope
from tenants.people.domain.shifts import (
    DatedShift,
    WeekShift,
    add_leave,
    cancel_leave,
    set_days,
    set_week,
)
from tenants.people.models import DayShift, Employee, Leave, WeeklyShift
from tests.ground.cast import Cast, local

Plan = dict[str, Callable[[int | None], object]]
MONDAY = date(2026, 11, 23)


@pytest.fixture()
def ya(cast: Cast) -> Iterator[Employee]:
    with chain_scope(cast.alpha.info):
        yield cast.alpha.employees["practitioner"]


@pytest.fixture()
def plans(cast: Cast, ya: Employee) -> Plan:
    """What changes Ya's plan at North, from a version."""
    north, owner = cast.alpha.stores["north"].id, cast.alpha.actors["owner"]
    away = {"starts_at": local(24, 0), "ends_at": local(25, 0), "reason": ""}
    return {
        "week": lambda version: set_week(ya.id, north, [WeekShift(1, 600, 720)], by=owner, version=version),
        "day": lambda version: set_days(
            ya.id, north, [DatedShift(MONDAY, None, None)], by=owner, version=version
        ),
        "leave": lambda version: add_leave(ya.id, by=owner, version=version, **away),  # type: ignore[arg-type]
    }


def version_of(employee: Employee) -> tuple[int, int]:
    """(plan, words)"""
    return Employee.objects.values_list("plan_version", "version").get(id=employee.id)


def test_every_change_of_the_plan_counts(cast: Cast, ya: Employee, plans: Plan) -> None:
    for at, change in enumerate(plans.values(), start=1):
        change(at)
        assert version_of(ya) == (at + 1, 1)
    cancel_leave(ya.id, Leave.objects.get().id, by=cast.alpha.actors["owner"])
    assert version_of(ya) == (5, 1)


@pytest.mark.parametrize("kind", ["week", "day", "leave"])
def test_a_plan_from_another_version_changes_nothing(ya: Employee, plans: Plan, kind: str) -> None:
    Employee.objects.filter(id=ya.id).update(plan_version=4)
    before = WeeklyShift.objects.filter(employee=ya).count()
    with pytest.raises(StaleVersion) as refused:
        plans[kind](3)
    assert refused.value.extra == {"version": 4}
    kept = (WeeklyShift.objects.filter(employee=ya).count(), DayShift.objects.count(), Leave.objects.count())
    assert (kept, version_of(ya)) == ((before, 0, 0), (4, 1))


def test_without_a_version_nothing_is_asked(ya: Employee, plans: Plan) -> None:
    Employee.objects.filter(id=ya.id).update(plan_version=4)
    plans["week"](None)
    assert version_of(ya) == (5, 1)


def test_another_persons_plan_does_not_age_this_one(cast: Cast, ya: Employee, plans: Plan) -> None:
    north, owner = cast.alpha.stores["north"].id, cast.alpha.actors["owner"]
    set_week(cast.alpha.employees["second"].id, north, [], by=owner, version=1)
    plans["week"](1)
    assert version_of(ya) == (2, 1)
