"""The set-up changes while a booking waits: what was remembered is held against what stands behind the lock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from threading import Event
from typing import Any

import pytest

from chains.anew import in_chain
from chains.postgresql.ask import Question
from chains.scope import chain_scope
from tenants.booking.domain import foresight
from tenants.booking.domain.rules import OnLeave
from tenants.booking.models import Booking
from tenants.people.domain.shifts import add_leave
from tenants.people.models import Leave
from tests.booking.conftest import Desk
from tests.ground.cast import Cast, local
from tests.ground.races import race
from tests.ground.sweep import superuser

pytestmark = pytest.mark.race


def book_while_leave_is_taken(cast: Cast, desk: Desk) -> object:
    """What a booking comes to that begins while Ya's leave is being written, and waits for it on the lock of Ya.

    Ya's Monday was read and remembered before.
    """
    alpha, ya = cast.alpha, cast.alpha.employees["practitioner"].id
    for hour in (14, 17):
        in_chain(alpha.info, partial(desk.book, local(23, hour)))
    written = Event()

    def take_leave() -> None:
        add_leave(ya, starts_at=local(23, 9), ends_at=local(23, 12), reason="", by=alpha.actors["owner"])
        written.set()
        wait_for_lock()

    def book() -> Booking:
        assert written.wait(30)
        return desk.book(who="chen")

    return race(alpha.info, [take_leave, book])[1]


def wait_for_lock() -> None:
    """Until somebody waits for a row; fails after half a minute."""
    waiting = (
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
        " WHERE NOT l.granted AND a.datname = current_database()"
    )
    for _ in range(600):
        if superuser().execute(waiting).fetchone() != (0,):
            return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def test_leave_that_is_committed_while_a_booking_waits_for_the_lock_refuses_it(
    cast: Cast, desk: Desk
) -> None:
    assert isinstance(book_while_leave_is_taken(cast, desk), OnLeave)


@pytest.mark.mutant
def test_a_token_that_was_read_in_front_of_the_lock_would_let_it_through(
    cast: Cast, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the race above."""
    asks = foresight.ask_all

    def token_first(questions: Sequence[Question[Any]]) -> list[Any]:
        order = sorted(range(len(questions)), key=lambda n: "stores_setup" not in questions[n].sql)
        answers = asks([questions[n] for n in order])
        return [answers[order.index(n)] for n in range(len(questions))]

    monkeypatch.setattr(foresight, "ask_all", token_first)
    made = book_while_leave_is_taken(cast, desk)
    assert isinstance(made, Booking)
    with chain_scope(cast.alpha.info):
        over = Leave.objects.filter(employee_id=made.practitioner_id, starts_at__lt=made.ends_at)
        assert over.filter(ends_at__gt=made.starts_at).count() == 1
