"""How often something may be asked for: counters in Valkey, shared by all processes.

They keep a flood away and guard nothing that must hold: with Valkey away, everything is let through.
"""

from __future__ import annotations

import hashlib

import redis
import structlog
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal

log = structlog.get_logger("throttle")


class TooManyRequests(Refusal):
    """Asked too often; `extra["retry_after"]` says in how many seconds to come back (Retry-After)."""

    code = "too_many_requests"
    status = 429
    title = _("Too often")
    detail = _("This was asked for too often in a short time.")
    fix = _("Wait %(seconds)d seconds, then try again.")

    def __init__(self, *, seconds: int) -> None:
        super().__init__(params={"seconds": seconds}, extra={"retry_after": seconds})


def count_request(kind: str, subject: str, *, limit: int, seconds: int) -> None:
    """Count one request of a kind by or for a subject; raise TooManyRequests beyond `limit` in `seconds`.

    The window begins with the first request. Subjects are hashed: no address is kept.
    """
    key = f"throttle:{kind}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
    try:
        cache.add(key, 0, timeout=seconds)
        count = cache.incr(key)
    except (redis.RedisError, ValueError) as error:  # ValueError: the window ended between the two calls
        log.warning("throttle_open", kind=kind, error=type(error).__name__)
        return
    if count > limit:
        raise TooManyRequests(seconds=seconds)
