"""Every hook is in docs/verticals.md and has a real user in the core; every one of the docs exists."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass

import pytest

from tenants.extension import hooks
from tenants.extension.hooks import Hooks
from tenants.extension.registry import plugins_on
from tests.ground.plugin import ROOT

NAMES = [each.name for each in fields(Hooks)]


def test_hooks_and_the_headings_of_their_page_are_the_same_in_order() -> None:
    page = (ROOT / "docs" / "verticals.md").read_text()
    assert re.findall(r"^### `(\w+)`$", page, re.MULTILINE) == NAMES


def test_every_hook_says_a_sentence_in_the_hooks_file() -> None:
    source = (ROOT / "tenants" / "extension" / "hooks.py").read_text()
    body = source.partition("class Hooks:")[2]
    assert re.findall(r'^    (\w+): .*\n    """[A-Z][^"]+\."""$', body, re.MULTILINE) == NAMES


# What a service needs is stated in its own rows; only an industry's rule adds to them.
NOT_OF_THE_CORE = {"needs": "needs=claim_room,"}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_OF_THE_CORE])
def test_every_hook_has_a_user_in_the_core(name: str) -> None:
    assert [plugin.code for plugin in plugins_on(()) if getattr(plugin.hooks, name)] != []


@pytest.mark.parametrize(("name", "use"), NOT_OF_THE_CORE.items())
def test_what_the_core_does_not_use_the_taught_example_does(name: str, use: str) -> None:
    taught = ROOT / "docs" / "examples" / "escape_room" / "escape_room" / "hooks.py"
    assert use in taught.read_text()


def test_what_hooks_are_asked_with_and_answer_is_frozen() -> None:
    found = [one for one in vars(hooks).values() if is_dataclass(one) and one.__module__ == hooks.__name__]
    assert [one.__name__ for one in found if not one.__dataclass_params__.frozen] == []
    assert len(found) == 11
