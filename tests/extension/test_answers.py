"""Answers are checked in one place, whichever door they come through."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.extension.answers import DetailsInvalid, Step, check_answers
from tenants.extension.hooks import Field, Hooks
from tenants.extension.registry import Plugin

STEPS = [
    Step(Plugin("core", Hooks(), is_core=True), (Field("note", "Note", longest=5, fills="note"),)),
    Step(
        Plugin("game", Hooks()),
        (
            Field("players", "Players", "number", required=True, least=2, most=6, fills="party_size"),
            Field("level", "Level", "choice", choices=(("a", "A"), ("b", "B"))),
            Field("rules", "Agreed", "check", required=True),
            Field("name", "Name", longest=4),
        ),
    ),
]
FILLS: dict[str, Any] = {"note": "", "party_size": 2}


def wrong(given: dict[str, Any], **fills: Any) -> list[tuple[str, str]]:
    with pytest.raises(DetailsInvalid) as refused:
        check_answers(STEPS, given, fills={**FILLS, **fills})
    return [(error.field, error.code) for error in refused.value.errors]


def test_answers_are_kept_by_plug_in_and_what_fills_a_column_is_not() -> None:
    given = {"core": {"note": " hi "}, "game": {"players": "4", "level": "b", "rules": "on", "name": " Al "}}
    found = check_answers(STEPS, given, fills=FILLS)
    assert found.details == {"game": {"level": "b", "rules": True, "name": "Al"}}
    assert found.fills == {"note": "hi", "party_size": 4}


def test_a_column_that_was_told_elsewhere_answers_its_question() -> None:
    found = check_answers(STEPS, {"game": {"rules": True}}, fills={"note": "ok", "party_size": 3})
    assert (found.details, found.fills) == ({"game": {"rules": True}}, {"note": "ok", "party_size": 3})


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, [("details.game.rules", "required")]),
        ({"game": {"rules": True, "players": 7}}, [("party_size", "out_of_bounds")]),
        ({"game": {"rules": True, "players": 1.5}}, [("party_size", "not_a_number")]),
        ({"game": {"rules": True, "players": True}}, [("party_size", "not_a_number")]),
        ({"game": {"rules": True, "players": "٣"}}, [("party_size", "not_a_number")]),
        ({"game": {"rules": True, "level": "c"}}, [("details.game.level", "invalid_choice")]),
        ({"game": {"rules": True, "level": ["a"]}}, [("details.game.level", "invalid_choice")]),
        ({"game": {"rules": True, "name": "Albert"}}, [("details.game.name", "too_long")]),
        ({"game": {"rules": True, "name": {"a": 1}}}, [("details.game.name", "too_long")]),
        ({"game": {"rules": True, "other": 1}}, [("details.game.other", "unknown")]),
        ({"game": {"rules": True}, "spa": {}}, [("details.spa", "unknown")]),
        ({"game": "rules"}, [("details.game", "unknown"), ("details.game.rules", "required")]),
        ({"game": {"rules": True}, "core": {"note": "longer"}}, [("note", "too_long")]),
    ],
)
def test_every_wrong_answer_is_named(given: dict[str, Any], fields: list[tuple[str, str]]) -> None:
    assert wrong(given) == fields


def test_all_wrong_answers_are_told_at_once() -> None:
    assert wrong({"game": {"level": "z"}}, party_size=None) == [
        ("party_size", "required"),
        ("details.game.level", "invalid_choice"),
        ("details.game.rules", "required"),
    ]
