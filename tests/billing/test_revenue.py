"""MRR and churn are exact: rational numbers until they are shown."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from billing.domain.revenue import Change, monthly_revenue, revenue_by_month, shown

NOW = datetime(2026, 12, 31, 23, tzinfo=UTC)
A, B, C = (UUID(int=number) for number in (1, 2, 3))


def _at(month: int, day: int = 10) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def test_a_years_price_counts_a_twelfth_exactly_and_is_rounded_once() -> None:
    changes = [Change(UUID(int=number), _at(1), "USD", "year", 100) for number in range(1, 8)]
    assert monthly_revenue(changes, at=NOW) == {"USD": Fraction(700, 12)}
    assert shown(Fraction(700, 12)) == 58
    # rounded one by one it would be 7 × 8
    assert sum(shown(change.monthly) for change in changes) == 56


def test_currencies_are_never_added_up_and_what_is_nothing_is_not_there() -> None:
    changes = [
        Change(A, _at(1), "CNY", "month", 59900),
        Change(B, _at(1), "USD", "month", 8900),
        Change(C, _at(1), "EUR", "month", 8500),
        Change(C, _at(2), "EUR", "month", 0),
    ]
    assert monthly_revenue(changes, at=NOW) == {"CNY": Fraction(59900), "USD": Fraction(8900)}
    assert monthly_revenue(changes, at=_at(1, 20))["EUR"] == Fraction(8500)


def test_a_months_movement_tells_new_more_less_lost_and_back() -> None:
    changes = [
        Change(A, _at(1), "CNY", "month", 100),
        Change(B, _at(1), "CNY", "month", 40),
        Change(A, _at(2), "CNY", "month", 150),
        Change(B, _at(2), "CNY", "month", 0),
        Change(A, _at(3), "CNY", "month", 30),
        Change(B, _at(3), "CNY", "year", 120),
    ]
    january, february, march = revenue_by_month(changes, first=date(2026, 1, 1), months=3, now=NOW)["CNY"]
    assert (january.new, january.end, january.churn) == (140, 140, 0)
    assert (february.more, february.lost, february.end) == (50, 40, 150)
    assert (february.churn, february.chain_churn) == (Fraction(2, 7), Fraction(1, 2))
    assert (march.less, march.back, march.new, march.end) == (120, 10, 0, 40)


def test_who_leaves_and_comes_back_within_a_month_has_not_left() -> None:
    changes = [
        Change(A, _at(1), "CNY", "month", 100),
        Change(A, _at(2, 3), "CNY", "month", 0),
        Change(A, _at(2, 20), "CNY", "month", 100),
    ]
    february = revenue_by_month(changes, first=date(2026, 2, 1), months=1, now=NOW)["CNY"][0]
    assert (february.lost, february.back, february.lost_chains, february.end) == (0, 0, 0, 100)


def test_the_movements_of_two_years_of_chance_add_up_and_agree_with_the_sum_at_each_months_end() -> None:
    chance = random.Random(4)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    changes = sorted(
        (
            Change(
                UUID(int=chance.randrange(1, 40)),
                start + timedelta(hours=chance.randrange(24 * 730)),
                chance.choice(("CNY", "JPY")),
                chance.choice(("month", "year")),
                chance.choice((0, 0, 4400, 44000, 59900, 599000, 71)),
            )
            for _number in range(900)
        ),
        key=lambda change: change.at,
    )
    for currency, months in revenue_by_month(changes, first=date(2025, 1, 1), months=24, now=NOW).items():
        for before, after in zip(months, [*months[1:], None], strict=True):
            moved = before.new + before.back + before.more - before.less - before.lost
            assert before.start + moved == before.end
            if after is not None:
                assert after.start == before.end
                end = datetime(after.month.year, after.month.month, 1, tzinfo=UTC) - timedelta(microseconds=1)
                assert monthly_revenue(changes, at=end).get(currency, 0) == before.end
