"""How often something may be asked for: counters in Valkey, shared by all processes.

They keep a flood away and guard nothing that must hold: with Valkey away, everything is let through.
"""

from __future__ import annotations

import hashlib

import redis
import structlog
from django.core.cache import cache

from chains.refusals import TooManyRequests

log = structlog.get_logger("throttle")


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
        raise TooManyRequests(retry_after=seconds)
