"""Booking through the one door."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.book import channel_of
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.codes import draw_code
from tenants.booking.domain.offering import NotOffered
from tenants.booking.domain.rules import (
    MemberOverlap,
    NoShift,
    OffStep,
    OnLeave,
    OutsideHours,
    Past,
    TooFar,
    TooSoon,
    WrongSkill,
)
from tenants.booking.models import Booking, Claim, Status, Transition
from tenants.events.models import Delivery, Event
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.models import Leave
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast, local


def test_booking_is_confirmed_claims_its_buffers_and_keeps_its_price(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        claim = Claim.objects.get(booking=made)
        assert (made.status, made.price_amount, made.currency) == ("confirmed", 39800, "CNY")
        assert (made.starts_at, made.ends_at) == (MONDAY_TEN, MONDAY_TEN + timedelta(minutes=60))
        assert (claim.starts_at, claim.ends_at) == (
            MONDAY_TEN - timedelta(minutes=10),
            MONDAY_TEN + timedelta(minutes=70),
        )
        assert claim.resource_id == cast.alpha.employees["practitioner"].resource_id


def test_booking_records_transition_event_and_deliveries(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        line = Transition.objects.get(booking=made)
        event = Event.objects.get()
        assert (line.before, line.after, line.by_member_id) == ("", "confirmed", made.member_id)
        assert (event.kind, event.subject_id, event.store_id, event.version) == (
            "booking.confirmed",
            made.id,
            made.store_id,
            1,
        )
        assert sorted(Delivery.objects.values_list("subscriber", flat=True)) == [
            "booking_count",
            "member_text",
        ]


def test_taken_slot_is_refused_by_name_with_the_nearest_alternatives(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
        with pytest.raises(SlotTaken) as refused:
            desk.book(who="chen")
        extra = refused.value.extra
        assert extra["claim"]["resource_name"] == "Ya"
        lin = str(cast.alpha.employees["second"].id)
        assert {
            "starts_at": "2026-11-23T10:00:00+08:00",
            "ends_at": "2026-11-23T11:00:00+08:00",
            "practitioners": [lin],
            "left": None,
        } in extra["alternatives"]
        assert Booking.objects.count() == 1


def test_alternative_can_be_booked(cast: Cast, desk: Desk) -> None:
    from datetime import datetime
    from uuid import UUID

    with chain_scope(cast.alpha.info):
        desk.book()
        with pytest.raises(SlotTaken) as refused:
            desk.book(who="chen")
        for slot in refused.value.extra["alternatives"]:
            made = desk.book(
                datetime.fromisoformat(slot["starts_at"]),
                who="chen",
                practitioner_id=UUID(slot["practitioners"][0]),
            )
            Booking.objects.filter(id=made.id).update(status="cancelled")
            Claim.objects.filter(booking=made).update(active=False)


def test_anybody_takes_the_least_loaded(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book(local(23, 15))
        made = desk.book(who="chen", practitioner_id=None)
        assert made.practitioner_id == cast.alpha.employees["second"].id


def test_anybody_equally_loaded_is_who_served_longest_ago(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book(local(22, 15), practitioner_id=cast.alpha.employees["second"].id)
        desk.book(local(22, 18))
        made = desk.book(who="chen", practitioner_id=None)
        assert made.practitioner_id == cast.alpha.employees["second"].id


def test_member_cannot_be_in_two_places(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        first = desk.book()
        with pytest.raises(MemberOverlap) as refused:
            desk.book(practitioner_id=cast.alpha.employees["second"].id)
        assert refused.value.extra["booking"]["code"] == first.code


def test_an_overlap_names_the_nearest_times_at_which_the_member_is_free(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
        with pytest.raises(MemberOverlap) as refused:
            desk.book(practitioner_id=None)
        offered = [slot["starts_at"] for slot in refused.value.extra["alternatives"]]
        before, after = ["2026-11-22T19:30:00+08:00"], ["11:00", "11:30", "12:00"]
        assert offered[-3:] == [f"2026-11-23T{clock}:00+08:00" for clock in after]
        assert before[0] in offered
        desk.book(datetime.fromisoformat(offered[-3]), practitioner_id=None)


def test_no_alternative_lies_in_the_members_own_time(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book(who="chen")
        desk.book(local(23, 11, 30))
        with pytest.raises(SlotTaken) as refused:
            desk.book()
        offered = [slot["starts_at"][11:16] for slot in refused.value.extra["alternatives"]]
        assert [clock for clock in offered if "10:30" < clock < "12:30"] == []


def test_taken_slot_wins_over_the_members_own_overlap(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
        with pytest.raises(SlotTaken):
            desk.book()


@pytest.mark.parametrize(
    ("starts_at", "refusal"),
    [
        (local(20, 10), Past),
        (local(23, 8), OutsideHours),
        (local(23, 20, 30), OutsideHours),
        (local(23, 10, 7), OffStep),
        (local(23, 9), NoShift),
        (NOW + timedelta(days=61), TooFar),
    ],
)
def test_closed_time_is_refused_by_its_rule(
    cast: Cast, desk: Desk, starts_at: object, refusal: type[Exception]
) -> None:
    with chain_scope(cast.alpha.info), pytest.raises(refusal):
        desk.book(starts_at)  # type: ignore[arg-type]


def test_lead_time_leave_and_skill_are_refused_by_name(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        facial = cast.alpha.services["facial"]
        type(facial).objects.filter(id=facial.id).update(lead=24 * 60)
        with pytest.raises(TooSoon):
            desk.book(local(22, 10))
        Leave.objects.create(
            employee=cast.alpha.employees["practitioner"], starts_at=local(23, 9), ends_at=local(23, 18)
        )
        with pytest.raises(OnLeave):
            desk.book()
        with pytest.raises(WrongSkill) as refused:
            desk.book(practitioner_id=cast.alpha.employees["south_practitioner"].id)
        # by whoever does it here: Lin is there, Ya on leave
        near = [
            (one["starts_at"][11:16], one["practitioners"]) for one in refused.value.extra["alternatives"]
        ]
        assert ("10:00", [str(cast.alpha.employees["second"].id)]) in near
        with pytest.raises(NotOffered):
            desk.book(store_id=cast.alpha.stores["dublin"].id)


def test_staff_book_for_a_member_by_their_right(cast: Cast, desk: Desk) -> None:
    su = cast.alpha.members["su"].id
    with chain_scope(cast.alpha.info):
        made = desk.book(by=cast.alpha.actors["clerk"], member=su)
        assert (made.member_id, made.made_by_id) == (su, cast.alpha.employees["clerk"].id)
        with pytest.raises(Forbidden):
            desk.book(local(24, 10), by=cast.alpha.actors["cashier"], member=su)
        with pytest.raises(NotSeen):
            desk.book(local(24, 10), by=cast.alpha.actors["south_clerk"], member=su)
        with pytest.raises(Forbidden):
            desk.book(local(24, 10), member=cast.alpha.members["chen"].id)


def test_walk_in_may_begin_a_moment_ago_and_off_the_step(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book(
            NOW - timedelta(minutes=5),
            by=cast.alpha.actors["clerk"],
            member=cast.alpha.members["su"].id,
            now=NOW,
        )
        assert made.status == Status.CONFIRMED


def test_room_asked_for_is_claimed_too(cast: Cast, desk: Desk) -> None:
    room = cast.alpha.rooms["a"]
    with chain_scope(cast.alpha.info):
        made = desk.book(resource_id=room.id)
        assert Claim.objects.filter(booking=made).count() == 2
        with pytest.raises(SlotTaken) as refused:
            desk.book(who="chen", practitioner_id=None, resource_id=room.id)
        assert refused.value.extra["claim"]["resource_name"] == "Room A"


@pytest.mark.parametrize(
    ("who", "by_program", "minutes", "channel"),
    [
        ("clerk", False, -5, "walk_in"),
        ("clerk", False, 15, "walk_in"),
        ("clerk", True, 15, "walk_in"),
        ("clerk", False, 16, "staff"),
        ("clerk", True, 600, "staff"),
        ("su", False, 5, "online"),
        ("su", True, 600, "api"),
    ],
)
def test_how_a_booking_came_is_decided_here(cast: Cast, who, by_program, minutes, channel) -> None:
    starts_at = NOW + timedelta(minutes=minutes)
    by = cast.alpha.actors[who]
    assert channel_of(by, starts_at=starts_at, now=NOW, by_program=by_program) == channel


def test_a_booking_keeps_how_it_came(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        assert desk.book().channel == "online"
        assert desk.book(local(24, 10), by_program=True).channel == "api"


def test_a_code_that_is_taken_is_drawn_again(cast: Cast, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with chain_scope(cast.alpha.info):
        taken = desk.book()
        free = draw_code(randbelow=secrets.randbelow)
        drawn = iter([taken.code, free])
        monkeypatch.setattr("tenants.booking.domain.book.draw_code", lambda **_options: next(drawn))
        made = desk.book(starts_at=MONDAY_TEN + timedelta(hours=3))
        assert (made.code, Claim.objects.filter(booking=made).count()) == (free, 1)
        assert Booking.objects.count() == 2
