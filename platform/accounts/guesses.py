"""How often a secret may be guessed: counters in Valkey, shared by all processes, moved atomically.

A guess is counted before it is judged, so that a thousand at once are no more than one after another,
and outside the database, so that no rollback takes one back. With the counters away nothing may be
guessed at all: sign-in waits, everything else goes on.
"""

from __future__ import annotations

import hashlib
import math
import time
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

Kind = tuple[str, int, int]
# (name, how many, within how many seconds); a window begins with its first guess
PASSWORD: Kind = ("password", 5, 300)
SECOND_FACTOR: Kind = ("second_factor", 5, 300)
ONE_TIME_CODE: Kind = ("one_time_code", 5, 300)
CODE_REQUESTS: Kind = ("code_requests", 120, 60)


class TooManyGuesses(Exception):
    """The window is used up; `retry_after` says in how many seconds the next one begins."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"again in {retry_after} s")
        self.retry_after = retry_after


class CountersAway(Exception):
    """Nobody can say how often it was tried: Valkey does not answer."""


def count_guess(kind: Kind, subject: str) -> None:
    """Count one guess at a subject of the active scope. Raises TooManyGuesses, CountersAway."""
    item, key = _item(kind), _key(kind, subject)
    try:
        if not _limiter().hit(item, key):
            wait = math.ceil(_limiter().get_window_stats(item, key).reset_time - time.time())
            raise TooManyGuesses(max(1, wait))
    except redis.RedisError as error:
        raise CountersAway from error


def forget_guesses(kind: Kind, subject: str) -> None:
    """The right one was given: start counting anew."""
    try:
        _limiter().clear(_item(kind), _key(kind, subject))
    except redis.RedisError as error:
        raise CountersAway from error


def _item(kind: Kind) -> Any:
    _name, times, seconds = kind
    return RateLimitItemPerSecond(times, seconds)


def _key(kind: Kind, subject: str) -> str:
    # the cache's key function names the database and the scope's schema; no address or phone is kept
    return cache.make_key(f"guesses:{kind[0]}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}")


@lru_cache(maxsize=1)
def _limiter() -> Any:
    return FixedWindowRateLimiter(
        RedisStorage(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1)
    )
