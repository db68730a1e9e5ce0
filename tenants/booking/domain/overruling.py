"""Going over a rule for a reason: the right to overbook, and never without saying why."""

from __future__ import annotations

from uuid import UUID

from chains.refusals import Refusal
from tenants.people.domain.rights import Action, Actor, Forbidden, require


def require_overruling(reason: str | None, unexplained: type[Refusal], *, store_id: UUID, by: Actor) -> None:
    """Whether this person may go over a rule at the store and says why; None asks for nothing.

    Raises Forbidden, NotSeen, and `unexplained` for a reason without a word.
    """
    if reason is None:
        return
    if not by.is_employee:
        raise Forbidden
    require(by, Action.OVERBOOK, store_id=store_id)
    if not reason.strip():
        raise unexplained
