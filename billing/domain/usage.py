"""The platform is told what a chain used, and its owners when that comes near what their plan includes."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from chains.domain.entitlements import Limit, read_entitlements, read_own_row
from tenants.events.domain.usage import BOOKINGS, MESSAGES, month_of, push_usage, read_usage

# What is told of and never refused, with its metric.
SOFT = {Limit.BOOKINGS: BOOKINGS, Limit.MESSAGES: MESSAGES}
NEAR_PERCENT = 80


def roll_up_usage(*, now: datetime) -> None:
    """Due work `usage`: push what was counted up, and tell the owners of 80 % and of more than is included.

    Each is told once a month and limit. In the chain's scope; nothing is refused for it, ever.
    """
    push_usage(now=now)
    month = month_of(now, ZoneInfo(read_own_row().time_zone))
    own, usage = read_entitlements(), read_usage(month)
    for limit, metric in SOFT.items():
        allowed, used = own.allowed(limit), usage.counts[metric]
        if allowed is None:
            continue
        if used > allowed:
            _tell("usage_over", limit, month.isoformat(), used=used, allowed=allowed, now=now)
        elif used * 100 >= allowed * NEAR_PERCENT:
            _tell("usage_near", limit, month.isoformat(), used=used, allowed=allowed, now=now)


def _tell(kind: str, limit: Limit, month: str, *, used: int, allowed: int, now: datetime) -> None:
    params = json.dumps({"limit": limit.value, "used": used, "allowed": allowed})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.tell_own_owner(%s, %s, %s::jsonb, %s)",
            (kind, f"{limit.value}:{month}:{allowed}", params, now),
        )
