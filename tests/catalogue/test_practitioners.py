"""Who can do a service: one answer for search, the API, the workbench, the office and its warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.calendar import read_calendar
from tenants.booking.domain.offering import read_offering
from tenants.catalogue.domain.practitioners import read_practitioners, serving
from tenants.catalogue.domain.warnings import warn_of
from tenants.people.domain.shifts import WeekShift, set_week
from tenants.people.models import DayShift, Employee, Role, RoleGrant, Skill, WeeklyShift
from tests.ground.cast import NOW, Cast, make_employee

MONDAY = date(2026, 11, 23)


@pytest.fixture()
def north(cast: Cast) -> Iterator[Cast]:
    """In alpha's scope: its services, and the people at North."""
    with chain_scope(cast.alpha.info):
        yield cast


def names(cast: Cast, service: str = "facial", store: str = "north") -> list[str]:
    """By every way there is to ask; they must agree."""
    store_id, service_id = cast.alpha.stores[store].id, cast.alpha.services[service].id
    listed = list(
        serving(store_id=store_id, service_id=service_id).order_by("name").values_list("name", flat=True)
    )
    calendar = read_calendar(read_offering(store_id, service_id, by_staff=True), [MONDAY], now=NOW)
    assert [one.name for one in calendar.candidates.values()] == listed
    needed = frozenset(skill.id for skill in cast.alpha.services[service].skills.all())
    able = [one.employee.name for one in read_practitioners() if one.can_do(needed, store_id=store_id)]
    assert [name for name in able if _has_shift(name, store_id)] == listed
    return listed


def _has_shift(name: str, store_id: UUID) -> bool:
    rows = (WeeklyShift, DayShift)
    return any(model.objects.filter(employee__name=name, store_id=store_id).exists() for model in rows)


def test_skill_role_and_a_shift_at_the_store_are_all_it_takes(north: Cast) -> None:
    assert (names(north), names(north, store="south")) == (["Lin", "Ya"], ["Ning"])


def test_without_one_of_several_skills_nobody_can(north: Cast) -> None:
    north.alpha.services["facial"].skills.add(Skill.objects.create(name="laser"))
    assert names(north) == []


def test_a_service_without_skills_is_done_by_every_practitioner(north: Cast) -> None:
    make_employee("bo", Role.PRACTITIONER, store=north.alpha.stores["north"], practitioner=True)
    assert names(north, "short") == ["Bo", "Lin", "Ya"]


def test_who_left_or_is_no_practitioner_any_more_cannot(north: Cast) -> None:
    ya, lin = north.alpha.employees["practitioner"], north.alpha.employees["second"]
    Employee.objects.filter(id=ya.id).update(active=False)
    assert names(north) == ["Lin"]
    assert lin.resource is not None
    lin.resource.active = False
    lin.resource.save()
    assert names(north) == []


def test_whose_role_moved_to_another_store_is_not_booked_at_the_old_one(north: Cast) -> None:
    ya = north.alpha.employees["practitioner"]
    RoleGrant.objects.filter(employee=ya).update(store=north.alpha.stores["south"])
    assert (names(north), names(north, store="south")) == (["Lin"], ["Ning"])


def test_a_clerk_with_shifts_is_no_practitioner_of_that_store(north: Cast) -> None:
    ya, south = north.alpha.employees["practitioner"], north.alpha.stores["south"]
    RoleGrant.objects.create(employee=ya, role=Role.CLERK, store=south)
    WeeklyShift.objects.filter(employee=ya).delete()
    set_week(ya.id, south.id, [WeekShift(1, 600, 720)], by=north.alpha.actors["owner"])
    assert names(north, store="south") == ["Ning"]


def test_a_practitioner_of_the_whole_chain_serves_where_a_shift_is_planned(north: Cast) -> None:
    ya, south = north.alpha.employees["practitioner"], north.alpha.stores["south"]
    RoleGrant.objects.filter(employee=ya).update(store=None)
    assert names(north, store="south") == ["Ning"]
    DayShift.objects.create(employee=ya, store=south, on=MONDAY, starts=600, ends=720)
    assert names(north, store="south") == ["Ning", "Ya"]


def test_any_store_and_any_service_can_be_asked_for(north: Cast) -> None:
    facial = north.alpha.services["facial"].id
    everyone = ["Lin", "Ning", "Ya"]
    assert sorted(one.name for one in serving(service_id=facial)) == everyone
    assert sorted(one.name for one in serving()) == everyone


def test_skills_without_a_shift_are_no_lack_of_skills(north: Cast) -> None:
    """What is not planned yet is another warning's business, at each of the two stores."""
    WeeklyShift.objects.all().delete()
    facial = north.alpha.services["facial"]
    assert (names(north), [one.code for one in warn_of(facial)]) == ([], ["nobody_works", "nobody_works"])
    Employee.objects.filter(name="Ning").update(active=False)
    assert {one.code for one in warn_of(facial)} == {"nobody_works", "nobody_has_skills"}


def test_lists_read_a_fixed_number_of_queries(north: Cast, django_assert_num_queries: object) -> None:
    for number in range(5):
        make_employee(f"p{number}", Role.PRACTITIONER, store=north.alpha.stores["north"], practitioner=True)
    with django_assert_num_queries(3):  # type: ignore[operator]
        assert len(read_practitioners()) == 8
