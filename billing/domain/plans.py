"""Plans: what a chain can subscribe to, and the trial it starts with. Plans are rows, changed as data.

A plan includes a number of stores (its limit `stores`); where it has an add-on, more can be bought one by one,
up to `most_stores` in all. Limits that are null do not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.domain.standing import TRIAL_NOTICE
from billing.models import Plan
from billing.port import Basket, IntervalName
from chains.domain.entitlements import Limit, allowed_by
from chains.due import mark_platform_due
from chains.ports import TrialTerms
from chains.refusals import FieldError, Refusal

TRIAL_PLAN = "growth"
# Due work that moves chains along; named here too, for the trial's end is marked before lifecycle is asked.
LIFECYCLE = "billing.lifecycle"


class PlanUnknown(Refusal):
    """There is no such plan on sale."""

    code = "plan_unknown"
    status = 422
    title = _("No such plan")
    detail = _("“%(plan)s” is not a plan that can be bought.")
    fix = _("Choose one of the plans on the prices page.")


class PlanNotInCurrency(Refusal):
    """The plan has no price in that currency."""

    code = "plan_not_in_currency"
    status = 422
    title = _("No price in this currency")
    detail = _("This plan has no price in %(currency)s.")
    fix = _("Choose one of these currencies: %(currencies)s.")


class TooManyExtraStores(Refusal):
    """More stores than this plan can have."""

    code = "too_many_stores_for_plan"
    status = 422
    title = _("Too many stores for this plan")
    detail = _("This plan can have %(most)d stores at most.")
    fix = _("Choose a larger plan.")


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """What a plan costs in one currency, in its minor units: for a month, and for a year paid at once.

    `store_month` and `store_year` are for each store beyond those included; None where none can be added.
    """

    currency: str
    month: int
    year: int
    store_month: int | None = None
    store_year: int | None = None

    def plan_amount(self, interval: IntervalName) -> int:
        """The plan's price an interval."""
        return self.month if interval == "month" else self.year

    def store_amount(self, interval: IntervalName) -> int | None:
        """One extra store's price an interval; None where none can be added."""
        return self.store_month if interval == "month" else self.store_year


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan as shown to whoever may buy it; limits None are unlimited, so is `most_stores`."""

    code: str
    name: str
    pitch: str
    prices: tuple[PlanPrice, ...]
    limits: dict[str, int | None]
    trial_days: int
    most_stores: int | None = None
    position: int = 0

    def price_in(self, currency: str) -> PlanPrice:
        """The price in a currency; in US dollars where it has none there."""
        by_code = {price.currency: price for price in self.prices}
        return by_code.get(currency) or by_code["USD"]

    @property
    def included_stores(self) -> int | None:
        """How many stores its price includes; None is any number."""
        return allowed_by(self.limits, Limit.STORES)

    def extra_for(self, stores: int) -> int:
        """How many must be bought on top for `stores` of them."""
        included = self.included_stores
        return 0 if included is None else max(0, stores - included)


def plans_on_sale(*, language: str) -> list[PlanCard]:
    """The plans on sale in their order, with texts in `language` (zh-Hans or en, any case)."""
    return plan_cards(Plan.objects.filter(on_sale=True), language=language)


def plan_cards(plans: Iterable[Plan], *, language: str) -> list[PlanCard]:
    """Rows as they are shown."""
    return [
        PlanCard(
            code=plan.code,
            name=_in_language(plan.names, language),
            pitch=_in_language(plan.pitch, language),
            prices=tuple(
                PlanPrice(
                    currency,
                    price["month"],
                    price["year"],
                    price.get("store_month"),
                    price.get("store_year"),
                )
                for currency, price in plan.prices.items()
            ),
            limits=dict(plan.limits),
            trial_days=plan.trial_days,
            most_stores=plan.most_stores,
            position=plan.position,
        )
        for plan in plans
    ]


def find_card(cards: Iterable[PlanCard], code: str) -> PlanCard:
    """The card of that code. Raises PlanUnknown."""
    found = next((card for card in cards if card.code == code), None)
    if found is None:
        error = FieldError("plan", "unknown", _("There is no such plan."))
        raise PlanUnknown(params={"plan": code[:40]}, errors=[error])
    return found


def basket_of(card: PlanCard, *, interval: IntervalName, currency: str, extra_stores: int) -> Basket:
    """What a chain buys: the plan for an interval in a currency, with stores on top.

    Raises PlanNotInCurrency, TooManyExtraStores (the plan has no add-on, or not for so many).
    """
    price = next((one for one in card.prices if one.currency == currency), None)
    if price is None:
        known = ", ".join(one.currency for one in card.prices)
        raise PlanNotInCurrency(params={"currency": currency, "currencies": known})
    store_amount = price.store_amount(interval)
    included = card.included_stores or 0
    most = card.most_stores
    if extra_stores and (store_amount is None or (most is not None and included + extra_stores > most)):
        raise TooManyExtraStores(params={"most": included if store_amount is None or most is None else most})
    return Basket(
        plan=card.code,
        interval=interval,
        currency=currency,
        plan_amount=price.plan_amount(interval),
        store_amount=store_amount or 0,
        extra_stores=extra_stores,
    )


def terms_of_trial(*, now: datetime) -> TrialTerms:
    """A new chain tries the middle plan, with all that it allows, for the plan's days from `now` on.

    The notice before the trial's end is marked due with it, in the transaction that opens the chain.
    """
    plan = Plan.objects.get(code=TRIAL_PLAN)
    ends_at = now + timedelta(days=plan.trial_days)
    mark_platform_due(LIFECYCLE, ends_at - TRIAL_NOTICE)
    return TrialTerms(plan=plan.code, ends_at=ends_at, entitlements=dict(plan.limits))


def _in_language(texts: Mapping[str, Any], language: str) -> str:
    wanted = "zh-Hans" if language.lower().startswith("zh") else "en"
    return str(texts.get(wanted) or texts["en"])
