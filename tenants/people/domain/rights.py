"""Who may do what: one table of roles and actions, read by checks, tests and docs/rights.md alike.

A role is held on a node: the whole chain, or one store. A right at a store comes from a role held
there or chain-wide; an action of the chain needs a chain-wide role.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.people.models import Role


class Action(StrEnum):
    """What a person can do to a chain's data. The part before the dot is the noun."""

    MANAGE_CHAIN = "chain.manage"
    READ_OPERATOR_ACTS = "chain.operator_acts"
    MANAGE_BILLING = "chain.billing"
    CREATE_STORE = "store.create"
    MANAGE_STORE = "store.manage"
    MANAGE_CATALOGUE = "catalogue.manage"
    MANAGE_PEOPLE = "people.manage"
    MANAGE_SHIFTS = "shifts.manage"
    PLAN_SESSIONS = "sessions.plan"
    ADJUST_STOCK = "stock.adjust"
    READ_DAY = "day.read"
    CREATE_BOOKING = "booking.create"
    CHANGE_BOOKING = "booking.change"
    REDEEM_BOOKING = "booking.redeem"
    COMPLETE_BOOKING = "booking.complete"
    WAIVE_NOTICE = "booking.waive_notice"
    OVERBOOK = "booking.overbook"
    WAIVE_PENALTY = "booking.waive_penalty"
    TAKE_PAYMENT = "payment.take"
    READ_MEMBERS = "member.read"
    REVEAL_PHONE = "member.reveal_phone"
    MANAGE_MEMBERS = "member.manage"
    READ_FIGURES = "figures.read"


# Actions on the chain as a whole: a role held at a single store never carries them.
CHAIN_WIDE = frozenset(
    {
        Action.MANAGE_CHAIN,
        Action.READ_OPERATOR_ACTS,
        Action.MANAGE_BILLING,
        Action.CREATE_STORE,
        Action.MANAGE_CATALOGUE,
    }
)

_ALL = frozenset(Action)
RIGHTS: dict[Role, frozenset[Action]] = {
    Role.OWNER: _ALL,
    Role.BRAND_MANAGER: _ALL - {Action.READ_OPERATOR_ACTS, Action.MANAGE_BILLING},
    Role.STORE_MANAGER: frozenset(
        {
            Action.MANAGE_STORE,
            Action.MANAGE_PEOPLE,
            Action.MANAGE_SHIFTS,
            Action.PLAN_SESSIONS,
            Action.ADJUST_STOCK,
            Action.READ_DAY,
            Action.CREATE_BOOKING,
            Action.CHANGE_BOOKING,
            Action.REDEEM_BOOKING,
            Action.COMPLETE_BOOKING,
            Action.WAIVE_NOTICE,
            Action.OVERBOOK,
            Action.WAIVE_PENALTY,
            Action.TAKE_PAYMENT,
            Action.READ_MEMBERS,
            Action.REVEAL_PHONE,
            Action.MANAGE_MEMBERS,
            Action.READ_FIGURES,
        }
    ),
    Role.CLERK: frozenset(
        {
            Action.ADJUST_STOCK,
            Action.READ_DAY,
            Action.CREATE_BOOKING,
            Action.CHANGE_BOOKING,
            Action.REDEEM_BOOKING,
            Action.COMPLETE_BOOKING,
            Action.TAKE_PAYMENT,
            Action.READ_MEMBERS,
            Action.REVEAL_PHONE,
            Action.MANAGE_MEMBERS,
        }
    ),
    Role.PRACTITIONER: frozenset(
        {Action.READ_DAY, Action.REDEEM_BOOKING, Action.COMPLETE_BOOKING, Action.READ_MEMBERS}
    ),
    Role.CASHIER: frozenset(
        {Action.READ_DAY, Action.REDEEM_BOOKING, Action.TAKE_PAYMENT, Action.READ_MEMBERS}
    ),
    Role.READ_ONLY: frozenset({Action.READ_DAY, Action.READ_FIGURES}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on a node; `store_id` None is the whole chain."""

    role: Role
    store_id: UUID | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an employee with grants, a member, or nobody known (both ids None)."""

    employee_id: UUID | None = None
    member_id: UUID | None = None
    name: str = ""
    grants: tuple[Grant, ...] = ()

    @property
    def is_employee(self) -> bool:
        """Whether an employee acts."""
        return self.employee_id is not None

    @property
    def is_member(self) -> bool:
        """Whether a member acts."""
        return self.member_id is not None


NOBODY = Actor()


class Forbidden(Refusal):
    """Seen, but not for this role."""

    code = "forbidden"
    status = 403
    title = _("Not for your role")
    detail = _("Your role does not include this.")
    fix = _("Ask your manager to do it, or to give you a role that may.")


class NotSeen(Refusal):
    """There is no such thing, or none that this person may see: the answer is the same."""

    code = "not_found"
    status = 404
    title = _("Not found")
    detail = _("There is nothing here that you can see.")
    fix = _("Check the address, or go back to the list.")


def may(actor: Actor, action: Action, *, store_id: UUID | None = None) -> bool:
    """Whether the actor may do this at the store; without a store, in the chain as a whole."""
    for grant in actor.grants:
        if action not in RIGHTS[grant.role]:
            continue
        if grant.store_id is None:
            return True
        if action not in CHAIN_WIDE and store_id is not None and grant.store_id == store_id:
            return True
    return False


def may_anywhere(actor: Actor, action: Action) -> bool:
    """Whether the actor may do this at one store at least."""
    return any(
        action in RIGHTS[grant.role] and (grant.store_id is None or action not in CHAIN_WIDE)
        for grant in actor.grants
    )


def require(actor: Actor, action: Action, *, store_id: UUID | None = None) -> None:
    """Raise Forbidden unless the actor may; NotSeen where the store is none of the actor's at all."""
    if may(actor, action, store_id=store_id):
        return
    if store_id is not None and not sees_store(actor, store_id):
        raise NotSeen
    raise Forbidden


def sees_store(actor: Actor, store_id: UUID) -> bool:
    """Whether the employee has any role at the store or chain-wide."""
    return any(grant.store_id in (None, store_id) for grant in actor.grants)


def stores_where(actor: Actor, action: Action) -> frozenset[UUID] | None:
    """The stores at which the actor may do this; None means all of them."""
    found: set[UUID] = set()
    for grant in actor.grants:
        if action in RIGHTS[grant.role]:
            if grant.store_id is None:
                return None
            if action not in CHAIN_WIDE:
                found.add(grant.store_id)
    return frozenset(found)
