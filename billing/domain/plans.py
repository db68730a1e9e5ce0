"""Plans: what a chain can subscribe to, and the trial it starts with. Plans are rows, changed as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from billing.models import Plan
from chains.ports import TrialTerms

TRIAL_PLAN = "growth"


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """What a plan costs in one currency, in its minor units: for a month, and for a year paid at once."""

    currency: str
    month: int
    year: int


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan as shown to whoever may buy it; limits None are unlimited."""

    code: str
    name: str
    pitch: str
    prices: tuple[PlanPrice, ...]
    limits: dict[str, int | None]
    trial_days: int

    def price_in(self, currency: str) -> PlanPrice:
        """The price in a currency; in US dollars where it has none there."""
        by_code = {price.currency: price for price in self.prices}
        return by_code.get(currency) or by_code["USD"]


def plans_on_sale(*, language: str) -> list[PlanCard]:
    """The plans on sale in their order, with texts in `language` (zh-Hans or en, any case)."""
    return [
        PlanCard(
            code=plan.code,
            name=_in_language(plan.names, language),
            pitch=_in_language(plan.pitch, language),
            prices=tuple(
                PlanPrice(currency, price["month"], price["year"]) for currency, price in plan.prices.items()
            ),
            limits=dict(plan.limits),
            trial_days=plan.trial_days,
        )
        for plan in Plan.objects.filter(on_sale=True)
    ]


def terms_of_trial(*, now: datetime) -> TrialTerms:
    """A new chain tries the middle plan, with all that it allows, for the plan's days from `now` on."""
    plan = Plan.objects.get(code=TRIAL_PLAN)
    return TrialTerms(
        plan=plan.code, ends_at=now + timedelta(days=plan.trial_days), entitlements=dict(plan.limits)
    )


def _in_language(texts: Mapping[str, Any], language: str) -> str:
    wanted = "zh-Hans" if language.lower().startswith("zh") else "en"
    return str(texts.get(wanted) or texts["en"])
