"""Which chain a host leads to, cached in the process for 30 seconds.

That there is none, or that it is still being set up, is believed for a second only: its owner may be
waiting in front of the door. A change is announced by a counter in Valkey that every process reads
at most once a second; where Valkey is away, the 30 seconds are the bound.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import redis
import structlog
from django.conf import settings
from django.db import transaction

from chains.models import Chain, ChainState, Domain
from chains.scope import platform_scope

log = structlog.get_logger("hosts")

CACHE_SECONDS = 30.0
NOT_YET_SECONDS = 1.0
LISTEN_SECONDS = 1.0
_KEY = f"{settings.ROLE_TAG}:hosts"
_CACHE_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class ChainInfo:
    """What a request needs to know of its chain, detached from the public schema."""

    id: UUID
    schema_name: str
    slug: str
    name: str
    state: ChainState
    state_reason: str
    locale: str
    time_zone: str
    currency: str
    country: str
    verticals: tuple[str, ...]
    accent: str
    accent_tokens: dict[str, dict[str, str]]
    tagline: str
    opened_at: datetime | None
    entitlements: dict[str, Any]

    @classmethod
    def of(cls, chain: Chain) -> ChainInfo:
        """The info of a row."""
        return cls(
            id=chain.id,
            schema_name=chain.schema_name,
            slug=chain.slug,
            name=chain.name,
            state=ChainState(chain.state),
            state_reason=chain.state_reason,
            locale=chain.locale,
            time_zone=chain.time_zone,
            currency=chain.currency,
            country=chain.country,
            verticals=tuple(chain.verticals),
            accent=chain.accent,
            accent_tokens=dict(chain.accent_tokens),
            tagline=chain.tagline,
            opened_at=chain.opened_at,
            entitlements=dict(chain.entitlements),
        )


_cache: dict[str, tuple[float, ChainInfo | None]] = {}
_lock = threading.Lock()


def chain_at(host: str) -> ChainInfo | None:
    """The chain a host name (lower case, no port) leads to, at most 30 seconds old; None if unknown."""
    clock = time.monotonic()
    _hear_changes(clock)
    known = _cache.get(host)
    if known is not None and known[0] > clock:
        return known[1]
    with platform_scope():
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    info = ChainInfo.of(domain.tenant) if domain is not None else None
    settled = info is not None and info.state != ChainState.PROVISIONING
    kept = CACHE_SECONDS if settled else NOT_YET_SECONDS
    with _lock:
        if len(_cache) >= _CACHE_SIZE:
            _cache.clear()
        _cache[host] = (clock + kept, info)
    return info


def forget_hosts() -> None:
    """Drop the cache of this process."""
    with _lock:
        _cache.clear()


def announce_change() -> None:
    """After the commit of the running transaction: every process drops its cache within a second."""

    def tell() -> None:
        forget_hosts()
        try:
            _valkey().incr(_KEY)
        except redis.RedisError:
            log.warning("host_change_not_announced")

    transaction.on_commit(tell)


@dataclass(slots=True)
class _Heard:
    """The last state of the counter, and when to look again (monotonic seconds)."""

    counter: bytes | None = None
    look_at: float = 0.0


_heard = _Heard()


def _hear_changes(clock: float) -> None:
    if clock < _heard.look_at:
        return
    _heard.look_at = clock + LISTEN_SECONDS
    try:
        counter = _valkey().get(_KEY)
    except redis.RedisError:
        _heard.look_at = clock + CACHE_SECONDS  # one slow look per half minute, not per second
        return
    if counter != _heard.counter:
        _heard.counter = counter
        forget_hosts()


@lru_cache(maxsize=1)
def _valkey() -> Any:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2)
