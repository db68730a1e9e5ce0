"""Monthly recurring revenue and churn, from our own append-only rows, exact to the minor unit.

A year's price counts a twelfth a month. That twelfth is a rational number (`fractions.Fraction`): sums are
taken over exact twelfths and rounded once, half to even, where a figure is shown. So twelve shown months of a
yearly price may differ from the year's price by less than a unit each, and no sum of many chains drifts.
Currencies are never added up: there is no rate at which ¥ and € are the same every day. A subscription counts
while it is active or past due (the provider still tries), before tax and after lasting discounts; a trial and
what the provider has given up on count nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from billing.models import RevenueChange

MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on a chain pays `amount` (minor units of `currency`) an `interval`; 0 is nothing."""

    chain_id: UUID
    at: datetime
    currency: str
    interval: str
    amount: int

    @property
    def monthly(self) -> Fraction:
        """What it is a month, exactly."""
        return Fraction(self.amount, MONTHS[self.interval])


@dataclass(slots=True)
class MonthRevenue:
    """A month in one currency: MRR when it began and ended, and what moved it. All exact minor units.

    `start + new + back + more - less - lost == end`. `lost_chains` of `start_chains` paid nothing any more.
    """

    month: date
    currency: str
    start: Fraction = Fraction(0)
    end: Fraction = Fraction(0)
    new: Fraction = Fraction(0)
    back: Fraction = Fraction(0)
    more: Fraction = Fraction(0)
    less: Fraction = Fraction(0)
    lost: Fraction = Fraction(0)
    start_chains: int = 0
    end_chains: int = 0
    lost_chains: int = 0

    @property
    def churn(self) -> Fraction:
        """The share of the month's opening MRR that left; 0 where there was none."""
        return self.lost / self.start if self.start else Fraction(0)

    @property
    def chain_churn(self) -> Fraction:
        """The share of the chains that paid when the month began and pay nothing when it ends."""
        return Fraction(self.lost_chains, self.start_chains) if self.start_chains else Fraction(0)


def read_changes(*, until: datetime) -> list[Change]:
    """Every change up to `until`, oldest first. One query, in the platform's scope."""
    rows = RevenueChange.objects.filter(at__lte=until).order_by("at", "id")
    return [Change(row.chain_id, row.at, row.currency, row.interval, row.amount) for row in rows]


def monthly_revenue(changes: Iterable[Change], *, at: datetime) -> dict[str, Fraction]:
    """MRR at a moment by currency, exact; currencies in alphabetical order, none that has nothing."""
    last: dict[UUID, Change] = {}
    for change in changes:
        if change.at <= at:
            last[change.chain_id] = change
    totals: dict[str, Fraction] = {}
    for change in last.values():
        if change.amount:
            totals[change.currency] = totals.get(change.currency, Fraction(0)) + change.monthly
    return dict(sorted(totals.items()))


def revenue_by_month(
    changes: Sequence[Change], *, first: date, months: int, now: datetime
) -> dict[str, list[MonthRevenue]]:
    """For each currency the months from `first` (a first of a month, UTC) on, the last one up to `now`.

    A chain that changes its currency is lost in the one and new in the other. What happens to one chain
    within a month is netted: who leaves and comes back in it has not left.
    """
    currencies = sorted({change.currency for change in changes if change.amount})
    starts = [_month_after(first, index) for index in range(months + 1)]
    return {currency: _months_of(changes, currency, starts, now=now) for currency in currencies}


def _months_of(
    changes: Sequence[Change], currency: str, starts: Sequence[date], *, now: datetime
) -> list[MonthRevenue]:
    found, ever = [], set[UUID]()
    ordered = sorted(changes, key=lambda change: change.at)
    paying: dict[UUID, Fraction] = {}
    position = 0
    for month, after in pairwise(starts):
        while position < len(ordered) and ordered[position].at.date() < month:
            _apply(paying, ever, ordered[position], currency)
            position += 1
        before, known = dict(paying), set(ever)
        while position < len(ordered) and ordered[position].at.date() < after:
            if ordered[position].at <= now:
                _apply(paying, ever, ordered[position], currency)
            position += 1
        found.append(_movement(month, currency, before, paying, known))
    return found


def _apply(paying: dict[UUID, Fraction], ever: set[UUID], change: Change, currency: str) -> None:
    if change.currency == currency and change.amount:
        paying[change.chain_id] = change.monthly
        ever.add(change.chain_id)
    else:
        paying.pop(change.chain_id, None)


def _movement(
    month: date,
    currency: str,
    before: dict[UUID, Fraction],
    after: dict[UUID, Fraction],
    known: set[UUID],
) -> MonthRevenue:
    row = MonthRevenue(month, currency)
    row.start, row.end = sum(before.values(), Fraction(0)), sum(after.values(), Fraction(0))
    row.start_chains, row.end_chains = len(before), len(after)
    for chain_id in before.keys() | after.keys():
        was, now = before.get(chain_id, Fraction(0)), after.get(chain_id, Fraction(0))
        if was and not now:
            row.lost += was
            row.lost_chains += 1
        elif now and not was:
            if chain_id in known:
                row.back += now
            else:
                row.new += now
        elif now > was:
            row.more += now - was
        else:
            row.less += was - now
    return row


def _month_after(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def shown(amount: Fraction) -> int:
    """Exact minor units as a whole number, half to even: the one place where a figure is rounded."""
    return round(amount)
