"""docs/rights.md says what the table of rights says."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from tenants.people.domain.rights import RIGHTS, Action
from tenants.people.domain.rights_page import MEANING, rights_page
from tenants.people.models import Role


def test_the_page_is_current():
    call_command("write_rights", "--check")


def test_every_action_has_a_sentence_and_every_role_a_column():
    assert set(MEANING) == set(Action)
    assert set(RIGHTS) == set(Role)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_has_a_mark_for_each_of_its_rights(role):
    rows = [line.split("|")[1:-1] for line in rights_page().splitlines() if line.startswith("| ")]
    column = [cell.strip() for cell in rows[0]].index(role.value.replace("_", " "))
    marked = {cells[1].strip(" `") for cells in rows[1:] if cells[column].strip()}
    assert marked == {action.value for action in RIGHTS[role]}
