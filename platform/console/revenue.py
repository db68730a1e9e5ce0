"""MRR and churn for operators: a chart and a table a currency, from our own tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.domain.revenue import MonthRevenue, monthly_revenue, read_changes, revenue_by_month, shown
from console.billing import money_words

MONTHS = 24
# A line of words stands above the highest bar, and one under all of them.
_WIDTH, _HEIGHT, _FOOT, _TOP = 720, 200, 20, 20


def revenue_page(*, now: datetime) -> dict[str, Any]:
    """The page's figures: MRR now by currency, and the last 24 months. One query."""
    changes = read_changes(until=now)
    today = now.astimezone(UTC).date().replace(day=1)
    index = today.year * 12 + today.month - MONTHS
    first = today.replace(year=index // 12, month=index % 12 + 1)
    months = revenue_by_month(changes, first=first, months=MONTHS, now=now)
    return {
        "title": _("Revenue"),
        "now_rows": [
            {"currency": currency, "mrr": money_words(shown(amount), currency)}
            for currency, amount in monthly_revenue(changes, at=now).items()
        ],
        "charts": [
            {
                "currency": currency,
                **draw_chart(rows, currency),
                "rows": [_row(row) for row in reversed(rows)],
            }
            for currency, rows in months.items()
        ],
    }


def draw_chart(rows: Sequence[MonthRevenue], currency: str) -> dict[str, Any]:
    """Bars of closing MRR as SVG numbers: no script, no style, and the table beside it says the same."""
    top = max((row.end for row in rows), default=Fraction(0)) or Fraction(1)
    head = _HEIGHT - _FOOT - _TOP
    step = _WIDTH // max(1, len(rows))
    bars = []
    for number, row in enumerate(rows):
        height = int(row.end * head / top)
        bars.append(
            {
                "x": number * step + 2,
                "y": _HEIGHT - _FOOT - height,
                "width": step - 4,
                "height": height,
                "label": f"{row.month:%Y-%m}: {money_words(shown(row.end), currency)}",
                "tick": f"{row.month:%m}" if number % 2 == 0 else "",
                "tick_x": number * step + step // 2,
            }
        )
    return {
        "bars": bars,
        "width": _WIDTH,
        "height": _HEIGHT,
        "base": _HEIGHT - _FOOT,
        "tick_y": _HEIGHT - 5,
        "top": money_words(shown(top), currency) if rows else "",
    }


def _row(row: MonthRevenue) -> dict[str, Any]:
    names = ("start", "new", "back", "more", "less", "lost", "end")
    return {
        "month": f"{row.month:%Y-%m}",
        "cells": [_cell(shown(getattr(row, name)), row.currency) for name in names],
        "churn": f"{float(row.churn) * 100:.1f} %",
        "chain_churn": f"{float(row.chain_churn) * 100:.1f} %",
        "chains": row.end_chains,
    }


def _cell(amount: int, currency: str) -> str:
    """An amount under its currency's heading; a dash for nothing."""
    return money_words(amount, currency).partition(" ")[2] if amount else "–"
