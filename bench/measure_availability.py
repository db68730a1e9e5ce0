"""One practitioner's days, and any of many stores, in process; prints milliseconds of CPU and statements as JSON."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import django

django.setup()

from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.v1.slot_text import days_text
from chains.models import Chain
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.availability import find_slots
from tenants.booking.domain.nearby import find_slots_nearby

size, shop = json.loads(os.environ["BENCH_SIZE"]), json.loads(os.environ["BENCH_SHOP"])
first = date.fromisoformat(size["first"])
store, service, who = (UUID(shop[name]) for name in ("store", "service", "practitioner"))
with platform_scope():
    chain = Chain.objects.get(schema_name=shop["schema"])


def month() -> int:
    """The slots of the practitioner over all days, written as the API writes them."""
    days = [first + timedelta(days=n) for n in range(size["days"])]
    with chain_scope(chain):
        offering, found = find_slots(store, service, days=days, practitioner_id=who, now=datetime.now(UTC))
        days_text(found, offering.zone)
    return sum(len(one.slots) for one in found)


def anywhere(days: int, stores: int) -> int:
    """The slots of a few days at the nearest stores."""
    dates = [first + timedelta(days=n) for n in range(days)]
    with chain_scope(chain):
        found = find_slots_nearby(service, days=dates, now=datetime.now(UTC), most=stores)
    return sum(len(day.slots) for one in found for day in one.days)


def measured(act: Callable[[], int]) -> dict[str, Any]:
    slots = [act() for _ in range(5)][-1]
    begun, calls = time.process_time(), 0
    while calls < 40:
        act()
        calls += 1
    spent = (time.process_time() - begun) * 1000 / calls
    with CaptureQueriesContext(connection) as seen:
        act()
    # statements of one message, whether PostgreSQL keeps their plans or not; those that open the scope are not asked
    told = [statement.lstrip() for one in seen for statement in one["sql"].split(";\n")]
    asked = [
        statement
        for statement in told
        if statement.startswith(("SELECT", "WITH", "EXECUTE")) and "set_config" not in statement
    ]
    return {"ms": spent, "queries": len(asked), "slots": slots}


print(
    json.dumps(
        {
            "month": measured(month),
            "few": measured(lambda: anywhere(1, 2)),
            "day": measured(lambda: anywhere(1, size["stores"])),
            "week": measured(lambda: anywhere(7, size["stores"])),
        }
    )
)
