"""Sessions: planned week by week with their practitioner and room, booked by seat, called off with notice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tenants.booking.domain.availability import explain, find_slots
from tenants.booking.domain.book import book
from tenants.booking.domain.calling_off import SessionBegun, call_off_session
from tenants.booking.domain.change import cancel_booking, mark_no_show, reschedule_booking
from tenants.booking.domain.claims import SessionFull, SlotTaken
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.offering import NotByTime
from tenants.booking.domain.redeem import TooEarly, redeem_code
from tenants.booking.domain.rules import MemberOverlap, Past, TooFar
from tenants.booking.domain.scheduled import NotThatService
from tenants.booking.domain.sessions import (
    Plan,
    SessionCalledOff,
    SessionWrong,
    change_session,
    plan_sessions,
    read_roster,
)
from tenants.booking.models import Booking, Claim, Session, Status
from tenants.events.models import Event
from tenants.people.domain.rights import Forbidden, NotSeen
from tests.booking.conftest import MONDAY_TEN
from tests.booking.counted import EVENING, Counted, strangers
from tests.ground.cast import NOW, local, make_service


def test_session_holds_its_practitioner_and_room_against_bookings(counted: Counted) -> None:
    chain = counted.chain
    ya, room = chain.employees["practitioner"], chain.rooms["a"]
    counted.session(MONDAY_TEN, practitioner_id=ya.id, resource_id=room.id)
    with pytest.raises(SlotTaken) as refused:
        book(
            chain.services["facial"].id,
            store_id=counted.store.id,
            starts_at=MONDAY_TEN,
            practitioner_id=ya.id,
            by=chain.actors["su"],
            now=NOW,
        )
    assert refused.value.extra["claim"]["resource"] == str(ya.resource_id)
    assert {claim.resource_id for claim in Claim.objects.filter(session__isnull=False)} == {
        ya.resource_id,
        room.id,
    }
    assert check_bookings() == []


def test_session_cannot_have_a_practitioner_who_is_booked(counted: Counted) -> None:
    chain = counted.chain
    ya = chain.employees["practitioner"]
    book(
        chain.services["facial"].id,
        store_id=counted.store.id,
        starts_at=MONDAY_TEN,
        practitioner_id=ya.id,
        by=chain.actors["su"],
        now=NOW,
    )
    with pytest.raises(SlotTaken) as refused:
        plan_sessions(
            counted.flow.id,
            store_id=counted.store.id,
            starts_at=MONDAY_TEN,
            plan=Plan(capacity=3, practitioner_id=ya.id),
            weeks=3,
            by=counted.owner,
            now=NOW,
        )
    assert refused.value.extra["starts_at"] == "2026-11-23T10:00:00+08:00"
    assert Session.objects.count() == 0


def test_weekly_sessions_keep_the_local_time_over_a_change_of_clocks(counted: Counted) -> None:
    dublin = counted.chain.stores["dublin"]
    flow = make_service("Flow", [dublin], booked_as="session", currency="EUR")
    first = datetime(2027, 3, 22, 18, 0, tzinfo=UTC)
    made = plan_sessions(
        flow.id,
        store_id=dublin.id,
        starts_at=first,
        plan=Plan(capacity=10),
        weeks=3,
        by=counted.owner,
        now=NOW,
    )
    assert [one.starts_at for one in made] == [
        first,
        datetime(2027, 3, 29, 17, 0, tzinfo=UTC),
        datetime(2027, 4, 5, 17, 0, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("service", "plan", "starts_at", "weeks", "field"),
    [
        ("facial", Plan(capacity=3), EVENING, 1, "service"),
        ("flow", Plan(capacity=0), EVENING, 1, "capacity"),
        ("flow", Plan(capacity=3, minimum=4), EVENING, 1, "capacity"),
        ("flow", Plan(capacity=3), NOW, 1, "starts_at"),
        ("flow", Plan(capacity=3), EVENING, 27, "weeks"),
        ("flow", Plan(capacity=3, practitioner_id=NotSeen), EVENING, 1, "practitioner"),
        ("flow", Plan(capacity=3, resource_id=NotSeen), EVENING, 1, "resource"),
    ],
)
def test_plan_that_does_not_fit_names_the_field(
    counted: Counted, service: str, plan: Plan, starts_at: datetime, weeks: int, field: str
) -> None:
    chain = counted.chain
    south = chain.employees["south_practitioner"].id
    plan = Plan(
        capacity=plan.capacity,
        minimum=plan.minimum,
        practitioner_id=south if plan.practitioner_id else None,
        resource_id=south if plan.resource_id else None,
    )
    with pytest.raises(SessionWrong) as refused:
        plan_sessions(
            (counted.flow if service == "flow" else chain.services[service]).id,
            store_id=counted.store.id,
            starts_at=starts_at,
            plan=plan,
            weeks=weeks,
            by=counted.owner,
            now=NOW,
        )
    assert [error.field for error in refused.value.errors] == [field]


def test_clerk_plans_no_sessions(counted: Counted) -> None:
    with pytest.raises(Forbidden):
        plan_sessions(
            counted.flow.id,
            store_id=counted.store.id,
            starts_at=EVENING,
            plan=Plan(capacity=3),
            by=counted.chain.actors["clerk"],
            now=NOW,
        )


def test_seats_are_taken_by_party_size_at_a_price_by_the_seat(counted: Counted) -> None:
    session = counted.session(seats=3)
    booking = counted.book(session_id=session.id, party_size=2)
    assert (booking.status, booking.price_amount, booking.starts_at, booking.session_id) == (
        Status.CONFIRMED,
        16000,
        EVENING,
        session.id,
    )
    assert counted.taken(session.pool_id) == (2, 3)
    assert check_bookings() == []


def test_full_session_refuses_with_other_sessions_that_have_room(counted: Counted) -> None:
    session = counted.session(seats=1)
    full = counted.session(EVENING + timedelta(days=1), seats=1)
    later = counted.session(EVENING + timedelta(days=2), seats=1)
    first, second = strangers(2)
    counted.book_for(first, session_id=session.id)
    counted.book_for(first, session_id=full.id)
    with pytest.raises(SessionFull) as refused:
        counted.book_for(second, session_id=session.id)
    assert [one["session"] for one in refused.value.extra["alternatives"]] == [str(later.id)]
    assert refused.value.extra["alternatives"][0]["left"] == 1
    assert Booking.objects.count() == 2


def test_full_wins_over_the_members_own_overlap_and_over_the_past(counted: Counted) -> None:
    session = counted.session(seats=1)
    counted.book(session_id=session.id)
    with pytest.raises(SessionFull):
        counted.book(session_id=session.id)
    with pytest.raises(SessionFull):
        counted.book(session_id=session.id, who="chen", now=EVENING + timedelta(minutes=5))


def test_second_seat_booking_of_a_member_in_one_session_is_their_overlap(counted: Counted) -> None:
    session = counted.session(seats=3)
    counted.book(session_id=session.id)
    with pytest.raises(MemberOverlap):
        counted.book(session_id=session.id)
    assert counted.taken(session.pool_id) == (1, 3)


def test_session_is_booked_until_it_begins_by_members_and_until_its_end_by_staff(counted: Counted) -> None:
    session = counted.session()
    begun = EVENING + timedelta(minutes=10)
    with pytest.raises(Past):
        counted.book(session_id=session.id, now=begun)
    walked_in = counted.book_for(strangers(1)[0], session_id=session.id, now=begun)
    assert walked_in.channel == "walk_in"


def test_session_further_ahead_than_its_service_is_open_waits(counted: Counted) -> None:
    session = counted.session(EVENING + timedelta(weeks=20))
    with pytest.raises(TooFar):
        counted.book(session_id=session.id)


def test_hold_on_a_seat_expires_on_demand(counted: Counted) -> None:
    session = counted.session(seats=1)
    held = counted.book(session_id=session.id, hold=True)
    later = NOW + timedelta(minutes=11)
    booking = counted.book(session_id=session.id, who="chen", now=later)
    held.refresh_from_db()
    assert (held.status, booking.status) == (Status.EXPIRED, Status.CONFIRMED)
    assert counted.taken(session.pool_id) == (1, 1)


def test_cancelling_gives_the_seats_back(counted: Counted) -> None:
    session = counted.session()
    booking = counted.book(session_id=session.id, party_size=2)
    cancel_booking(booking.id, by=counted.chain.actors["su"], now=NOW)
    assert counted.taken(session.pool_id) == (0, 3)
    assert check_bookings() == []


def test_moving_to_another_session_of_the_service_takes_the_new_seat_first(counted: Counted) -> None:
    session, later = counted.session(), counted.session(EVENING + timedelta(days=1), seats=1)
    booking = counted.book(session_id=session.id)
    su = counted.chain.actors["su"]
    with pytest.raises(NotSeen):
        reschedule_booking(booking.id, starts_at=EVENING + timedelta(days=2), by=su, now=NOW)
    moved = reschedule_booking(booking.id, starts_at=later.starts_at, by=su, now=NOW)
    assert (moved.session_id, moved.starts_at) == (later.id, later.starts_at)
    assert (counted.taken(session.pool_id), counted.taken(later.pool_id)) == ((0, 3), (1, 1))
    other = counted.book(session_id=session.id, who="chen")
    with pytest.raises(SessionFull):
        reschedule_booking(other.id, starts_at=later.starts_at, by=counted.chain.actors["chen"], now=NOW)
    assert check_bookings() == []


def test_service_of_sessions_is_not_booked_by_time(counted: Counted) -> None:
    with pytest.raises(NotByTime):
        book(
            counted.flow.id,
            store_id=counted.store.id,
            starts_at=EVENING,
            by=counted.chain.actors["su"],
            now=NOW,
        )


def test_session_of_another_store_or_service_is_not_taken_for_the_one_named(counted: Counted) -> None:
    session = counted.session()
    with pytest.raises(NotSeen):
        counted.book(session_id=session.id, store_id=counted.chain.stores["south"].id)
    with pytest.raises(NotThatService):
        counted.book(session_id=session.id, service_id=counted.chain.services["facial"].id)


def test_calling_off_cancels_the_bookings_tells_their_members_and_frees_everything(counted: Counted) -> None:
    ya = counted.chain.employees["practitioner"]
    session = counted.session(practitioner_id=ya.id)
    booking = counted.book(session_id=session.id)
    held = counted.book(session_id=session.id, who="chen", hold=True)
    call_off_session(session.id, by=counted.owner, now=NOW, reason="too few")
    booking.refresh_from_db()
    held.refresh_from_db()
    assert (booking.status, booking.reason, held.status) == (Status.CANCELLED, "too few", Status.CANCELLED)
    assert Event.objects.filter(kind="booking.cancelled", subject_id=booking.id).count() == 1
    assert counted.taken(session.pool_id) == (0, 3)
    assert Claim.objects.filter(active=True).count() == 0
    assert check_bookings() == []
    with pytest.raises(SessionCalledOff):
        counted.book(session_id=session.id)
    with pytest.raises(SessionCalledOff):
        call_off_session(session.id, by=counted.owner, now=NOW)


def test_session_that_has_begun_is_not_called_off(counted: Counted) -> None:
    session = counted.session()
    with pytest.raises(SessionBegun):
        call_off_session(session.id, by=counted.owner, now=EVENING)


def test_capacity_never_falls_below_what_is_taken(counted: Counted) -> None:
    session = counted.session(seats=3)
    counted.book(session_id=session.id, party_size=2)
    with pytest.raises(SessionFull):
        change_session(session.id, capacity=1, by=counted.owner, now=NOW)
    changed = change_session(session.id, capacity=2, minimum=1, by=counted.owner, now=NOW)
    assert (counted.taken(session.pool_id), changed.minimum, changed.version) == ((2, 2), 1, 2)


def test_seat_is_redeemed_on_the_sessions_day_and_a_no_show_gives_it_back(counted: Counted) -> None:
    session = counted.session()
    booking, other = counted.book(session_id=session.id), counted.book(session_id=session.id, who="chen")
    clerk = counted.chain.actors["clerk"]
    with pytest.raises(TooEarly):
        redeem_code(counted.store.id, code=booking.code, by=clerk, now=local(22, 20))
    done = redeem_code(counted.store.id, code=booking.code, by=clerk, now=EVENING)
    mark_no_show(other.id, by=clerk, now=EVENING + timedelta(minutes=30))
    assert done.booking.status == Status.ARRIVED
    assert counted.taken(session.pool_id) == (1, 3)
    _session, roster = read_roster(session.id, by=clerk, now=NOW)
    assert [row.status for row in roster] == ["arrived", "no_show"]
    assert check_bookings() == []


def test_roster_is_for_who_may_read_the_day(counted: Counted) -> None:
    session = counted.session()
    with pytest.raises(NotSeen):
        read_roster(session.id, by=counted.chain.actors["south_clerk"], now=NOW)


def test_availability_of_the_service_is_its_sessions_with_places_left(counted: Counted) -> None:
    ya = counted.chain.employees["practitioner"]
    counted.session(seats=3, practitioner_id=ya.id)
    full = counted.session(EVENING + timedelta(hours=2), seats=1)
    counted.book(session_id=full.id, who="chen")
    gone = counted.session(EVENING + timedelta(days=1))
    call_off_session(gone.id, by=counted.owner, now=NOW)
    days = [date(2026, 11, 23), date(2026, 11, 24)]
    _offering, found = find_slots(counted.store.id, counted.flow.id, days=days, now=NOW)
    assert [(day.day, day.slots) for day in found] == [
        (days[0], [(EVENING, EVENING + timedelta(hours=1), (ya.id,), 3)]),
        (days[1], []),
    ]
    _offering, of_four = find_slots(counted.store.id, counted.flow.id, days=days, now=NOW, party_size=4)
    assert [day.slots for day in of_four] == [[], []]


@pytest.mark.parametrize(
    ("starts_at", "now", "reasons"),
    [
        (EVENING, NOW, []),
        (EVENING + timedelta(hours=2), NOW, ["taken"]),
        (EVENING + timedelta(minutes=15), NOW, ["off_step"]),
        (EVENING, EVENING, ["past"]),
    ],
)
def test_why_a_session_cannot_be_booked_agrees_with_booking_it(
    counted: Counted, starts_at: datetime, now: datetime, reasons: list[str]
) -> None:
    counted.session()
    full = counted.session(EVENING + timedelta(hours=2), seats=1)
    counted.book(session_id=full.id, who="chen")
    answer = explain(counted.store.id, counted.flow.id, starts_at=starts_at, now=now)
    assert ([reason.code for reason in answer.reasons], answer.bookable) == (reasons, not reasons)
    nearest = [change.starts_at for change in answer.changes]
    assert nearest == ([EVENING] if reasons and now == NOW else [])
