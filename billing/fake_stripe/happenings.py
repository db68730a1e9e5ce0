"""What happens by itself as time goes by: renewals, trials that end, drafts that are issued, payments tried again."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from billing.fake_stripe.changes import full_lines, interval_of, period_of, set_period
from billing.fake_stripe.checkout import expire
from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.invoices import (
    FINALIZED_AFTER,
    collect,
    finalize,
    issue,
    make_invoice,
    plan_retry,
    void,
)
from billing.fake_stripe.params import Params, known, number
from billing.fake_stripe.periods import DAY, next_end
from billing.fake_stripe.store import Object
from billing.fake_stripe.subscriptions import (
    end_subscription,
    follow_payment,
    is_live,
    subscription_of_id,
)
from billing.fake_stripe.world import World

INCOMPLETE_LASTS = 23 * 3_600
TRIAL_WARNING = 3 * DAY
_MOST = 100_000


@dataclass(frozen=True, order=True)
class Happening:
    """Something due at a time; of two at the same time the one earlier in this order comes first."""

    at: int
    order: int
    kind: Literal["finalize", "retry", "warn", "renew", "expire_subscription", "expire_session"]
    key: str


def create_clock(world: World, params: Params) -> Object:
    """POST /v1/test_helpers/test_clocks."""
    known(params, {"frozen_time", "name"})
    frozen = number(params, "frozen_time")
    if frozen is None:
        raise ApiError("Missing required param: frozen_time.", code="parameter_missing", param="frozen_time")
    clock = world.fresh(
        "test_helpers.test_clock",
        deletes_after=world.now() + 30 * DAY,
        frozen_time=frozen,
        name=params.get("name"),
        status="ready",
        status_details={"advancing": None},
    )
    return world.put(clock)


def advance_clock(world: World, params: Params, key: str) -> Object:
    """POST /v1/test_helpers/test_clocks/{id}/advance: everything up to then happens, in order."""
    known(params, {"frozen_time"})
    clock = world.need(key, "test_helpers.test_clock", name="test clock")
    target = number(params, "frozen_time")
    if target is None or target <= clock["frozen_time"]:
        raise ApiError("You can only advance a test clock to the future.", param="frozen_time")
    happen(world, key, until=target)
    clock["frozen_time"] = target
    world.put(clock)
    world.tell("test_helpers.test_clock.ready", clock)
    # as Stripe answers: the work is under way, and a look at the clock says when it is done
    return {**clock, "status": "advancing", "status_details": {"advancing": {"target_frozen_time": target}}}


def happen(world: World, clock: str | None, *, until: int, customer: str | None = None) -> int:
    """Let everything happen that is due on a clock up to `until`, in the order of time; how much did.

    `customer` leaves all others, and pages that are open, as they are.
    """
    for count in range(_MOST):
        following = min(_due(world, clock, customer), default=None)
        if following is None or following.at > until:
            return count
        with world.moment(clock, following.at):
            _bring_about(world, following)
    raise ApiError("Too much happens.", status=500, kind="api_error")


def _due(world: World, clock: str | None, only: str | None = None) -> Iterator[Happening]:
    customers = {
        each["id"]
        for each in world.store.all("customer")
        if each["test_clock"] == clock and not each.get("deleted") and only in (None, each["id"])
    }
    for subscription in world.store.all("subscription"):
        if subscription["customer"] in customers and is_live(subscription):
            yield from _due_of(subscription)
    for invoice in world.store.all("invoice"):
        if invoice["customer"] not in customers:
            continue
        if invoice["status"] == "draft" and invoice["auto_advance"]:
            yield Happening(invoice["automatically_finalizes_at"], 0, "finalize", invoice["id"])
        elif invoice["status"] == "open" and invoice["next_payment_attempt"] is not None:
            yield Happening(invoice["next_payment_attempt"], 1, "retry", invoice["id"])
    for session in world.store.all("checkout.session") if only is None else ():
        if session["customer"] in customers and session["status"] == "open":
            yield Happening(session["expires_at"], 5, "expire_session", session["id"])


def _due_of(subscription: Object) -> Iterator[Happening]:
    key = subscription["id"]
    if subscription["status"] == "incomplete":
        yield Happening(subscription["created"] + INCOMPLETE_LASTS, 4, "expire_subscription", key)
        return
    yield Happening(period_of(subscription)[1], 3, "renew", key)
    warned = subscription.get("_warned_of") == subscription["trial_end"]
    if subscription["status"] == "trialing" and not warned:
        yield Happening(max(subscription["trial_end"] - TRIAL_WARNING, 0), 2, "warn", key)


def _bring_about(world: World, what: Happening) -> None:
    match what.kind:
        case "finalize":
            _collect_draft(world, world.need(what.key, "invoice"))
        case "retry":
            _retry(world, world.need(what.key, "invoice"))
        case "renew":
            _renew(world, world.need(what.key, "subscription"))
        case "warn":
            subscription = world.need(what.key, "subscription")
            subscription["_warned_of"] = subscription["trial_end"]
            world.put(subscription)
            world.tell("customer.subscription.trial_will_end", subscription)
        case "expire_subscription":
            _expire_subscription(world, world.need(what.key, "subscription"))
        case "expire_session":
            expire(world, world.need(what.key, "checkout.session"))


def _renew(world: World, subscription: Object) -> None:
    """The period is over: end it where that was wished, else begin the next and make its invoice."""
    if subscription["cancel_at_period_end"]:
        end_subscription(world, subscription, reason="cancellation_requested")
        return
    before = copy.deepcopy(subscription)
    start, end = period_of(subscription)
    following = next_end(
        subscription["billing_cycle_anchor"], interval_of(subscription["items"]["data"]), end
    )
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    set_period(subscription, end, following)
    pending = subscription.pop("_pending", [])
    lines = [*pending, *full_lines(world, subscription, (end, following))]
    invoice = make_invoice(
        world,
        subscription,
        lines,
        reason="subscription_cycle",
        period=(start, end),
        draft_for=FINALIZED_AFTER,
    )
    if subscription["status"] == "unpaid":
        invoice["auto_advance"] = False
    issue(world, invoice, subscription)
    world.tell("customer.subscription.updated", subscription, before=before)


def _collect_draft(world: World, invoice: Object) -> None:
    finalize(world, invoice)
    _try(world, invoice)


def _retry(world: World, invoice: Object) -> None:
    invoice["next_payment_attempt"] = None
    _try(world, invoice)


def _try(world: World, invoice: Object) -> None:
    outcome = collect(world, invoice) if invoice["status"] == "open" else "ok"
    if outcome == "ok":
        follow_payment(world, invoice, outcome)
        return
    again = plan_retry(world, invoice)
    follow_payment(world, invoice, outcome)
    if not again:
        _give_up(world, invoice)


def _give_up(world: World, invoice: Object) -> None:
    """After the last attempt: what the account's settings say."""
    subscription = world.need(subscription_of_id(invoice), "subscription")
    after = world.store.setting("after_retries", "unpaid")
    if after == "cancel":
        end_subscription(world, subscription, reason="payment_failed")
    elif after == "unpaid" and subscription["status"] != "unpaid":
        before = copy.deepcopy(subscription)
        subscription["status"] = "unpaid"
        world.put(subscription)
        world.tell("customer.subscription.updated", subscription, before=before)


def _expire_subscription(world: World, subscription: Object) -> None:
    before = copy.deepcopy(subscription)
    subscription.update(status="incomplete_expired", ended_at=world.now(subscription["test_clock"]))
    world.put(subscription)
    for invoice in world.store.all("invoice", customer=subscription["customer"]):
        if subscription_of_id(invoice) == subscription["id"] and invoice["status"] == "open":
            void(world, invoice)
    world.tell("customer.subscription.updated", subscription, before=before)
