"""Calendar feeds: a secret address under which a person's own bookings are read by their calendar.

The address is shown once; only a hash of its secret is kept. Making another, or revoking, ends the one
before at once. What is read is decided at each reading, by the rights the person has then.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tenants.booking.models import Booking, CalendarFeed, Status
from tenants.people.domain.rights import Actor, Forbidden, NotSeen

from .day import bookings_seen_by
from .history import history_cut, shown_since
from .live import read_actors

# What a feed shows: enough of the past to have been there, as far ahead as anybody books.
BACK, AHEAD = timedelta(days=60), timedelta(days=400)
MOST = 1000
SHOWN = (Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that was opened: whose it is (exactly one id is set), its language, its bookings by start."""

    employee_id: UUID | None
    member_id: UUID | None
    language: str
    bookings: tuple[Booking, ...]


def make_feed(*, by: Actor, language: str, now: datetime) -> str:
    """A new secret for the person's feed, in place of the one before. Raises Forbidden for nobody known.

    Two at once: the later one holds.
    """
    token = secrets.token_urlsafe(32)
    whose: dict[str, Any] = _whose(by)
    CalendarFeed.objects.update_or_create(
        **whose,
        defaults={
            "token_hash": hash_of(token),
            "language": "zh-hans" if language.lower().startswith("zh") else "en",
            "made_at": now,
        },
    )
    return token


def revoke_feed(*, by: Actor) -> bool:
    """End the person's feed; whether there was one."""
    return bool(CalendarFeed.objects.filter(**_whose(by)).delete()[0])


def feed_of(by: Actor) -> CalendarFeed | None:
    """The person's feed, without its secret; one query."""
    return CalendarFeed.objects.filter(**_whose(by)).first()


def open_feed(token: str, *, now: datetime) -> Feed:
    """The feed behind a secret, in a constant number of queries. Raises NotSeen for one that is none (any more).

    A practitioner sees their own bookings at the stores whose day they may read, a member their own;
    holds and what was never confirmed are left out, what was cancelled is there to be taken out again.
    """
    feed = CalendarFeed.objects.filter(token_hash=hash_of(token)).first()
    if feed is None:
        raise NotSeen
    if feed.employee_id is not None:
        actor = read_actors([feed.employee_id]).get(feed.employee_id)
        if actor is None:
            raise NotSeen
        since = history_cut(now - BACK, by=actor, now=now)
        rows = bookings_seen_by(actor).filter(shown_since(since), practitioner_id=feed.employee_id)
    else:
        rows = bookings_seen_by(Actor(member_id=feed.member_id))
    found = rows.filter(
        status__in=SHOWN, member__isnull=False, starts_at__gte=now - BACK, starts_at__lt=now + AHEAD
    )
    return Feed(
        feed.employee_id, feed.member_id, feed.language, tuple(found.order_by("starts_at", "id")[:MOST])
    )


def hash_of(token: str) -> str:
    """What is kept of a secret. It is 256 bits of chance, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def _whose(by: Actor) -> dict[str, UUID]:
    if by.employee_id is not None:
        return {"employee_id": by.employee_id}
    if by.member_id is not None:
        return {"member_id": by.member_id}
    raise Forbidden
