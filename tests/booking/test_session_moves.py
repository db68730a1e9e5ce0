"""Moving a session: everybody goes with it and is told once, or nothing happens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from chains import outgoing
from chains.due import lease_due, run_due
from chains.outgoing import sent_messages
from chains.refusals import StaleVersion
from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.domain.calling_off import call_off_session
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.notices import tell_member
from tenants.booking.domain.policies import write_policy
from tenants.booking.domain.redeem import redeem_code
from tenants.booking.domain.rules import OnLeave
from tenants.booking.domain.session_moves import (
    Going,
    SessionGoing,
    SessionGuestsBusy,
    Whereabouts,
    move_session,
)
from tenants.booking.domain.sessions import SessionCalledOff, SessionWrong
from tenants.booking.models import Booking, Claim, Session, Transition
from tenants.events.domain.subscribers import Happened
from tenants.events.models import Event
from tenants.people.domain.rights import Forbidden
from tenants.people.models import Employee, Leave
from tests.booking.counted import EVENING, Counted
from tests.ground.cast import NOW, Cast, local
from tests.ground.races import race

LATER = EVENING + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    outgoing._valkey().flushdb()


def move(counted: Counted, session: Session, to: datetime = LATER, **more: Any) -> Session:
    place = Whereabouts(to, more.pop("who", session.practitioner_id), more.pop("room", session.resource_id))
    return move_session(
        session.id, to=place, by=more.pop("by", counted.owner), now=more.pop("now", NOW), **more
    )


def told() -> list[str]:
    for batch in lease_due(now=NOW):
        run_due(batch, now=NOW)
    return sorted(f"{row['to']}: {row['text'].split(' Your code')[0]}" for row in sent_messages())


def test_everybody_who_is_booked_goes_with_the_session_and_its_claims_follow(counted: Counted) -> None:
    chain = counted.chain
    ya, lin, room = chain.employees["practitioner"], chain.employees["second"], chain.rooms["a"]
    session = counted.session(practitioner_id=ya.id)
    seats = [counted.book(session_id=session.id, who=who) for who in ("su", "chen")]
    moved = move(counted, session, who=lin.id, room=room.id)
    assert (moved.starts_at, moved.ends_at, moved.version) == (LATER, LATER + timedelta(hours=1), 2)
    for seat in seats:
        now = Booking.objects.get(id=seat.id)
        assert (now.starts_at, now.ends_at) == (moved.starts_at, moved.ends_at)
        assert (now.practitioner_id, now.resource_id, now.version) == (lin.id, room.id, 2)
        assert (now.code, now.price_amount) == (seat.code, seat.price_amount)
    held = Claim.objects.filter(session_id=session.id, active=True)
    assert {claim.resource_id for claim in held} == {lin.resource_id, room.id}
    assert counted.taken(session.pool_id) == (2, 3)
    assert check_bookings() == []


def test_members_and_whoever_gives_it_are_told_once_each(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        User.objects.update(locale="en")
        for member in cast.alpha.members.values():
            type(member).objects.filter(id=member.id).update(locale="en")
        ya, lin = cast.alpha.employees["practitioner"], cast.alpha.employees["second"]
        session = counted.session(practitioner_id=ya.id)
        for who in ("su", "chen"):
            counted.book(session_id=session.id, who=who)
    told()
    outgoing._valkey().flushdb()
    with chain_scope(cast.alpha.info):
        move(counted, session, who=lin.id)
        phones = [cast.alpha.members[who].phone for who in ("su", "chen")]
        mails = {one: one.user.email for one in (ya, lin)}
    assert told() == sorted(
        [
            *(f"{phone}: Alpha: moved. Flow is now Mon 23 Nov, 20:00, North." for phone in phones),
            f"{mails[lin]}: Alpha: moved. Flow is now Mon 23 Nov, 20:00, North, 2 booked.",
            f"{mails[ya]}: Alpha: no longer yours. Flow, Mon 23 Nov, 18:00, North, was given to somebody else.",
        ]
    )


def test_a_person_who_is_taken_refuses_it_with_times_that_would_do(counted: Counted) -> None:
    chain = counted.chain
    ya = chain.employees["practitioner"]
    session = counted.session(practitioner_id=ya.id)
    book(
        chain.services["facial"].id,
        store_id=counted.store.id,
        starts_at=local(23, 16),
        practitioner_id=ya.id,
        by=chain.actors["su"],
        now=NOW,
    )
    with pytest.raises(SlotTaken) as refused:
        move(counted, session, local(23, 16))
    others = [datetime.fromisoformat(one["starts_at"]) for one in refused.value.extra["alternatives"]]
    assert others == [local(23, *at) for at in ((14, 45), (17, 15), (14, 30), (17, 30))]
    assert Session.objects.get(id=session.id).version == 1
    for at in others:
        move(counted, Session.objects.get(id=session.id), at)
    assert check_bookings() == []


def test_a_guest_who_is_booked_then_refuses_it_by_name(counted: Counted) -> None:
    chain = counted.chain
    session = counted.session()
    counted.book(session_id=session.id)
    book(
        chain.services["facial"].id,
        store_id=counted.store.id,
        starts_at=local(23, 16),
        by=chain.actors["su"],
        now=NOW,
    )
    with pytest.raises(SessionGuestsBusy) as refused:
        move(counted, session, local(23, 16, 30))
    assert refused.value.sentence() == "Already booked elsewhere at that time: 苏晴."
    assert Booking.objects.get(session_id=session.id).starts_at == EVENING


def test_a_guests_booking_in_a_store_that_the_mover_does_not_see_is_only_counted(counted: Counted) -> None:
    chain = counted.chain
    session = counted.session()
    for who, store in (("su", "north"), ("chen", "south")):
        counted.book(session_id=session.id, who=who)
        book(
            chain.services["facial"].id,
            store_id=chain.stores[store].id,
            starts_at=local(23, 16),
            by=chain.actors[who],
            now=NOW,
        )
    here = Booking.objects.get(member=chain.members["su"], session=None)
    listed = {"id": str(here.id), "code": here.code}
    for who, seen, elsewhere in (("store_manager", [listed], 1), ("owner", None, 0)):
        with pytest.raises(SessionGuestsBusy) as refused:
            move(counted, session, local(23, 16, 30), by=chain.actors[who])
        extra = refused.value.extra
        assert (extra["elsewhere"], len(extra["bookings"])) == (elsewhere, 2 - elsewhere)
        assert seen is None or extra["bookings"] == seen


def test_a_hold_that_goes_along_is_told_that_it_is_not_booked_yet(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        User.objects.update(locale="en")
        for member in cast.alpha.members.values():
            type(member).objects.filter(id=member.id).update(locale="en")
        session = counted.session()
        counted.book(session_id=session.id, who="su", hold=True)
        write_policy(
            {"deposit_kind": "fixed", "deposit_value": 5000, "currency": "CNY"}, by=counted.owner, now=NOW
        )
        counted.book(session_id=session.id, who="chen")
    told()
    outgoing._valkey().flushdb()
    with chain_scope(cast.alpha.info):
        move(counted, session)
        su, chen = (cast.alpha.members[who].phone for who in ("su", "chen"))
    head, kept = (
        "Alpha: changed. Flow is now Mon 23 Nov, 20:00, North.",
        "The place is kept until Sat 21 Nov, 12:10",
    )
    assert told() == [
        f"{su}: {head} {kept} and not booked yet.",
        f"{chen}: {head} {kept} and booked once its deposit is paid.",
    ]


def test_a_hold_that_ran_out_before_it_could_be_told_is_told_nothing(counted: Counted) -> None:
    session = counted.session()
    counted.book(session_id=session.id, hold=True)
    move(counted, session)
    row = Event.objects.get(kind="booking.moved")
    event = Happened(row.id, row.kind, row.subject_id, row.store_id, row.version, row.payload, NOW, "key")
    assert tell_member(event, now=NOW + timedelta(minutes=9)) is not None
    assert tell_member(event, now=NOW + timedelta(minutes=10)) is None


def test_leave_past_called_off_begun_and_strangers_refuse_it(counted: Counted) -> None:
    chain = counted.chain
    ya = chain.employees["practitioner"]
    session = counted.session(practitioner_id=ya.id)
    Leave.objects.create(employee=ya, starts_at=local(24, 9), ends_at=local(24, 21), reason="")
    with pytest.raises(OnLeave):
        move(counted, session, local(24, 10))
    with pytest.raises(SessionWrong):
        move(counted, session, NOW)
    with pytest.raises(SessionWrong):
        move(counted, session, who=chain.employees["south_practitioner"].id)
    with pytest.raises(Forbidden):
        move(counted, session, by=chain.actors["clerk"])
    with pytest.raises(StaleVersion):
        move(counted, session, version=7)
    with pytest.raises(SessionGoing):
        move(counted, session, now=EVENING)
    call_off_session(session.id, by=counted.owner, now=NOW)
    with pytest.raises(SessionCalledOff):
        move(counted, session)
    assert Transition.objects.filter(detail__has_key="with_session").count() == 0


def test_a_session_for_which_somebody_is_here_stays(counted: Counted) -> None:
    session = counted.session()
    seat = counted.book(session_id=session.id)
    early = EVENING - timedelta(minutes=10)
    redeem_code(counted.store.id, code=seat.code, by=counted.owner, now=early)
    with pytest.raises(SessionGoing):
        move(counted, session, now=early)


def test_a_session_that_stays_where_it_is_tells_nobody(counted: Counted) -> None:
    session = counted.session()
    assert move(counted, session, EVENING).version == 1


@pytest.mark.race
def test_a_seat_taken_while_the_session_moves_stands_at_its_new_time(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        session = counted.session(seats=3)

    def taking(who: str) -> Any:
        return lambda: counted.book(session_id=session.id, who=who)

    answers = race(cast.alpha.info, [lambda: move(counted, session), taking("su"), taking("chen")])
    assert [one for one in answers if isinstance(one, Exception)] == []
    with chain_scope(cast.alpha.info):
        assert set(Booking.objects.values_list("starts_at", flat=True)) == {LATER}
        assert check_bookings() == []


def two_moves(counted: Counted, first: Any, second: Any, session: Session) -> Session:
    """The session after two people moved it at the same moment, each as it says."""
    acts = [
        lambda: move_session(session.id, to=first(), by=counted.owner, now=NOW),
        lambda: move_session(session.id, to=second(), by=counted.owner, now=NOW),
    ]
    assert [type(one) for one in race(counted.chain.info, acts)] == [Session, Session]
    with chain_scope(counted.chain.info):
        return Session.objects.get(id=session.id)


@pytest.mark.race
def test_two_moves_at_once_that_name_different_things_both_stand(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        session = counted.session()
    room = cast.alpha.rooms["a"].id
    after = two_moves(counted, lambda: Going(starts_at=LATER), lambda: Going(resource_id=room), session)
    assert (after.starts_at, after.resource_id, after.version) == (LATER, room, 3)


@pytest.mark.mutant
@pytest.mark.race
def test_without_reading_under_the_lock_one_move_undoes_the_other(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        session = counted.session()
    room = cast.alpha.rooms["a"].id
    after = two_moves(
        counted,
        lambda: Whereabouts(LATER, None, None),
        lambda: Whereabouts(EVENING, None, room),
        session,
    )
    assert (after.starts_at, after.resource_id) != (LATER, room)


def test_who_has_left_is_told_nothing_of_a_session_that_is_still_in_their_name(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        counted = Counted(cast.alpha)
        ya = cast.alpha.employees["practitioner"]
        session = counted.session(practitioner_id=ya.id)
        Employee.objects.filter(id=ya.id).update(active=False)
    told()
    outgoing._valkey().flushdb()
    with chain_scope(cast.alpha.info):
        move(counted, session, room=cast.alpha.rooms["a"].id)
    assert told() == []
