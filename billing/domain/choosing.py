"""What a chain chooses to subscribe to, judged before anybody is asked for money. Calls nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.domain.entitling import OverUse, find_over_use
from billing.domain.own import OwnBilling, entitlements_in
from billing.domain.plans import PlanCard, basket_of, find_card
from billing.domain.subscriptions import AlreadySubscribed, CurrencyFixed, NoSubscription
from billing.port import Basket, IntervalName
from chains.domain.entitlements import Limit
from chains.models import ChainState
from chains.refusals import Refusal
from chains.support import with_support

# The provider keeps a trial only if its end is further away than two days.
TRIAL_KEPT_FROM = timedelta(hours=49)


class PlanTooSmall(Refusal):
    """More is in use than the plan allows; `over_use` says of what, how much, and how much it allows."""

    code = "plan_too_small"
    status = 422
    title = _("Too small for what you use")
    detail = _("You use more than this plan allows: %(what)s.")
    fix = _("Take out of use what is too much, then choose it again; or choose a larger plan.")

    def __init__(self, over: Sequence[OverUse]) -> None:
        rows = [{"limit": one.limit.value, "used": one.used, "allowed": one.allowed} for one in over]
        super().__init__(params={"what": OverUseWords(tuple(over))}, extra={"over_use": rows})


class HeldByOperators(Refusal):
    """The platform's operators suspended the chain: paying does not open it."""

    code = "held_by_operators"
    status = 409
    title = _("Suspended by the platform")
    detail = _("This brand was suspended by the platform, so nothing can be bought.")
    fix = with_support(
        _("Write to %(support)s; the reason stands on your first page."),
        _("The reason stands on your first page."),
    )


class NothingToChange(Refusal):
    """That is what the chain has already."""

    code = "nothing_to_change"
    status = 422
    title = _("Nothing to change")
    detail = _("This is the plan you have, with as many stores.")
    fix = _("Choose another plan, interval or number of stores.")


@dataclass(frozen=True, slots=True)
class OverUseWords:
    """What is too much, in the language active where it is read: 3 stores instead of 1."""

    over: tuple[OverUse, ...]

    def __str__(self) -> str:
        return gettext(", ").join(over_use_words(one) for one in self.over)


def over_use_words(one: OverUse) -> str:
    """`3 stores, 1 allowed` in the active language."""
    words = {
        Limit.STORES: ngettext(
            "%(used)d store, %(allowed)d allowed", "%(used)d stores, %(allowed)d allowed", one.used
        ),
        Limit.EMPLOYEES: ngettext(
            "%(used)d person, %(allowed)d allowed", "%(used)d people, %(allowed)d allowed", one.used
        ),
        Limit.VERTICALS: ngettext(
            "%(used)d industry, %(allowed)d allowed", "%(used)d industries, %(allowed)d allowed", one.used
        ),
    }
    return words[one.limit] % {"used": one.used, "allowed": one.allowed}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wish as it was sent; None is what the chain has, or what fits it."""

    plan: str
    interval: IntervalName | None = None
    extra_stores: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A wish that can be had: bought on the provider's page, or a change of what runs.

    `over` is what is in use beyond it; a choice with some is shown, never made (require_fits).
    """

    card: PlanCard
    basket: Basket
    way: Literal["checkout", "change"]
    trial_end: datetime | None
    over: tuple[OverUse, ...]

    def require_fits(self) -> None:
        """Raise PlanTooSmall where more is in use than it allows."""
        if self.over:
            raise PlanTooSmall(self.over)


def judge_choice(billing: OwnBilling, wanted: Wanted, used: Mapping[Limit, int], *, now: datetime) -> Choice:
    """What choosing this would be. The currency is the running subscription's, else the one asked for, else the
    chain's, else US dollars; the stores are those in use, unless told or kept.

    Raises PlanUnknown, PlanNotInCurrency, TooManyExtraStores, CurrencyFixed, HeldByOperators.
    """
    if billing.held:
        raise HeldByOperators
    card = find_card(billing.plans, wanted.plan)
    running = billing.running
    if running is not None and wanted.currency not in (None, running.currency):
        raise CurrencyFixed(params={"currency": running.currency}, extra={"currency": running.currency})
    currency = running.currency if running is not None else wanted.currency
    if currency is None:
        currency = card.price_in(billing.currency).currency
    kept = cast(IntervalName, running.interval) if running is not None else "month"
    basket = basket_of(
        card,
        interval=wanted.interval or kept,
        currency=currency,
        extra_stores=_extra_stores(billing, card, wanted, used),
    )
    over = find_over_use(entitlements_in(card, extra_stores=basket.extra_stores), used)
    trial_end = billing.trial_left(now=now)
    if running is not None or billing.state != ChainState.TRIAL:
        trial_end = None
    if trial_end is not None and trial_end < now + TRIAL_KEPT_FROM:
        trial_end = None
    return Choice(card, basket, "checkout" if running is None else "change", trial_end, tuple(over))


def require_checkout(billing: OwnBilling, choice: Choice) -> None:
    """Raise AlreadySubscribed where there is something to change instead, PlanTooSmall."""
    if billing.running is not None:
        raise AlreadySubscribed
    choice.require_fits()


def require_change(billing: OwnBilling, choice: Choice) -> None:
    """Raise NoSubscription where there is none, NothingToChange, PlanTooSmall."""
    running = billing.running
    if running is None:
        raise NoSubscription
    basket = choice.basket
    if (basket.plan, basket.interval, basket.extra_stores) == (
        running.plan,
        running.interval,
        running.extra_stores,
    ):
        raise NothingToChange
    choice.require_fits()


def _extra_stores(billing: OwnBilling, card: PlanCard, wanted: Wanted, used: Mapping[Limit, int]) -> int:
    """As many as asked for; of the plan one has, as many as one has; else as many as are in use and can be had."""
    if wanted.extra_stores is not None:
        return wanted.extra_stores
    running = billing.running
    if running is not None and running.plan == card.code:
        return running.extra_stores
    needed = card.extra_for(used.get(Limit.STORES, 0))
    if not card.prices[0].store_month:
        return 0
    room = None if card.most_stores is None else max(0, card.most_stores - (card.included_stores or 0))
    return needed if room is None else min(needed, room)
