"""What a plan counts is counted from events, each once, and told to the platform and to the owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from django.db import connection, transaction

from accounts.ids import new_id
from billing.domain.usage import roll_up_usage
from billing.models import Notice, UsageMonth
from chains.due import lease_due, run_due
from chains.models import Chain, DueWork
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.book import book
from tenants.events.domain import relay
from tenants.events.domain.record import record_event
from tenants.events.domain.relay import deliver, lease_deliveries
from tenants.events.domain.subscribers import _subscriptions
from tenants.events.domain.usage import count_usage, push_usage, read_usage, sweep_usage
from tenants.events.models import Delivery, Usage
from tests.ground.cast import NOW, Cast, local
from tests.ground.chains import TwoChains
from tests.ground.races import race

NOVEMBER = date(2026, 11, 1)


def _confirm(chain: object, *, at: datetime = NOW) -> None:
    with chain_scope(chain):  # type: ignore[arg-type]
        record_event("booking.confirmed", subject_id=new_id(), store_id=None, version=1, now=at)


def _counted(chain: object) -> dict[str, int]:
    with chain_scope(chain):  # type: ignore[arg-type]
        return read_usage(NOVEMBER).counts


def test_a_confirmed_booking_counts_once_however_often_it_is_delivered(two_chains: TwoChains) -> None:
    _confirm(two_chains.a)
    with chain_scope(two_chains.a):
        leased = [one for one in lease_deliveries(now=NOW) if one.subscriber == "booking_count"]
    for _time in range(3):
        with chain_scope(two_chains.a):
            transaction.on_commit(partial(deliver, leased, now=NOW))
    assert _counted(two_chains.a) == {"bookings": 1, "messages": 0}
    assert _counted(two_chains.b) == {"bookings": 0, "messages": 0}


def test_a_delivery_that_fails_counts_nothing_until_it_succeeds(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    _confirm(two_chains.a)
    wanted = _subscriptions["booking_count"]

    def dies(event: object, *, now: datetime) -> None:
        wanted.run(event, now=now)  # type: ignore[arg-type]
        raise ConnectionError

    monkeypatch.setitem(_subscriptions, "booking_count", replace(wanted, run=dies))
    _relay(NOW)
    assert _counted(two_chains.a)["bookings"] == 0
    monkeypatch.undo()
    _relay(NOW + timedelta(seconds=2))
    assert _counted(two_chains.a)["bookings"] == 1


def _relay(now: datetime) -> None:
    for batch in lease_due(now=now):
        if batch.kind == "outbox":
            run_due(batch, now=now)


def test_a_booking_counts_in_the_month_of_the_chains_own_calendar(two_chains: TwoChains) -> None:
    with platform_scope():
        Chain.objects.filter(id=two_chains.a.id).update(time_zone="Asia/Shanghai")
    with chain_scope(two_chains.a):
        # 31 October 16:00 UTC is 1 November in Shanghai
        count_usage("bookings", at=datetime(2026, 10, 31, 16, tzinfo=UTC), now=NOW)
        count_usage("bookings", at=datetime(2026, 10, 31, 15, 59, tzinfo=UTC), now=NOW)
        assert dict(Usage.objects.values_list("month", "count")) == {NOVEMBER: 1, date(2026, 10, 1): 1}


def test_a_text_that_was_carried_out_counts_as_a_message_once(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        book(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=local(23, 10),
            by=cast.alpha.actors["su"],
            now=NOW,
        )
    with chain_scope(cast.alpha.info):
        leased = lease_deliveries(now=NOW)

    for _time in range(2):
        with chain_scope(cast.alpha.info):
            transaction.on_commit(partial(deliver, leased, now=NOW))
            # the second relay believes that its leases still hold
            Delivery.objects.bulk_create(
                [
                    Delivery(
                        id=one.delivery_id,
                        event_id=one.event.id,
                        subscriber=one.subscriber,
                        due_at=NOW,
                        leased_until=one.leased_until,
                    )
                    for one in leased
                ],
                ignore_conflicts=True,
            )
    assert _counted(cast.alpha.info) == {"bookings": 1, "messages": 1}


@pytest.mark.race
def test_counts_from_many_threads_add_up(two_chains: TwoChains) -> None:
    act = partial(count_usage, "bookings", at=NOW, now=NOW)
    assert race(two_chains.a, [act] * 12) == [None] * 12
    assert _counted(two_chains.a)["bookings"] == 12


def test_the_platform_is_told_absolute_numbers_once_a_minute_and_not_per_booking(
    two_chains: TwoChains,
) -> None:
    with chain_scope(two_chains.a):
        for _booking in range(5):
            count_usage("bookings", at=NOW, now=NOW)
    due = list(
        DueWork.objects.filter(schema=two_chains.a.schema_name, kind="usage").values_list("due_at", flat=True)
    )
    assert due == [NOW + timedelta(minutes=1)]
    for _time in range(2):
        with chain_scope(two_chains.a):
            push_usage(now=NOW)
    told = UsageMonth.objects.values_list("chain_id", "metric", "month", "count")
    assert list(told) == [(two_chains.a.id, "bookings", NOVEMBER, 5)]
    with chain_scope(two_chains.a), connection.cursor() as cursor:
        older = '[{"metric": "bookings", "month": "2026-11-01", "count": 2}]'
        cursor.execute("SELECT public.push_own_usage(%s::jsonb, %s)", (older, NOW))
    assert UsageMonth.objects.get().count == 5


def test_a_roll_up_that_was_lost_is_found_by_housekeeping(two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        count_usage("bookings", at=NOW, now=NOW)
    with platform_scope():
        DueWork.objects.all().delete()
    with chain_scope(two_chains.a):
        assert sweep_usage(now=NOW) is False
    assert DueWork.objects.filter(schema=two_chains.a.schema_name, kind="usage").count() == 1


def test_the_owner_is_told_near_the_limit_and_over_it_once_each_and_every_booking_counts(
    two_chains: TwoChains,
) -> None:
    with platform_scope():
        Chain.objects.filter(id=two_chains.a.id).update(entitlements={"bookings_a_month": 10})
    told = []
    for count in range(1, 13):
        with chain_scope(two_chains.a):
            count_usage("bookings", at=NOW, now=NOW)
            roll_up_usage(now=NOW)
        told.append((count, Notice.objects.count()))
    assert [count for (count, before), (_n, after) in pairwise(told) if after > before] == [7, 10]
    assert sorted(Notice.objects.values_list("kind", flat=True)) == ["usage_near", "usage_over"]
    assert _counted(two_chains.a)["bookings"] == 12


def test_the_meter_belongs_to_the_effects_note(
    two_chains: TwoChains, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the message count: without the note a repeated call counts twice."""
    monkeypatch.setattr(relay, "note_effect", lambda key, now: True)
    _confirm(two_chains.a)
    with chain_scope(two_chains.a):
        leased = [one for one in lease_deliveries(now=NOW) if one.subscriber == "booking_count"]

    for _time in range(2):
        with chain_scope(two_chains.a):
            transaction.on_commit(partial(deliver, leased, now=NOW))
    assert _counted(two_chains.a)["bookings"] == 2
