"""Calling a session off: what it will do is foreseen, and whoever is concerned is told once."""

from __future__ import annotations

import pytest

from accounts.models import User
from chains import outgoing
from chains.due import lease_due, run_due
from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.booking.domain.calling_off import Effects, call_off_session, foresee_calling_off
from tenants.booking.domain.deposits import deposit_of
from tenants.booking.domain.desk_payments import take_deposit
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.policies import write_policy
from tenants.booking.domain.scheduled import Wish
from tenants.booking.domain.visitor_holds import hold_scheduled_for_visitor
from tenants.booking.models import Booking
from tests.booking.counted import Counted, strangers
from tests.ground.cast import NOW, Cast


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
    counted.book_for(counted.chain.members["chen"], session_id=session.id)
    take_deposit(seat.id, by=counted.owner, now=NOW)
    hold_scheduled_for_visitor(Wish(session_id=session.id), visitor="v", address="192.0.2.1", now=NOW)
    assert foresee_calling_off(session.id) == Effects(
        bookings=2, people=3, told=1, untold=("m0",), holds=1, at_desk=(("CNY", 5000),)
    )
    call_off_session(session.id, by=counted.owner, now=NOW)
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "cancelled", "expired"]
    assert foresee_calling_off(session.id) == Effects()
    assert deposit_of(Booking.objects.get(id=seat.id)).paid == 5000
    assert check_bookings() == []


def test_a_pass_is_foreseen_to_have_its_visits_back(counted: Counted) -> None:
    session = counted.session()
    bought = counted.member_pass(credits=2)
    counted.book(session_id=session.id, pass_id=bought.id)
    assert foresee_calling_off(session.id) == Effects(bookings=1, people=1, told=1, passes=1)
    call_off_session(session.id, by=counted.owner, now=NOW)
    assert counted.taken(bought.pool_id) == (0, 2)
