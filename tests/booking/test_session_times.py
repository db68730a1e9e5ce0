"""When a session may stand: planning and moving ask leave, shifts and hours alike, and what is overruled is noted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.rules import ClosedDay, NoShift, OnLeave, OutsideHours, TimeClosed
from tenants.booking.domain.session_moves import Going, Whereabouts, move_session
from tenants.booking.domain.session_times import OutsideUnexplained, read_times, require_times, stay_at
from tenants.booking.domain.sessions import Plan, plan_sessions
from tenants.booking.models import Claim, Session
from tenants.people.domain.rights import Forbidden
from tenants.people.models import AccessNote, DayShift, Leave
from tenants.stores.domain.stores import close_days
from tests.booking.counted import EVENING, Counted
from tests.ground.cast import NOW, local

WEEK = timedelta(days=7)
MORNING, NIGHT = local(23, 9), local(23, 21)
Ask = Callable[..., list[Session]]


def plan(counted: Counted, starts_at: datetime = EVENING, **more: Any) -> list[Session]:
    """A session with Ya, at this time."""
    who = more.pop("who", counted.chain.employees["practitioner"].id)
    by = more.pop("by", counted.owner)
    return plan_sessions(
        counted.flow.id,
        store_id=counted.store.id,
        starts_at=starts_at,
        plan=Plan(capacity=3, practitioner_id=who),
        by=by,
        now=NOW,
        **more,
    )


def move(counted: Counted, starts_at: datetime = EVENING, **more: Any) -> list[Session]:
    """A session with Ya that is moved to this time from the week after next."""
    who = more.pop("who", counted.chain.employees["practitioner"].id)
    by = more.pop("by", counted.owner)
    session = counted.session(local(30, 12) + WEEK, practitioner_id=who)
    return [move_session(session.id, to=Going(starts_at=starts_at), by=by, now=NOW, **more)]


ASKS = pytest.mark.parametrize("ask", [plan, move])


def off_shift(counted: Counted, day: int = 23) -> None:
    ya = counted.chain.employees["practitioner"]
    DayShift.objects.create(
        employee=ya, store=counted.store, on=local(day, 12).date(), starts=9 * 60, ends=18 * 60
    )


def on_leave(counted: Counted, first: datetime = MORNING, last: datetime = NIGHT) -> Leave:
    ya = counted.chain.employees["practitioner"]
    return Leave.objects.create(employee=ya, starts_at=first, ends_at=last, reason="")


def closed(counted: Counted) -> None:
    day = local(23, 12).date()
    close_days(counted.store, first=day, end=day + timedelta(days=1), reason="")


@ASKS
@pytest.mark.parametrize(
    ("arrange", "starts_at", "refusal", "sentence"),
    [
        (on_leave, EVENING, OnLeave, "Ya is on leave: Mon 23 Nov, 18:00."),
        (closed, EVENING, ClosedDay, "The shop is closed: Mon 23 Nov, 18:00."),
        (
            lambda counted: None,
            local(23, 20, 30),
            OutsideHours,
            "The shop is not open for the whole of it: Mon 23 Nov, 20:30.",
        ),
        (
            off_shift,
            local(23, 17, 30),
            NoShift,
            "Ya is not on shift for the whole of it: Mon 23 Nov, 17:30.",
        ),
    ],
)
def test_planning_and_moving_are_refused_by_the_same_rules(
    counted: Counted,
    ask: Ask,
    arrange: Callable[[Counted], Any],
    starts_at: datetime,
    refusal: type[TimeClosed],
    sentence: str,
) -> None:
    arrange(counted)
    with pytest.raises(refusal) as refused:
        ask(counted, starts_at)
    assert refused.value.sentence() == sentence
    assert not Session.objects.filter(starts_at=starts_at).exists()


@ASKS
def test_a_session_of_nobody_asks_the_hours_alone(counted: Counted, ask: Ask) -> None:
    on_leave(counted)
    assert ask(counted, EVENING, who=None)[0].starts_at == EVENING
    with pytest.raises(OutsideHours):
        ask(counted, local(24, 20, 30), who=None)


def test_leave_names_every_week_of_a_series_and_plans_none(counted: Counted) -> None:
    on_leave(counted, local(30, 9), local(30, 9) + WEEK + timedelta(hours=12))
    with pytest.raises(OnLeave) as refused:
        plan(counted, weeks=4)
    assert refused.value.extra["starts_at"] == ["2026-11-30T18:00:00+08:00", "2026-12-07T18:00:00+08:00"]
    assert refused.value.sentence() == "Ya is on leave: Mon 30 Nov, 18:00; Mon 7 Dec, 18:00."
    with translation.override("zh-hans"):
        assert refused.value.sentence() == "Ya 请假：11月30日 周一 18:00、12月7日 周一 18:00。"
    assert (Session.objects.count(), Claim.objects.count()) == (0, 0)


def test_of_many_weeks_the_first_are_named_and_how_many_more(counted: Counted) -> None:
    on_leave(counted, local(23, 9), local(23, 9) + 6 * WEEK)
    with pytest.raises(OnLeave) as refused:
        plan(counted, weeks=8)
    assert refused.value.sentence().endswith("Mon 14 Dec, 18:00 and 2 more.")
    with translation.override("zh-hans"):
        assert refused.value.sentence().endswith("12月14日 周一 18:00 等 6 次。")


@ASKS
def test_with_a_reason_it_stands_outside_hours_and_shifts_and_is_noted(counted: Counted, ask: Ask) -> None:
    off_shift(counted)
    (session,) = ask(counted, local(23, 20, 30), outside=" late yoga ")
    assert session.starts_at == local(23, 20, 30)
    note = AccessNote.objects.get(act="session_outside")
    assert (note.subject_id, note.employee_id, note.detail) == (
        session.id,
        counted.owner.employee_id,
        {"reason": "late yoga", "rules": ["outside_hours", "no_shift"]},
    )


@ASKS
def test_a_reason_that_was_not_needed_is_not_noted(counted: Counted, ask: Ask) -> None:
    ask(counted, EVENING, outside="just in case")
    assert not AccessNote.objects.exists()


@ASKS
def test_no_reason_overrules_leave(counted: Counted, ask: Ask) -> None:
    on_leave(counted)
    with pytest.raises(OnLeave):
        ask(counted, EVENING, outside="she comes in for it")


@ASKS
@pytest.mark.parametrize(
    ("who", "reason", "refusal"),
    [("owner", " ", OutsideUnexplained), ("clerk", "why not", Forbidden), ("su", "I like it", Forbidden)],
)
def test_only_who_may_overbook_overrules_and_says_why(
    counted: Counted, ask: Ask, who: str, reason: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        ask(counted, local(23, 20, 30), outside=reason, by=counted.chain.actors[who])


def test_what_stays_as_it_is_is_not_asked_again(counted: Counted) -> None:
    chain = counted.chain
    ya, room = chain.employees["practitioner"], chain.rooms["a"].id
    session = counted.session(practitioner_id=ya.id)
    on_leave(counted)
    closed(counted)
    roomed = move_session(session.id, to=Going(resource_id=room), by=counted.owner, now=NOW)
    assert roomed.resource_id == room
    lin = chain.employees["second"].id
    given = move_session(session.id, to=Going(practitioner_id=lin), by=counted.owner, now=NOW)
    assert given.practitioner_id == lin
    with pytest.raises(OnLeave):
        move_session(session.id, to=Going(practitioner_id=ya.id), by=counted.owner, now=NOW)


def test_a_refused_move_offers_times_that_no_rule_closes(counted: Counted) -> None:
    session = counted.session(local(23, 12), practitioner_id=counted.chain.employees["practitioner"].id)
    off_shift(counted)
    with pytest.raises(NoShift) as refused:
        move_session(
            session.id,
            to=Whereabouts(local(23, 18), session.practitioner_id, None),
            by=counted.owner,
            now=NOW,
        )
    others = [datetime.fromisoformat(one["starts_at"]) for one in refused.value.extra["alternatives"]]
    assert others == [local(23, *at) for at in ((17, 0), (16, 45), (16, 30), (16, 15))]
    for at in others:
        move_session(session.id, to=Going(starts_at=at), by=counted.owner, now=NOW)


def test_planning_asks_as_many_questions_for_many_weeks_as_for_one(counted: Counted) -> None:
    offering = read_offering(counted.store.id, counted.flow.id, by_staff=True)
    ya = counted.chain.employees["practitioner"]
    counts = []
    for weeks in (1, 20):
        stays = [stay_at(EVENING + n * WEEK, offering.need) for n in range(weeks)]
        with CaptureQueriesContext(connection) as asked:
            require_times(read_times(offering, stays, practitioner=ya), stays, now=NOW)
        counts.append(len(asked))
    assert counts == [7, 7]
