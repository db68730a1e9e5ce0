"""Running late: who is told, with how many minutes, and what makes it good."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chains import outgoing
from chains.due import lease_due, run_due
from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.late import NobodyServes, read_delays, tell_running_late
from tenants.booking.domain.redeem import redeem_booking
from tenants.booking.domain.transitions import StatusForbids
from tenants.booking.models import Booking, RunningLate
from tenants.people.domain.rights import Forbidden, NotSeen
from tests.booking.conftest import Desk
from tests.ground.cast import NOW, Cast, local
from tests.ground.races import race

TEN = local(23, 10)


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    outgoing._valkey().flushdb()


def relay(now: Any = NOW) -> None:
    for batch in lease_due(now=now):
        run_due(batch, now=now)


def told() -> list[tuple[str, str]]:
    return [(row["to"], row["text"]) for row in reversed(sent_messages()) if "booked" not in row["text"]]


def late(cast: Cast, booking: Booking, minutes: int, who: str = "practitioner") -> list[tuple[Any, int]]:
    changed = tell_running_late(booking.id, minutes=minutes, by=cast.alpha.actors[who], now=NOW)
    return [(one.booking.id, one.minutes) for one in changed]


def three(desk: Desk) -> list[Booking]:
    """10:00, 11:20 right behind it (each claims 80 minutes), and 13:00 with twenty minutes in between."""
    return [
        desk.book(TEN),
        desk.book(local(23, 11, 20), who="clerk", member=desk.cast.members["chen"].id),
        desk.book(local(23, 13), who="clerk", member=desk.cast.members["su"].id),
    ]


def test_a_delay_reaches_the_next_visits_and_free_time_takes_its_length_off(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first, second, third = three(desk)
        assert late(cast, first, 30) == [(first.id, 30), (second.id, 30), (third.id, 10)]
        assert read_delays([first.id, second.id, third.id]) == {first.id: 30, second.id: 30, third.id: 10}
        assert late(cast, first, 23) == [(first.id, 23), (second.id, 23), (third.id, 0)]


def test_other_people_and_other_days_are_not_late(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first = desk.book(TEN)
        desk.book(local(23, 11, 30), who="chen", practitioner_id=cast.alpha.employees["second"].id)
        desk.book(local(24, 10), who="chen")
        assert late(cast, first, 200) == [(first.id, 200)]


def test_who_is_being_served_is_not_told_but_those_after_are(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first, second, _third = three(desk)
        Booking.objects.filter(id=first.id).update(status="arrived")
        assert late(cast, first, 10) == [(second.id, 10)]


def test_members_are_told_once_the_new_time_in_their_language(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        type(cast.alpha.members["su"]).objects.filter(name="苏晴").update(locale="zh-hans")
        first = desk.book(TEN)
        late(cast, first, 15)
    relay()
    with chain_scope(cast.alpha.info):
        assert late(cast, first, 15) == []
    relay(NOW + timedelta(hours=1))
    assert told() == [
        (
            "+8613800000001",
            "Alpha：我们大约晚 15 分钟。Deep hydration 约 11月23日 周一 10:15 开始，North。抱歉让你久等。",
        )
    ]


def test_what_was_said_again_before_the_first_was_sent_is_told_once(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first = desk.book(TEN)
        late(cast, first, 15)
        late(cast, first, 25)
    relay()
    assert len(told()) == 1
    assert "25" in told()[0][1]


def test_on_time_again_is_told_to_whom_was_told(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first, second, third = three(desk)
        late(cast, first, 20)
        assert late(cast, first, 0) == [(first.id, 0), (second.id, 0)]
        assert RunningLate.objects.count() == 0
        assert late(cast, third, 0) == []


def test_only_a_visit_to_come_or_under_way_runs_late(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        gone = cancel_booking(desk.book(TEN).id, by=cast.alpha.actors["su"], now=NOW)
        with pytest.raises(StatusForbids):
            late(cast, gone, 10)
        nobodys = desk.book(TEN)
        Booking.objects.filter(id=nobodys.id).update(practitioner=None)
        with pytest.raises(NobodyServes):
            late(cast, nobodys, 10)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("cashier", Forbidden), ("read_only", Forbidden), ("south_clerk", NotSeen), ("chen", NotSeen)],
)
def test_running_late_is_said_by_who_may_complete_visits_there(
    cast: Cast, desk: Desk, who: str, refusal: Any
) -> None:
    with chain_scope(cast.alpha.info):
        first = desk.book(TEN)
        with pytest.raises(refusal):
            late(cast, first, 10, who)
        assert late(cast, first, 10, "clerk") == [(first.id, 10)]


def test_a_visit_that_was_late_and_has_arrived_is_late_no_more(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first = desk.book(local(21, 12, 30))
        late(cast, first, 15)
        clerk = cast.alpha.actors["clerk"]
        redeem_booking(first.store_id, booking_id=first.id, by=clerk, now=local(21, 12, 30))
        assert read_delays([first.id]) == {}


@pytest.mark.race
def test_of_two_who_say_it_at_once_both_are_heard_and_one_holds(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first, second, _third = three(desk)
    acts = [
        partial(tell_running_late, first.id, minutes=minutes, by=cast.alpha.actors[who], now=NOW)
        for minutes, who in ((20, "clerk"), (10, "practitioner"))
    ]
    answers = race(cast.alpha.info, acts)
    assert [one for one in answers if isinstance(one, Exception)] == []
    with chain_scope(cast.alpha.info):
        assert len({read_delays([first.id, second.id])[one.id] for one in (first, second)}) == 1
