"""What became of what was to be done later, for the provider was away: where it came to nothing, the log says so to
operators, and an e-mail to owners."""

from __future__ import annotations

from datetime import datetime

from billing.domain.notices import tell_owners
from billing.models import Intent
from chains.domain.operators import COMMAND_LINE_ID, Operator, record_act
from chains.models import Chain, OperatorAct

# Nobody's hand: what followed by itself.
BY_ITSELF = Operator(COMMAND_LINE_ID, "Tessera")
OUTCOMES = {"grant_credit": "credit_not_given", "extend_trial": "trial_not_extended"}
# Ends that the owner brought about, and knows of.
OWN_WISH = frozenset({"withdrawn", "replaced"})


def tell_of_lost_wish(intent: Intent, *, now: datetime) -> None:
    """Tell the owners that what they were told would be done later was not. In the platform's transaction.

    Who was told no at once, took it back or chose something else since is not told again.
    """
    if intent.attempts and intent.error not in OWN_WISH:
        params = {"cause": intent.kind}
        tell_owners(intent.chain_id, "wish_lost", key=str(intent.id), params=params, now=now)


def note_lost_act(intent: Intent, *, now: datetime) -> None:
    """Add to the log that what an operator was told would be done was not. In the platform's transaction.

    An act that nobody recorded (the operator was told no at once) leaves nothing behind.
    """
    request = intent.wish.get("request")
    acts = OperatorAct.objects.filter(chain_id=intent.chain_id, act__in=OUTCOMES, after__request=request)
    act = acts.order_by("at").first() if request else None
    chain = Chain.objects.filter(id=intent.chain_id).first()
    if act is None or chain is None:
        return
    after = {**act.after, "error": intent.error}
    record_act(chain, OUTCOMES[act.act], by=BY_ITSELF, now=now, reason=act.reason, after=after)
