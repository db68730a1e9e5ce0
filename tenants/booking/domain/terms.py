"""The terms of a booking, as they were promised when it was made: a value, kept with the booking.

A policy says percentages; terms say sums. What a chain changes later does not reach them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tenants.booking.models import Booking, Consequence, PenaltyKind, Policy


@dataclass(frozen=True, slots=True)
class Penance:
    """What something brings: `amount` is minor units of the booking's currency, credits, points or days."""

    kind: PenaltyKind
    amount: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What was promised. Notices in minutes before the start; `deposit` in minor units, 0 for none.

    `late` is for cancelling after the notice (None: then it cannot be cancelled online at all),
    `no_show` for not coming, once `grace` no-shows within `grace_days` have been forgiven.
    """

    cancel_notice: int
    move_notice: int
    deposit: int = 0
    late: Penance | None = None
    no_show: Penance | None = None
    grace: int = 0
    grace_days: int = 180


def terms_under(policy: Policy | None, *, notice: int, price: int) -> Terms:
    """The terms of a booking at `price` (minor units) under the policy; `notice` is the service's own."""
    if policy is None:
        return Terms(cancel_notice=notice, move_notice=notice)
    return Terms(
        cancel_notice=notice if policy.cancel_notice is None else policy.cancel_notice,
        move_notice=notice if policy.move_notice is None else policy.move_notice,
        # it counts towards the price, so it is never more
        deposit=min(price, _sum_of(policy.deposit_kind, policy.deposit_value, price)),
        late=_penance(policy.late_kind, policy.late_value, price),
        no_show=_penance(policy.no_show_kind, policy.no_show_value, price),
        grace=policy.grace,
        grace_days=policy.grace_days,
    )


def _sum_of(kind: str, value: int, price: int) -> int:
    """A fixed sum, or a percentage of the price to the nearest minor unit, halves up."""
    if kind == Consequence.FIXED:
        return value
    return (price * value + 50) // 100 if kind == Consequence.PERCENT else 0


def _penance(kind: str, value: int, price: int) -> Penance | None:
    if kind == Consequence.NONE:
        return None
    if kind in (Consequence.FIXED, Consequence.PERCENT):
        fee = _sum_of(kind, value, price)
        return Penance(PenaltyKind.FEE, fee) if fee else None
    return Penance(PenaltyKind(kind), value)


def terms_of(booking: Booking) -> Terms:
    """What was promised for the booking; one made before there were policies has its notice alone."""
    kept = booking.terms
    if not isinstance(kept, Mapping) or "cancel_notice" not in kept:
        return Terms(cancel_notice=booking.notice, move_notice=booking.notice)
    return Terms(
        cancel_notice=kept["cancel_notice"],
        move_notice=kept["move_notice"],
        deposit=kept["deposit"],
        late=_read_penance(kept["late"]),
        no_show=_read_penance(kept["no_show"]),
        grace=kept["grace"],
        grace_days=kept["grace_days"],
    )


def keep_terms(booking: Booking, terms: Terms) -> None:
    """Put the terms on a booking that is about to be written."""
    booking.notice = terms.cancel_notice
    booking.terms = terms_row(terms)


def terms_row(terms: Terms) -> dict[str, Any]:
    """The terms as they are kept and compared: JSON-ready."""
    return {
        "cancel_notice": terms.cancel_notice,
        "move_notice": terms.move_notice,
        "deposit": terms.deposit,
        "late": _penance_row(terms.late),
        "no_show": _penance_row(terms.no_show),
        "grace": terms.grace,
        "grace_days": terms.grace_days,
    }


def _penance_row(penance: Penance | None) -> dict[str, Any] | None:
    return {"kind": str(penance.kind), "amount": penance.amount} if penance else None


def _read_penance(row: Mapping[str, Any] | None) -> Penance | None:
    return Penance(PenaltyKind(row["kind"]), row["amount"]) if row else None


def cancellable_until(terms: Terms, starts_at: datetime) -> datetime:
    """Until when cancelling brings nothing."""
    return starts_at - timedelta(minutes=terms.cancel_notice)


def movable_until(terms: Terms, starts_at: datetime) -> datetime:
    """Until when the member may move it."""
    return starts_at - timedelta(minutes=terms.move_notice)
