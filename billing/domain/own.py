"""A chain's own subscription, invoices and usage, read in the chain's scope through its doors in public."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateTimeField, Model

from billing.domain.entitling import entitlements_of
from billing.domain.plans import PlanCard, plan_cards
from billing.domain.standing import Cause
from billing.models import ChainStanding, Invoice, Plan, Subscription, SubscriptionStatus
from chains.domain.entitlements import Limit, allowed_by, read_own_row
from chains.models import ChainState
from tenants.booking.domain.history import count_hidden, history_start
from tenants.events.domain.usage import BOOKINGS, MESSAGES, month_of, read_usage
from tenants.people.domain.employees import count_employees
from tenants.people.domain.rights import Action, Actor, require
from tenants.stores.domain.stores import count_stores

M = TypeVar("M", bound=Model)
_OVER = (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wish that the provider has not answered; it is repeated until then. `kind` is change, cancel or resume,
    `plan` what a change would lead to."""

    kind: str
    since: datetime
    plan: str


@dataclass(frozen=True, slots=True)
class OwnBilling:
    """All that a chain may know of its billing. `subscription` None: it never had one.

    `credit` (minor units) is taken off the next invoices; `owed` are invoices that wait to be paid.
    """

    chain_id: UUID
    slug: str
    name: str
    state: ChainState
    held: bool
    plan: str
    trial_ends_at: datetime | None
    entitlements: dict[str, Any]
    currency: str
    time_zone: str
    subscription: Subscription | None
    standing: ChainStanding | None
    credit: int
    is_customer: bool
    plans: tuple[PlanCard, ...]
    waiting: tuple[Waiting, ...] = ()
    tax_ids: tuple[str, ...] = ()

    @property
    def running(self) -> Subscription | None:
        """The subscription, unless it is over or never began: what can be changed and cancelled."""
        row = self.subscription
        return row if row is not None and row.status not in _OVER else None

    @property
    def card(self) -> PlanCard | None:
        """The plan the chain has now; None where it is no longer on sale."""
        return next((card for card in self.plans if card.code == self.plan), None)

    @property
    def cause(self) -> Cause:
        """Why it is not paid for; NONE while it is."""
        return Cause(self.standing.cause) if self.standing is not None else Cause.NONE

    @property
    def until(self) -> datetime | None:
        """When the rung it stands on ends, where it stands on one that does; else the trial's end."""
        if self.state == ChainState.TRIAL:
            return self.trial_ends_at
        return self.standing.next_at if self.standing is not None else None

    def trial_left(self, *, now: datetime) -> datetime | None:
        """The trial's end where it is still ahead."""
        ends = self.trial_ends_at
        return ends if ends is not None and ends > now else None


@dataclass(frozen=True, slots=True)
class UsageLine:
    """How much of a limit is used, what is allowed now, and what the next larger plan allows (None: no limit).

    `used` is None where a limit is a rate or a time, not an amount. `more` is the plan that allows more.
    """

    limit: Limit
    used: int | None
    allowed: int | None
    more: PlanCard | None = None

    @property
    def is_over(self) -> bool:
        """More in use than allowed."""
        return self.used is not None and self.allowed is not None and self.used > self.allowed

    @property
    def share(self) -> int | None:
        """Whole percent of what is allowed, at most 100; None without a limit or an amount."""
        if self.used is None or self.allowed is None:
            return None
        return min(100, self.used * 100 // self.allowed) if self.allowed else 100

    @property
    def more_allowed(self) -> int | None:
        """What that plan allows; None is any amount."""
        return allowed_by(self.more.limits, self.limit) if self.more is not None else None


def read_billing(*, by: Actor, language: str) -> OwnBilling:
    """The active chain's billing. One query. Raises Forbidden."""
    require(by, Action.MANAGE_BILLING)
    return billing_of(language=language)


def billing_of(*, language: str) -> OwnBilling:
    """As read_billing, for what decides itself who may know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.own_billing()::text")
        told = json.loads(cursor.fetchone()[0])
    chain, customer = told["chain"], told["customer"] or {}
    return OwnBilling(
        chain_id=UUID(chain["id"]),
        slug=chain["slug"],
        name=chain["name"],
        state=ChainState(chain["state"]),
        held=chain["held"],
        plan=chain["plan"],
        trial_ends_at=_moment(chain["trial_ends_at"]),
        entitlements=chain["entitlements"],
        currency=chain["currency"],
        time_zone=chain["time_zone"],
        subscription=_row(Subscription, told["subscription"]),
        standing=_row(ChainStanding, told["standing"]),
        credit=customer.get("credit", 0),
        is_customer=bool(customer.get("stripe_id")),
        plans=tuple(plan_cards([Plan(**one) for one in told["plans"]], language=language)),
        waiting=tuple(
            Waiting(one["kind"], datetime.fromisoformat(one["since"]), one["plan"] or "")
            for one in told["waiting"]
        ),
        tax_ids=tuple(customer.get("tax_ids", ())),
    )


def own_cause() -> str:
    """Why the active chain is not paid for, as a Cause; '' while it is. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.own_billing() -> 'standing' ->> 'cause'")
        (cause,) = cursor.fetchone()
    return cause or ""


def read_invoices(*, by: Actor, at_most: int = 100) -> list[Invoice]:
    """The active chain's invoices that were issued, newest first. Raises Forbidden."""
    require(by, Action.MANAGE_BILLING)
    with connection.cursor() as cursor:
        cursor.execute("SELECT own_invoices::text FROM public.own_invoices(%s)", (at_most,))
        rows = [_row(Invoice, json.loads(text)) for (text,) in cursor.fetchall()]
    return [row for row in rows if row is not None]


def read_used(*, now: datetime) -> dict[Limit, int]:
    """How much of each limit the active chain uses now, the month's counts in its own zone."""
    own = read_own_row()
    usage = read_usage(month_of(now, ZoneInfo(own.time_zone)))
    return {
        Limit.STORES: count_stores(),
        Limit.EMPLOYEES: count_employees(),
        Limit.VERTICALS: len(own.verticals),
        Limit.BOOKINGS: usage.counts[BOOKINGS],
        Limit.MESSAGES: usage.counts[MESSAGES],
    }


def usage_lines(billing: OwnBilling, used: dict[Limit, int]) -> list[UsageLine]:
    """Every limit with what is used of it, in the order of Limit."""
    lines = []
    for limit in Limit:
        allowed = allowed_by(billing.entitlements, limit)
        lines.append(UsageLine(limit, used.get(limit), allowed, plan_with_more(billing, limit)))
    return lines


def entitlements_in(card: PlanCard, *, extra_stores: int) -> dict[str, Any]:
    """What that plan with so many stores on top would entitle to."""
    return entitlements_of(card.limits, extra_stores=extra_stores)


def history_shown(billing: OwnBilling, card: PlanCard | None = None, *, now: datetime) -> datetime | None:
    """The first moment of the history that the chain's plan shows, or that `card` would; None shows all."""
    limits = billing.entitlements if card is None else card.limits
    months = allowed_by(limits, Limit.RETENTION)
    return history_start(months, zone=ZoneInfo(billing.time_zone), now=now)


def count_lost_history(billing: OwnBilling, card: PlanCard, *, now: datetime) -> int:
    """How many bookings the chain's employees see now and would not with `card`. At most one query, in its scope."""
    return count_hidden(since=history_shown(billing, now=now), until=history_shown(billing, card, now=now))


def plan_with_more(billing: OwnBilling, limit: Limit) -> PlanCard | None:
    """The smallest plan that allows more of it than the chain has; None where none does."""
    allowed = allowed_by(billing.entitlements, limit)
    if allowed is None:
        return None
    for card in sorted(billing.plans, key=lambda one: one.position):
        more = allowed_by(card.limits, limit)
        if more is None or more > allowed:
            return card
    return None


def _row(model: type[M], told: dict[str, Any] | None) -> M | None:
    """A row that PostgreSQL wrote as JSON, as an object of the model that is not meant to be saved."""
    if told is None:
        return None
    fields = {field.attname: isinstance(field, DateTimeField) for field in model._meta.concrete_fields}
    # a column that the next version's migration has added is not ours to know
    known = {name: value for name, value in told.items() if name in fields}
    return model(**{name: _moment(value) if fields[name] else value for name, value in known.items()})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
