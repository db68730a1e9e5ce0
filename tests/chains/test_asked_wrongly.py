"""A question with more or fewer values than places is an error, and leaves the connection in step."""

from __future__ import annotations

from typing import Any

import pytest

from chains.postgresql.ask import Question, ask, ask_all
from chains.scope import chain_scope
from tests.ground.cast import Cast


def rows(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return found


@pytest.mark.parametrize("params", [(), (1,), (1, 2, 3)])
def test_as_many_values_as_places_or_none_is_sent(cast: Cast, params: tuple[int, ...]) -> None:
    for text in ("SELECT %s, %s", "SELECT %2$s, %1$s, %2$s"):
        for _time in range(3):
            with chain_scope(cast.alpha.info), pytest.raises(ValueError, match="2 places"):
                ask(Question(text, params, rows))


def test_what_was_to_be_prepared_beside_a_wrong_question_is_not_thought_prepared(cast: Cast) -> None:
    good, wrong = Question("SELECT 1 + %s", (1,), rows), Question("SELECT %s, %s", (1,), rows)
    with chain_scope(cast.alpha.info):
        ask(Question("SELECT 1", (), rows))
        ask(good)
        with pytest.raises(ValueError, match="2 places"):
            ask_all([good, wrong])
        assert [ask(good) for _time in range(3)] == [[(2,)]] * 3
