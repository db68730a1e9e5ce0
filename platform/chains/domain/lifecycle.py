"""How a chain's state changes: by an operator's hand (suspended, resumed, closed, reopened), or by payment.

Each transition locks the chain's row, checks where it stands, writes the new state and the act in one
transaction: two operators at once cannot both succeed, and no change goes unrecorded.

A chain that an operator has suspended is *held*: paying does not open it, and what billing says of it
meanwhile counts from the moment an operator resumes it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from chains.domain.operators import Operator, record_act
from chains.domain.slugs import SlugTaken, check_free, host_of
from chains.hosts import announce_change
from chains.models import Chain, ChainState, Domain, OperatorAct
from chains.ports import state_by_payment, tell_of_act
from chains.refusals import Refusal
from chains.scope import platform_scope

STATE_NAMES = {
    ChainState.PROVISIONING: _("being set up"),
    ChainState.TRIAL: _("on trial"),
    ChainState.ACTIVE: _("active"),
    ChainState.PAST_DUE: _("past due"),
    ChainState.READ_ONLY: _("read-only"),
    ChainState.SUSPENDED: _("suspended"),
    ChainState.CLOSED: _("closed"),
}

OPEN = frozenset({ChainState.TRIAL, ChainState.ACTIVE, ChainState.PAST_DUE, ChainState.READ_ONLY})

# act → the states it may start from
STARTS_FROM: dict[str, frozenset[ChainState]] = {
    "suspend": OPEN,
    "resume": frozenset({ChainState.SUSPENDED}),
    "close": OPEN | {ChainState.SUSPENDED},
    "reopen": frozenset({ChainState.CLOSED}),
}
REASON_LENGTH = 300


class UnknownChain(Refusal):
    """No chain has this id or address."""

    code = "unknown_chain"
    status = 404
    title = _("No such chain")
    detail = _("There is no such chain.")
    fix = _("Look for it in the list of chains.")


class WrongState(Refusal):
    """The chain's state does not allow this step."""

    code = "wrong_state"
    status = 409
    title = _("Not possible now")
    detail = _("This chain is %(state)s, so this step is not possible.")
    fix = _("Look at the chain again: someone may have changed it in the meantime.")


class OwesPayment(Refusal):
    """The chain is suspended for want of payment, by nobody's hand."""

    code = "owes_payment"
    status = 409
    title = _("Suspended for want of payment")
    detail = _("This chain was suspended because its subscription is not paid, not by an operator.")
    fix = _("Let its owner pay, or extend its trial: then it opens by itself.")


class ReasonMissing(Refusal):
    """An act that shuts or opens a chain must say why: its employees read it."""

    code = "reason_missing"
    status = 422
    title = _("Reason missing")
    detail = _("Say why: the chain's employees read the reason.")
    fix = _("Write a sentence of at most 300 characters.")


def suspend_chain(chain_id: UUID, *, reason: str, by: Operator, now: datetime) -> Chain:
    """Shut a chain's doors: members see a polite page, employees the reason.

    Raises UnknownChain, WrongState, ReasonMissing (empty, or over 300 characters).
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise ReasonMissing
    return _move(chain_id, "suspend", ChainState.SUSPENDED, reason=reason, by=by, now=now)


def resume_chain(chain_id: UUID, *, by: Operator, now: datetime) -> Chain:
    """Open a suspended chain again: in the state it has by its payments, else the one it had before.

    Raises UnknownChain, WrongState, OwesPayment.
    """
    return _move(chain_id, "resume", None, reason="", by=by, now=now)


def close_chain(chain_id: UUID, *, reason: str, by: Operator, now: datetime) -> Chain:
    """End a chain: its addresses lead nowhere and are free for others; its data stays until erased.

    Raises UnknownChain, WrongState, ReasonMissing.
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise ReasonMissing
    return _move(chain_id, "close", ChainState.CLOSED, reason=reason, by=by, now=now)


def reopen_chain(chain_id: UUID, *, reason: str, by: Operator, now: datetime) -> Chain:
    """Give a closed chain its own address back, if that is still free; it stands suspended, by nobody's hand.

    From there paying or more trial opens it, or `resume` where nothing is known of payments.
    Raises UnknownChain, WrongState, ReasonMissing; SlugTaken and SlugConfusable where the address went to another.
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise ReasonMissing
    return _move(chain_id, "reopen", ChainState.SUSPENDED, reason=reason, by=by, now=now)


def move_by_payment(chain: Chain, to: ChainState, *, reason: str = "") -> list[str]:
    """Bring a chain to where it stands by its payments; the host names it loses where it is closed.

    Needs the platform's transaction and the chain's row locked; whoever calls keeps the record. A chain that
    is held keeps its state until an operator resumes it, unless it is closed.
    """
    closes = to == ChainState.CLOSED and chain.state != ChainState.CLOSED
    if chain.held and not closes:
        return []
    chain.state, chain.state_reason = to, reason[:REASON_LENGTH]
    chain.held = chain.held and not closes
    chain.save(update_fields=["state", "state_reason", "held"])
    announce_change()
    return _take_addresses(chain) if closes else []


def _take_addresses(chain: Chain) -> list[str]:
    domains = list(chain.domains.order_by("domain").values_list("domain", flat=True))
    Domain.objects.filter(tenant=chain).delete()
    return domains


def _give_address_back(chain: Chain) -> None:
    check_free(chain.slug)
    try:
        with transaction.atomic():
            Domain.objects.create(domain=host_of(chain.slug), tenant=chain, is_primary=True)
    except IntegrityError as error:
        raise SlugTaken(params={"slug": chain.slug}) from error


def _move(
    chain_id: UUID, act: str, to: ChainState | None, *, reason: str, by: Operator, now: datetime
) -> Chain:
    with platform_scope():
        chain: Chain | None = Chain.objects.select_for_update().filter(id=chain_id).first()
        if chain is None:
            raise UnknownChain
        was = ChainState(chain.state)
        if was not in STARTS_FROM[act]:
            raise WrongState(params={"state": STATE_NAMES[was]}, extra={"state": was.value})
        before: dict[str, Any] = {"state": was.value, "reason": chain.state_reason}
        chain.state = to if to is not None else _state_after_suspension(chain)
        # why one is reopened is for the log; what its employees read is why it is still suspended
        chain.state_reason = "" if act == "reopen" else reason
        chain.held = act == "suspend"
        if act == "reopen":
            _give_address_back(chain)
        chain.save(update_fields=["state", "state_reason", "held"])
        if chain.state == ChainState.CLOSED:
            before["domains"] = _take_addresses(chain)
        record_act(
            chain, act, by=by, now=now, reason=reason, before=before, after={"state": str(chain.state)}
        )
        tell_of_act(chain.id, now=now)
        announce_change()
    return chain


def _state_after_suspension(chain: Chain) -> ChainState:
    by_payment = state_by_payment(chain.id)
    if by_payment is not None:
        if by_payment == ChainState.SUSPENDED and not chain.held:
            raise OwesPayment
        return by_payment
    acts = OperatorAct.objects.filter(schema=chain.schema_name, act="suspend")
    last = acts.order_by("-at", "-id").first()
    if last is None:
        return ChainState.ACTIVE  # suspended by other means than an act: it was open in some way
    return ChainState(last.before["state"])
