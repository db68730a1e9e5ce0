"""Who can do a service: the API, the desk, the shop and the office name the same people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.people.models import Role, RoleGrant, Skill
from tests.api.conftest import Program
from tests.ground.cast import Cast, make_employee
from tests.web import storefront
from tests.web.workbench import _noon, sign_in, url

__all__ = ["_noon", "sign_in"]  # fixtures


@pytest.fixture()
def moved(shop: Cast) -> Iterator[Cast]:
    """Bo has joined North; Ya is a practitioner of South now, with shifts at North that nobody took away."""
    north, south = shop.alpha.stores["north"], shop.alpha.stores["south"]
    with chain_scope(shop.alpha.info):
        skills = list(Skill.objects.filter(name="facial"))
        make_employee("bo", Role.PRACTITIONER, store=north, practitioner=True, skills=skills)
        RoleGrant.objects.filter(employee=shop.alpha.employees["practitioner"]).update(store=south)
    yield shop


def named(answer: Any) -> list[str]:
    """Which of the cast stand on the page, leaving out who is signed in."""
    found = re.findall(r">\s*(Bo|Lin|Ning|Ya)\s*<", answer.content.decode())
    return sorted(set(found))


def test_everybody_asks_the_same_question(moved: Cast, sign_in) -> None:
    alpha = moved.alpha
    north, facial = alpha.stores["north"].id, alpha.services["facial"].id
    listed = Program(alpha.info).get(f"practitioners?store={north}&service={facial}").json()["results"]
    assert [row["name"] for row in listed] == ["Bo", "Lin"]
    assert named(sign_in("clerk").get(url(moved, f"new/times/?service={facial}"))) == ["Bo", "Lin"]
    assert named(storefront.browser().get(f"/book/{facial}/?store={north}")) == ["Bo", "Lin"]
    # the office asks of North and South together, shifts or not
    office = sign_in("owner").get(f"/manage/services/{facial}/", headers={"HX-Request": "true"})
    assert named(office) == ["Bo", "Lin", "Ning", "Ya"]


def test_who_is_no_practitioner_any_more_is_named_nowhere(moved: Cast, sign_in) -> None:
    alpha = moved.alpha
    facial, ya = alpha.services["facial"].id, alpha.employees["practitioner"]
    with chain_scope(alpha.info):
        RoleGrant.objects.filter(employee=ya).update(role=Role.CLERK)
    office = sign_in("owner").get(f"/manage/services/{facial}/", headers={"HX-Request": "true"})
    assert named(office) == ["Bo", "Lin", "Ning"]
    listed = Program(alpha.info).get("practitioners").json()["results"]
    assert [row["name"] for row in listed] == ["Bo", "Lin", "Ning"]
