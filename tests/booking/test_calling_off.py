"""Calling a session off: what it will do is foreseen, and whoever is concerned is told once."""

from __future__ import annotations

import pytest
from django.utils import translation

from accounts.models import User
from chains import outgoing
from chains.due import lease_due, run_due
from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.booking.domain.calling_off import (
    Effects,
    SeatsBookedSince,
    call_off_session,
    foresee_calling_off,
)
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.deposits import deposit_of
from tenants.booking.domain.desk_payments import take_deposit
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.policies import write_policy
from tenants.booking.domain.scheduled import Wish
from tenants.booking.domain.visitor_holds import confirm_visitor_hold, hold_scheduled_for_visitor
from tenants.booking.models import Booking
from tests.booking.counted import Counted, strangers
from tests.ground.cast import NOW, Cast, local
from tests.ground.races import race


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    outgoing._valkey().flushdb()


def told() -> list[str]:
    for batch in lease_due(now=NOW):
        run_due(batch, now=NOW)
    return sorted(f"{row['to']}: {row['text']}" for row in sent_messages())


@pytest.mark.parametrize("by", ["owner", "practitioner"])
def test_members_and_whoever_gives_it_are_told_once_each_and_nobody_of_what_they_did(
    cast: Cast, by: str
) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        counted = Counted(alpha)
        User.objects.update(locale="en")
        for member in alpha.members.values():
            type(member).objects.filter(id=member.id).update(locale="en")
        ya = alpha.employees["practitioner"]
        session = counted.session(practitioner_id=ya.id)
        for who in ("su", "chen"):
            counted.book(session_id=session.id, who=who)
    told()
    outgoing._valkey().flushdb()
    with chain_scope(alpha.info):
        actor = alpha.actors["owner"]
        if by == "practitioner":  # who gives it and plans it too
            actor = type(actor)(employee_id=ya.id, name=ya.name, grants=actor.grants)
        call_off_session(session.id, by=actor, now=NOW, reason="too few")
        phones = [alpha.members[who].phone for who in ("su", "chen")]
        mail = ya.user.email
    assert told() == sorted(
        [
            *(f"{phone}: Alpha: cancelled. Flow, Mon 23 Nov, 18:00, North." for phone in phones),
            *([f"{mail}: Alpha: called off. Flow, Mon 23 Nov, 18:00, North."] if by == "owner" else []),
        ]
    )
    assert told() == told()


def test_what_it_will_do_is_what_it_then_does(counted: Counted) -> None:
    session = counted.session(seats=9)
    (quiet,) = strangers(1)
    write_policy(
        {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}, by=counted.owner, now=NOW
    )
    counted.member_pass()
    seat = counted.book_for(quiet, session_id=session.id, party_size=2)
    other = counted.book_for(counted.chain.members["chen"], session_id=session.id)
    take_deposit(seat.id, by=counted.owner, now=NOW)
    hold_scheduled_for_visitor(Wish(session_id=session.id), visitor="v", address="192.0.2.1", now=NOW)
    assert foresee_calling_off(session.id) == Effects(
        bookings=2,
        people=3,
        told=1,
        untold=("m0",),
        holds=1,
        at_desk=(("CNY", 5000),),
        ids=(seat.id, other.id),
    )
    call_off_session(session.id, by=counted.owner, now=NOW)
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "cancelled", "expired"]
    assert foresee_calling_off(session.id) == Effects()
    assert deposit_of(Booking.objects.get(id=seat.id)).paid == 5000
    assert check_bookings() == []


def test_a_pass_is_foreseen_to_have_its_visits_back(counted: Counted) -> None:
    session = counted.session()
    bought = counted.member_pass(credits=2)
    seat = counted.book(session_id=session.id, pass_id=bought.id)
    assert foresee_calling_off(session.id) == Effects(bookings=1, people=1, told=1, passes=1, ids=(seat.id,))
    call_off_session(session.id, by=counted.owner, now=NOW)
    assert counted.taken(bought.pool_id) == (0, 2)


def test_a_seat_that_was_booked_since_is_not_cancelled_unseen(counted: Counted) -> None:
    session = counted.session(seats=9)
    counted.book(session_id=session.id)
    seen = foresee_calling_off(session.id).ids
    since = counted.book(session_id=session.id, who="chen")
    with pytest.raises(SeatsBookedSince) as refused:
        call_off_session(session.id, by=counted.owner, now=NOW, seen=seen)
    assert refused.value.extra["bookings"] == [{"id": str(since.id), "code": since.code}]
    with translation.override("zh-hans"):
        assert refused.value.sentence() == "打开之后又有人约了：Chen Ke。"
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["confirmed", "confirmed"]
    session.refresh_from_db()
    assert session.state == "scheduled"
    call_off_session(session.id, by=counted.owner, now=NOW, seen=foresee_calling_off(session.id).ids)
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "cancelled"]


def test_whoever_cancelled_since_stands_in_nobodys_way_and_a_hold_counts_once_it_is_somebodys(
    counted: Counted,
) -> None:
    session = counted.session(seats=9)
    gone = counted.book(session_id=session.id)
    held = hold_scheduled_for_visitor(Wish(session_id=session.id), visitor="v", address="192.0.2.1", now=NOW)
    seen = foresee_calling_off(session.id).ids
    assert seen == (gone.id,)
    cancel_booking(gone.id, by=counted.owner, now=NOW)
    confirm_visitor_hold(held.id, visitor="v", by=counted.chain.actors["chen"], now=NOW)
    with pytest.raises(SeatsBookedSince):
        call_off_session(session.id, by=counted.owner, now=NOW, seen=seen)
    call_off_session(session.id, by=counted.owner, now=NOW, seen=[*seen, held.id])
    assert check_bookings() == []


def test_booked_while_it_is_called_off_one_of_the_two_is_refused(cast: Cast) -> None:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        counted = Counted(alpha)
        rounds = [counted.session(local(23, hour)) for hour in range(9, 21, 2)]
    for session in rounds:
        acts = [
            lambda session=session: counted.book(session_id=session.id),
            lambda session=session: call_off_session(session.id, by=counted.owner, now=NOW, seen=()),
        ]
        booked, called_off = race(alpha.info, acts)
        refused = (type(booked).__name__, type(called_off).__name__)
        assert refused in {("SessionCalledOff", "Session"), ("Booking", "SeatsBookedSince")}
