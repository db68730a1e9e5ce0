"""The lines of a change, in the words of whoever reads them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from billing.domain.plans import PlanCard
from billing.domain.previews import line_words
from billing.port import PreviewLine
from tests.ground.cast import NOW

GROWTH = PlanCard("growth", "Growth", "", (), {}, 14)


def line(amount: int, *, proration: bool = True, plan: str = "growth", part: str = "plan", quantity: int = 1):
    return PreviewLine(
        "Unused time on it", amount, proration, NOW, NOW + timedelta(days=9), plan, part, quantity
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Growth, not used from now on",
                "Growth · 2 stores added, from now to the end of the period",
                "Growth · 1 store added, the whole period",
                "Unused time on it",
            ),
        ),
        (
            "zh-hans",
            (
                "Growth：从现在起未用的部分",
                "Growth · 加购 2 家门店：从现在到期末",
                "Growth · 加购 1 家门店：整个周期",
                "Unused time on it",
            ),
        ),
    ],
)
def test_a_line_says_what_it_is_for_in_the_readers_language(language: str, words: tuple[str, ...]) -> None:
    lines = (
        line(-300),
        line(500, part="store", quantity=2),
        line(900, part="store", proration=False),
        line(-1, plan="somebody-elses"),
    )
    with translation.override(language):
        assert tuple(line_words(one, [GROWTH]) for one in lines) == words
