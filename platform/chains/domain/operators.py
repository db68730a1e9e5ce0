"""Who acts on a chain from the platform's side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chains.models import Chain, OperatorAct

# Whoever runs manage.py on the server has every right there is; the act is recorded under this name.
COMMAND_LINE_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who runs the platform, as an act names them."""

    id: UUID
    email: str


COMMAND_LINE = Operator(COMMAND_LINE_ID, "manage.py")


def record_act(
    chain: Chain,
    act: str,
    *,
    by: Operator,
    now: datetime,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> OperatorAct:
    """Add a row to the operators' log, in the caller's transaction. The chain can read its own rows."""
    return OperatorAct.objects.create(
        operator_id=by.id,
        operator_email=by.email,
        chain_id=chain.id,
        schema=chain.schema_name,
        act=act,
        reason=reason,
        before=before or {},
        after=after or {},
        at=now,
    )
