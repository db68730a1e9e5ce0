"""Many notifications about one booking, and what came of them: the ground of bars 15 and 16."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import redis
from django.utils import timezone

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.domain.change import cancel_booking
from tenants.events.domain.record import record_event
from tenants.events.models import Delivery, Effect
from tests.ground.cast import NOW, Chain, local


def cancelled_booking(chain: Chain) -> Any:
    """A booking whose member is told of its cancellation by text."""
    with chain_scope(chain.info):
        made = book(
            chain.services["facial"].id,
            store_id=chain.stores["north"].id,
            starts_at=local(23, 10),
            by=chain.actors["su"],
            now=NOW,
        )
        return cancel_booking(made.id, by=chain.actors["su"], now=NOW)


def notify(chain: Chain, booking: Any, count: int) -> None:
    """Record that many events, each of which is a text to the member."""
    with chain_scope(chain.info):
        for _n in range(count):
            record_event(
                "booking.cancelled",
                subject_id=booking.id,
                store_id=booking.store_id,
                version=booking.version,
                now=timezone.now(),
            )


def effects(chain: Chain) -> int:
    """How many texts are noted as brought about."""
    with chain_scope(chain.info):
        return Effect.objects.filter(key__startswith="member_text:").count()


def waiting(chain: Chain) -> int:
    """How many deliveries are still to be made."""
    with chain_scope(chain.info):
        return Delivery.objects.count()


class Phone:
    """Counts the members' texts that really arrived, by the key of their effect."""

    def __init__(self, url: str, tag: str) -> None:
        self.valkey = redis.Redis.from_url(url)
        self.key = f"{tag}:dev:outbox"
        self.arrived: Counter[str] = Counter()

    def read(self) -> Counter[str]:
        """Take what has come since."""
        both: Any = self.valkey.pipeline()
        both.lrange(self.key, 0, -1)
        both.delete(self.key)
        rows, _gone = both.execute()
        keys = [json.loads(row)["key"] for row in rows]
        self.arrived.update(key for key in keys if key.startswith("member_text:"))
        return self.arrived
