"""Employees come, change and leave; who may do it to whom, and what ends with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from api.domain.tokens import find_bearer, issue_token
from chains.outgoing import sent_messages
from chains.refusals import StaleVersion
from chains.scope import chain_scope
from tenants.people.domain.employees import (
    EmailInvalid,
    EmailTaken,
    change_employee,
    create_employee,
    find_employees,
    read_employee,
)
from tenants.people.domain.grants import LastOwner, RoleNotYours, RolesWrong
from tenants.people.domain.invitations import (
    VALID,
    InvitationGone,
    PasswordWeak,
    accept_invitation,
    invite,
    read_invitation,
)
from tenants.people.domain.rights import Forbidden, Grant, NotSeen
from tenants.people.domain.skills import SkillUnknown, read_skills
from tenants.people.domain.teams import serve_oneself, take_on
from tenants.people.models import AccessNote, Employee, Role, RoleGrant, Skill, WeeklyShift
from tenants.stores.domain.phones import PhoneInvalid
from tests.ground.cast import NOW, Cast

GOOD = "four words that hold"


def create(cast: Cast, *, by: str = "owner", **more: Any) -> Employee:
    asked = {
        "name": " Mei ",
        "email": " Mei@Alpha.test ",
        "phone": "",
        "roles": [Grant(Role.PRACTITIONER, cast.alpha.stores["north"].id)],
        "skills": ["facial", "massage", "facial"],
        **more,
    }
    return create_employee(**asked, by=cast.alpha.actors[by], chain=cast.alpha.info, now=NOW)


def change(cast: Cast, who: str, *, by: str = "owner", **more: Any) -> Employee:
    alpha = cast.alpha
    return change_employee(alpha.employees[who].id, by=alpha.actors[by], chain=alpha.info, now=NOW, **more)


def test_a_new_practitioner_can_be_booked_and_is_invited_after_the_commit(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        mei = create(cast, phone="138 0013 2040")
        assert (mei.name, mei.user.email, mei.phone) == ("Mei", "mei@alpha.test", "+8613800132040")
        assert mei.resource is not None and mei.resource.name == "Mei"
        assert sorted(skill.name for skill in mei.skills.all()) == ["facial", "massage"]
        assert not mei.user.has_usable_password()
    newest = sent_messages()[0]
    assert (newest["to"], newest["chain"]) == ("mei@alpha.test", "alpha")


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"email": "clerk@alpha.test"}, EmailTaken),
        ({"email": "nobody"}, EmailInvalid),
        ({"phone": "12"}, PhoneInvalid),
        ({"roles": []}, RolesWrong),
        ({"roles": [Grant(Role.OWNER, None)] * 2}, RolesWrong),
        ({"skills": ["01a1d7f0-0000-7000-8000-000000000000"]}, SkillUnknown),
    ],
)
def test_what_is_refused_of_a_new_employee_leaves_nobody(
    cast: Cast, more: dict[str, Any], refusal: type[Exception]
) -> None:
    with chain_scope(cast.alpha.info):
        before = Employee.objects.count()
        with pytest.raises(refusal), transaction.atomic():
            create(cast, **more)
        assert Employee.objects.count() == before


def test_a_manager_takes_on_people_of_the_own_store_up_to_the_own_role(cast: Cast) -> None:
    north, south = cast.alpha.stores["north"].id, cast.alpha.stores["south"].id
    with chain_scope(cast.alpha.info):
        for grant in (Grant(Role.CLERK, south), Grant(Role.CLERK, None), Grant(Role.OWNER, None)):
            with pytest.raises(RoleNotYours):
                create(cast, by="store_manager", roles=[grant])
        with pytest.raises(Forbidden):
            create(cast, by="clerk")
        create(cast, by="store_manager", roles=[Grant(Role.STORE_MANAGER, north)], skills=[])


def test_the_last_owner_neither_leaves_nor_steps_down(cast: Cast) -> None:
    north = cast.alpha.stores["north"].id
    with chain_scope(cast.alpha.info):
        for more in ({"active": False}, {"roles": [Grant(Role.CLERK, north)]}):
            with pytest.raises(LastOwner), transaction.atomic():
                change(cast, "owner", **more)
        change(cast, "clerk", roles=[Grant(Role.OWNER, None)])
        assert change(cast, "owner", active=False).active is False


def test_who_leaves_is_out_at_once_and_no_longer_bookable(cast: Cast) -> None:
    alpha = cast.alpha
    ya = alpha.employees["practitioner"]
    with chain_scope(alpha.info):
        token = issue_token(employee_id=ya.id, now=NOW)
        assert find_bearer(token, now=NOW) is not None
        secret = invite(ya, chain=alpha.info, now=NOW)
        left = change(cast, "practitioner", active=False)
        assert (left.user.is_active, left.user.has_usable_password()) == (False, False)
        assert left.resource is not None
        left.resource.refresh_from_db()
        assert left.resource.active is False
        assert find_bearer(token, now=NOW) is None
        with pytest.raises(InvitationGone):
            read_invitation(secret, now=NOW)
        change(cast, "practitioner", active=True)
        left.resource.refresh_from_db()
        assert left.resource.active is True


def test_a_change_of_rights_is_noted_with_before_and_after(cast: Cast) -> None:
    north = str(cast.alpha.stores["north"].id)
    with chain_scope(cast.alpha.info):
        change(cast, "clerk", roles=[Grant(Role.CASHIER, cast.alpha.stores["north"].id)])
        note = AccessNote.objects.get(act="roles_changed")
        assert note.detail == {"before": [["clerk", north]], "after": [["cashier", north]]}
        assert note.employee_id == cast.alpha.employees["owner"].id


def test_a_stale_change_is_refused(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        change(cast, "clerk", version=1, name="Tang")
        with pytest.raises(StaleVersion):
            change(cast, "clerk", version=1, name="Ning")


def test_a_store_manager_sees_the_own_stores_people_and_oneself(cast: Cast) -> None:
    alpha, manager = cast.alpha, cast.alpha.actors["store_manager"]
    with chain_scope(alpha.info):
        seen = {employee.id for employee in find_employees(by=manager)}
        at_north = RoleGrant.objects.filter(store=alpha.stores["north"]).values_list("employee_id", flat=True)
        assert seen == set(at_north)
        for hidden in (
            alpha.employees["owner"],
            alpha.employees["south_clerk"],
            cast.beta.employees["owner"],
        ):
            with pytest.raises(NotSeen):
                read_employee(hidden.id, by=manager)
        clerk = alpha.actors["clerk"]
        assert read_employee(alpha.employees["clerk"].id, by=clerk).id == clerk.employee_id
        with pytest.raises(Forbidden):
            find_employees(by=clerk)


def test_an_invitation_works_once_within_its_days_and_ends_the_ones_before(cast: Cast) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        clerk = alpha.employees["clerk"]
        old = invite(clerk, chain=alpha.info, now=NOW)
        new = invite(clerk, chain=alpha.info, now=NOW + timedelta(minutes=1))
        soon, late = NOW + timedelta(minutes=2), NOW + timedelta(minutes=1) + VALID
        for secret, now in ((old, soon), (new, late), ("guess", soon)):
            with pytest.raises(InvitationGone):
                read_invitation(secret, now=now)
        with pytest.raises(PasswordWeak) as refused:
            accept_invitation(new, "1234", now=soon)
        assert "password_too_short" in {error.code for error in refused.value.errors}
        assert accept_invitation(new, GOOD, now=soon).check_password(GOOD)
        with pytest.raises(InvitationGone):
            accept_invitation(new, GOOD, now=soon)
    with chain_scope(cast.beta.info), pytest.raises(InvitationGone):
        read_invitation(new, now=soon)


def test_whoever_is_taken_on_works_whenever_the_store_is_open(cast: Cast) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        mei = take_on(
            alpha.stores["north"].id, name="Mei", email="mei@alpha.test", skills=["facial"], week=None,
            by=alpha.actors["owner"], chain=alpha.info, now=NOW,
        )  # fmt: skip
        shifts = WeeklyShift.objects.filter(employee=mei).values_list("weekday", "starts", "ends")
        assert sorted(shifts) == [(weekday, 540, 1260) for weekday in range(1, 8)]


def test_an_owner_who_serves_keeps_the_role_and_may_say_so_twice(cast: Cast) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        for _time in range(2):
            owner = serve_oneself(
                alpha.stores["south"].id, skills=["facial"], week=None, by=alpha.actors["owner"],
                chain=alpha.info, now=NOW,
            )  # fmt: skip
        assert set(owner.grants.values_list("role", flat=True)) == {"owner", "practitioner"}
        assert WeeklyShift.objects.filter(employee=owner).count() == 7
        with pytest.raises(Forbidden):
            serve_oneself(
                alpha.stores["south"].id,
                skills=[],
                week=None,
                by=alpha.actors["su"],
                chain=alpha.info,
                now=NOW,
            )


def test_skills_are_found_by_id_or_name_and_made_once(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        facial = Skill.objects.get(name="facial")
        found = read_skills(
            [str(facial.id), "facial", " massage ", "", "massage"], by=cast.alpha.actors["owner"]
        )
        assert [skill.name for skill in found] == ["facial", "massage"]
        assert Skill.objects.count() == 2


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("role_known", {"role": "king"}),
        ("role_of_the_brand_is_chain_wide", {"role": "owner"}),
    ],
)
def test_the_database_refuses_a_role_that_cannot_be(
    cast: Cast, constraint: str, fields: dict[str, str]
) -> None:
    with chain_scope(cast.alpha.info):
        clerk = RoleGrant.objects.filter(employee=cast.alpha.employees["clerk"])
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            clerk.update(**fields)


@pytest.mark.parametrize("store", ["north", None])
def test_the_database_keeps_a_grant_once(cast: Cast, store: str | None) -> None:
    with chain_scope(cast.alpha.info):
        who = cast.alpha.employees["clerk" if store else "owner"]
        held = RoleGrant.objects.get(employee=who)
        with pytest.raises(IntegrityError, match="role_grant_once"), transaction.atomic():
            RoleGrant.objects.create(employee=who, role=held.role, store=held.store)
