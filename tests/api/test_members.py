"""Members: their own profile; for employees the search, with phones masked."""

from __future__ import annotations

import pytest

from api.models import IdempotencyKey
from chains.scope import chain_scope
from tenants.people.models import AccessNote
from tests.api.conftest import employee_program, member_program


@pytest.fixture()
def clerk(cast):
    return employee_program(cast.alpha, "clerk")


def test_a_member_reads_and_changes_their_own_profile(cast):
    su = member_program(cast.alpha, "su")
    me = su.get("members/me").json()
    assert (me["name"], me["phone"], me["phone_masked"]) == ("苏晴", "+8613800000001", False)
    changed = su.patch("members/me", {"name": "苏晴晴", "locale": "zh-Hans", "version": 1}).json()
    assert (changed["name"], changed["locale"], changed["version"]) == ("苏晴晴", "zh-Hans", 2)
    assert su.patch("members/me", {"name": "x", "version": 1}).status_code == 409
    assert su.patch("members/me", {"locale": "tlh"}).status_code == 400
    assert su.patch("members/me", {"phone": "+8613800000003"}).status_code == 400
    assert su.patch("members/me", {"note": "vip"}).status_code == 400


def test_a_member_sees_no_other_member(cast):
    su, chen = member_program(cast.alpha, "su"), cast.alpha.members["chen"]
    assert su.get(f"members/{chen.id}").status_code == 404
    assert su.patch(f"members/{chen.id}", {"name": "x"}).status_code == 404
    assert su.get("members").status_code == 403
    assert su.get(f"members/{cast.alpha.members['su'].id}").status_code == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("苏", ["苏晴"]),
        ("chen", ["Chen Ke"]),
        ("0002", ["Chen Ke"]),
        ("1380 0000 001", ["苏晴"]),
        ("02", []),
        ("", ["Chen Ke", "苏晴"]),
    ],
)
def test_members_are_found_by_name_or_end_of_the_phone(clerk, query, names):
    found = clerk.get(f"members?q={query}").json()["results"]
    assert sorted(row["name"] for row in found) == names
    assert all(row["phone"].startswith("138 **** 00") for row in found)


def test_revealing_a_phone_is_noted(cast, clerk):
    su = cast.alpha.members["su"]
    assert clerk.get(f"members/{su.id}").json()["phone"] == "138 **** 0001"
    assert clerk.post(f"members/{su.id}/phone").json() == {"phone": "+8613800000001"}
    with chain_scope(cast.alpha.info):
        note = AccessNote.objects.get()
    assert (note.act, note.subject_id, note.employee_id) == (
        "phone_revealed",
        su.id,
        cast.alpha.employees["clerk"].id,
    )


def test_a_revealed_phone_is_kept_under_no_key_and_each_showing_is_noted(cast, clerk):
    path = f"members/{cast.alpha.members['su'].id}/phone"
    for _ in range(2):
        assert clerk.post(path, key="show-su").json() == {"phone": "+8613800000001"}
    with chain_scope(cast.alpha.info):
        assert AccessNote.objects.filter(act="phone_revealed").count() == 2
        assert IdempotencyKey.objects.count() == 0


def test_who_may_not_is_forbidden_and_nothing_is_noted(cast):
    su = cast.alpha.members["su"]
    cashier = employee_program(cast.alpha, "cashier")
    assert cashier.post(f"members/{su.id}/phone").status_code == 403
    assert cashier.get(f"members/{su.id}").status_code == 200
    reader = employee_program(cast.alpha, "read_only")
    assert reader.get(f"members/{su.id}").status_code == 403
    with chain_scope(cast.alpha.info):
        assert AccessNote.objects.count() == 0


def test_another_chains_member_is_not_there(cast, clerk):
    assert clerk.get(f"members/{cast.beta.members['su'].id}").status_code == 404


def test_an_employee_changes_the_note(cast, clerk):
    path = f"members/{cast.alpha.members['su'].id}"
    assert clerk.patch(path, {"note": "Sensitive skin"}).json()["note"] == "Sensitive skin"
    assert "note" not in member_program(cast.alpha, "su").get("members/me").json()
