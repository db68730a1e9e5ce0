"""How many calls a minute a chain's programs may make: what its plan says."""

from __future__ import annotations

from chains.domain.entitlements import ApiRateExceeded, Limit, allowed_by
from chains.hosts import ChainInfo
from chains.refusals import TooManyRequests
from chains.throttle import count_request

_MINUTE = 60


def count_call(chain: ChainInfo) -> None:
    """Count one call with a token; raise ApiRateExceeded beyond what the plan allows in a minute.

    Pages are not counted, nor what strangers call: a chain's guests do not use up what its programs may.
    With Valkey away every call is let through.
    """
    allowed = allowed_by(chain.entitlements, Limit.API_CALLS)
    if allowed is None:
        return
    try:
        count_request("api", str(chain.id), limit=allowed, seconds=_MINUTE)
    except TooManyRequests as refused:
        raise ApiRateExceeded(allowed=allowed, retry_after=refused.extra["retry_after"]) from None
