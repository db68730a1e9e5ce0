"""Skills belong to the chain: who does not look after the catalogue may use them, not add one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from chains.scope import chain_scope
from tenants.people.domain.employees import change_employee
from tenants.people.domain.skills import SkillNotAdded, SkillUnknown, read_skills
from tenants.people.models import Skill
from tests.ground.cast import NOW, Cast, Chain


@pytest.fixture()
def alpha(cast: Cast) -> Iterator[Chain]:
    with chain_scope(cast.alpha.info):
        yield cast.alpha


def _names() -> list[str]:
    return list(Skill.objects.values_list("name", flat=True))


def test_known_skills_are_found_by_id_and_by_name_each_once(alpha: Chain) -> None:
    facial = Skill.objects.get()
    found = read_skills([str(facial.id), "facial", " facial "], by=alpha.actors["store_manager"])
    assert found == [facial]


@pytest.mark.parametrize("role", ["owner", "brand_manager"])
def test_who_looks_after_the_catalogue_adds_a_skill_by_its_name(alpha: Chain, role: str) -> None:
    assert [skill.name for skill in read_skills(["massage", "facial"], by=alpha.actors[role])] == [
        "facial",
        "massage",
    ]
    assert _names() == ["facial", "massage"]


def test_store_manager_adds_no_skill_to_the_chain(alpha: Chain) -> None:
    with pytest.raises(SkillNotAdded) as refused:
        read_skills(["facial", "massage"], by=alpha.actors["store_manager"])
    assert (refused.value.code, refused.value.status) == ("skill_not_added", 403)
    assert refused.value.sentence() == "“massage” is not among the skills, and your role may not add one."
    assert _names() == ["facial"]


def test_store_manager_gives_an_employee_a_known_skill_and_no_new_one(alpha: Chain) -> None:
    by, ya = alpha.actors["store_manager"], alpha.employees["practitioner"]
    change_employee(ya.id, by=by, chain=alpha.info, now=NOW, skills=["facial"])
    with pytest.raises(SkillNotAdded):
        change_employee(ya.id, by=by, chain=alpha.info, now=NOW, skills=["massage"])
    assert _names() == ["facial"]


def test_id_that_is_no_skills_is_unknown(alpha: Chain) -> None:
    with pytest.raises(SkillUnknown) as refused:
        read_skills(["facial", str(UUID(int=7))], by=alpha.actors["owner"])
    assert [error.field for error in refused.value.errors] == ["skills.1"]
