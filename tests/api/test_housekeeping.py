"""A chain's round of housekeeping, with every app's chores: dead rows go, living ones stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from api.models import IdempotencyKey, Token
from chains import chores
from chains.chores import keep_chain
from chains.scope import chain_scope
from tenants.booking.domain.holds import expire_holds
from tenants.booking.domain.visitor_holds import hold_for_visitor
from tenants.booking.models import Booking, Status, Transition, VisitorHold
from tenants.events.models import Effect, Event
from tenants.members.models import OneTimeCode
from tenants.people.models import ArrivalUse, Invitation
from tests.ground.cast import NOW, Cast, local

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _alpha(cast: Cast):
    with chain_scope(cast.alpha.info):
        yield


def test_apps_have_registered_their_chores() -> None:
    assert sorted(chores._chores) == [
        "answers", "arrivals", "effects", "invitations", "late deliveries", "leave requests and swaps",
        "names to be found by", "old wishes", "one-time codes", "overdue holds", "pickup windows", "sessions", "tokens",
        "usage not told", "visitors' holds",
    ]  # fmt: skip


def test_dead_rows_go_and_living_ones_stay(cast: Cast) -> None:
    employee = cast.alpha.employees["clerk"]
    for name, late in (("dead", SECOND), ("living", -SECOND)):
        Session.objects.create(session_key=name, session_data="", expire_date=NOW - late)
        Token.objects.create(
            token_hash=name, employee=employee, created_at=NOW - 30 * DAY, expires_at=NOW - late
        )
        IdempotencyKey.objects.create(
            scope=name, fingerprint="", status=200, content_type="", body=b"", created_at=NOW - DAY - late
        )
        OneTimeCode.objects.create(phone=name, code_hash="", sent_at=NOW - DAY - late, expires_at=NOW - DAY)
        Invitation.objects.create(
            employee=employee, token_hash=name, expires_at=NOW - 30 * DAY - late, used_at=None
        )
        ArrivalUse.objects.create(token_hash=name, at=NOW - 60 * DAY - late)
        Effect.objects.create(key=name, at=NOW - 30 * DAY - late)
    keep_chain(now=NOW)
    left = {
        "sessions": Session.objects.values_list("session_key", flat=True),
        "tokens": Token.objects.values_list("token_hash", flat=True),
        "answers": IdempotencyKey.objects.values_list("scope", flat=True),
        "codes": OneTimeCode.objects.values_list("phone", flat=True),
        "invitations": Invitation.objects.values_list("token_hash", flat=True),
        "arrivals": ArrivalUse.objects.values_list("token_hash", flat=True),
        "effects": Effect.objects.values_list("key", flat=True),
    }
    assert {name: list(rows) for name, rows in left.items()} == {name: ["living"] for name in left}


def test_whose_a_dead_hold_was_is_forgotten_after_a_day_and_its_history_stays(cast: Cast) -> None:
    held = [
        hold_for_visitor(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=local(23, hour),
            visitor=f"browser {hour}",
            address="203.0.113.9",
            now=NOW,
        )
        for hour in (10, 13)
    ]
    ended, overdue = held
    over = NOW + timedelta(minutes=10)
    Booking.objects.filter(id=overdue.id).update(expires_at=over + 9 * DAY)
    expire_holds(now=over)
    events, transitions = Event.objects.count(), Transition.objects.count()
    keep_chain(now=over + DAY)
    assert VisitorHold.objects.count() == 2
    keep_chain(now=over + DAY + SECOND)
    assert list(VisitorHold.objects.values_list("booking_id", flat=True)) == [overdue.id]
    assert Booking.objects.get(id=ended.id).status == Status.EXPIRED
    assert (Event.objects.count(), Transition.objects.count()) == (events, transitions)


def test_a_session_in_use_is_never_let_go() -> None:
    Session.objects.create(
        session_key="mine", session_data="", expire_date=timezone.now() + timedelta(days=30)
    )
    keep_chain(now=timezone.now())
    assert Session.objects.count() == 1
