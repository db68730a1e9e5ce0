"""Who acts on a chain from the platform's side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.models import Chain, OperatorAct

# Whoever runs manage.py on the server has every right there is; the act is recorded under this name.
COMMAND_LINE_ID = UUID(int=0)
_ACT_NAMES: dict[str, Any] = {
    "create": _("Create"),
    "suspend": _("Suspend"),
    "resume": _("Resume"),
    "close": _("Close"),
    "reopen": _("Reopen"),
    "dump": _("Dump"),
    "restore": _("Restore"),
    "erase": _("Erase"),
    "extend_trial": _("Extend the trial"),
    "grant_credit": _("Grant credit"),
    "replay_event": _("Replay an event"),
    "credit_not_given": _("Credit was not given"),
    "trial_not_extended": _("The trial was not extended"),
}


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


def act_name(act: str) -> Any:
    """An act in words."""
    return _ACT_NAMES.get(act, act)
