"""A booking gets the place that was drawn for it: time, person, room, end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chains.refusals import StaleVersion
from chains.scope import chain_scope
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.placing import LengthOff, place_booking, resize_booking, try_out
from tenants.booking.domain.redeem import redeem_booking
from tenants.booking.domain.rules import MemberOverlap, NoShift, OnLeave, OutsideHours, WrongSkill
from tenants.booking.domain.transitions import StatusForbids
from tenants.booking.models import Booking, Claim, Transition
from tenants.events.models import Event
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.models import Leave, WeeklyShift
from tenants.stores.models import Resource, ResourceKind
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast, local


def _claimed(booking: Booking) -> dict[str, tuple[datetime, datetime]]:
    claims = Claim.objects.filter(booking_id=booking.id, active=True).select_related("resource")
    return {claim.resource.name: (claim.starts_at, claim.ends_at) for claim in claims if claim.resource}  # type: ignore[misc]


def test_a_booking_made_longer_takes_its_clean_up_along(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        after = resize_booking(made.id, ends_at=local(23, 11, 30), by=cast.alpha.actors["clerk"], now=NOW)
        assert (after.ends_at, after.version, after.status) == (local(23, 11, 30), 2, "confirmed")
        assert _claimed(after) == {"Ya": (local(23, 9, 50), local(23, 11, 40))}
        line = Transition.objects.filter(booking_id=made.id).latest("id")
        assert line.detail["from"]["ends_at"] == local(23, 11).isoformat()
        assert Event.objects.filter(subject_id=made.id, kind="booking.resized", version=2).count() == 1
        assert check_bookings() == []


def test_a_booking_made_shorter_frees_what_it_no_longer_needs(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        resize_booking(made.id, ends_at=local(23, 10, 30), by=cast.alpha.actors["clerk"], now=NOW)
        assert desk.book(local(23, 10, 50), who="clerk", member=cast.alpha.members["chen"].id).id
        assert check_bookings() == []


def test_the_next_booking_stops_it_and_the_latest_end_is_named(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        desk.book(local(23, 12), who="chen")
        with pytest.raises(SlotTaken) as refused:
            resize_booking(made.id, ends_at=local(23, 12), by=cast.alpha.actors["clerk"], now=NOW)
        assert refused.value.params == {"name": "Ya"}
        latest = refused.value.extra["alternatives"]
        assert latest == [{"ends_at": local(23, 11, 40).isoformat()}]
        after = resize_booking(
            made.id,
            ends_at=datetime.fromisoformat(latest[0]["ends_at"]),
            by=cast.alpha.actors["clerk"],
            now=NOW,
        )
        assert (after.ends_at, check_bookings()) == (local(23, 11, 40), [])


def test_who_has_arrived_may_stay_longer_who_is_done_may_not(cast: Cast, desk: Desk) -> None:
    clerk = cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        made = desk.book(local(21, 12))
        redeem_booking(cast.alpha.stores["north"].id, booking_id=made.id, by=clerk, now=NOW)
        after = resize_booking(made.id, ends_at=local(21, 13, 15), by=clerk, now=NOW)
        held = desk.book(hold=True, who="chen")
        with pytest.raises(StatusForbids):
            resize_booking(held.id, ends_at=local(23, 12), by=clerk, now=NOW)
    assert (after.status, after.ends_at) == ("arrived", local(21, 13, 15))


@pytest.mark.parametrize("minutes", [-5, 0, 4, 1441])
def test_no_length_is_refused_that_is_none(cast: Cast, desk: Desk, minutes: int) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        ends_at = MONDAY_TEN + timedelta(minutes=minutes)
        with pytest.raises(LengthOff):
            resize_booking(made.id, ends_at=ends_at, by=cast.alpha.actors["clerk"], now=NOW)


def test_added_time_is_within_hours_shift_and_no_leave(cast: Cast, desk: Desk) -> None:
    clerk, ya = cast.alpha.actors["clerk"], cast.alpha.employees["practitioner"]
    with chain_scope(cast.alpha.info):
        evening = desk.book(local(23, 19))
        with pytest.raises(OutsideHours) as closing:
            resize_booking(evening.id, ends_at=local(23, 21, 30), by=clerk, now=NOW)
        WeeklyShift.objects.filter(employee=ya).update(ends=20 * 60 + 30)
        with pytest.raises(NoShift) as shift:
            resize_booking(evening.id, ends_at=local(23, 20, 45), by=clerk, now=NOW)
        Leave.objects.create(employee=ya, starts_at=local(23, 20, 15), ends_at=local(23, 21))
        with pytest.raises(OnLeave):
            resize_booking(evening.id, ends_at=local(23, 20, 20), by=clerk, now=NOW)
        shorter = resize_booking(evening.id, ends_at=local(23, 19, 45), by=clerk, now=NOW)
    assert closing.value.extra["alternatives"] == [{"ends_at": local(23, 21).isoformat()}]
    assert shift.value.extra["reasons"] == ["no_shift"]
    assert shorter.ends_at == local(23, 19, 45)


def test_a_member_cannot_be_in_two_places_for_longer_either(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        desk.book(local(23, 11), practitioner_id=cast.alpha.employees["second"].id)
        with pytest.raises(MemberOverlap):
            resize_booking(made.id, ends_at=local(23, 11, 30), by=cast.alpha.actors["clerk"], now=NOW)
        assert Booking.objects.get(id=made.id).ends_at == local(23, 11)


def test_a_drop_moves_time_person_and_length_in_one_go(cast: Cast, desk: Desk) -> None:
    clerk, lin = cast.alpha.actors["clerk"], cast.alpha.employees["second"].id
    with chain_scope(cast.alpha.info):
        made = desk.book()
        longer = place_booking(made.id, ends_at=local(23, 11, 30), by=clerk, now=NOW, version=1)
        moved = place_booking(
            made.id, starts_at=local(23, 14), practitioner_id=lin, by=clerk, now=NOW, version=longer.version
        )
        again = Booking.objects.get(id=made.id)
        claimed = _claimed(again)
        breaches = check_bookings()
    assert (moved.starts_at, moved.ends_at, moved.practitioner_id) == (local(23, 14), local(23, 15, 30), lin)
    assert (again.ends_at, again.practitioner_id) == (local(23, 15, 30), lin)
    assert (claimed, breaches) == ({"Lin": (local(23, 13, 50), local(23, 15, 40))}, [])


def test_a_drop_that_only_half_fits_changes_nothing(cast: Cast, desk: Desk) -> None:
    clerk = cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        made = desk.book()
        desk.book(local(23, 15, 30), who="chen")
        before = Booking.objects.filter(id=made.id).values().get()
        with pytest.raises(SlotTaken):
            place_booking(made.id, starts_at=local(23, 14), ends_at=local(23, 15, 30), by=clerk, now=NOW)
        assert Booking.objects.filter(id=made.id).values().get() == before
        assert _claimed(made) == {"Ya": (local(23, 9, 50), local(23, 11, 10))}


def test_a_room_changes_and_a_taken_one_is_named(cast: Cast, desk: Desk) -> None:
    clerk, north = cast.alpha.actors["clerk"], cast.alpha.stores["north"]
    with chain_scope(cast.alpha.info):
        room_b = Resource.objects.create(store=north, kind=ResourceKind.ROOM, name="Room B")
        made = desk.book(resource_id=cast.alpha.rooms["a"].id)
        after = place_booking(made.id, room_id=room_b.id, by=clerk, now=NOW)
        lin = cast.alpha.employees["second"].id
        other = desk.book(who="chen", practitioner_id=lin, resource_id=cast.alpha.rooms["a"].id)
        with pytest.raises(SlotTaken) as refused:
            place_booking(other.id, room_id=room_b.id, by=clerk, now=NOW)
        with pytest.raises(NotSeen):
            place_booking(other.id, room_id=lin, by=clerk, now=NOW)
        claimed = _claimed(after)
        breaches = check_bookings()
    assert (after.resource_id, sorted(claimed)) == (room_b.id, ["Room B", "Ya"])
    assert (refused.value.params, breaches) == ({"name": "Room B"}, [])


def test_who_drew_on_an_old_picture_is_told(cast: Cast, desk: Desk) -> None:
    clerk = cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        made = desk.book()
        place_booking(made.id, starts_at=local(23, 12), by=clerk, now=NOW, version=1)
        for drawn in ({"starts_at": local(23, 13)}, {"ends_at": local(23, 14)}):
            with pytest.raises(StaleVersion):
                place_booking(made.id, by=clerk, now=NOW, version=1, **drawn)


def test_only_who_may_change_bookings_of_the_store_draws(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        for who, refusal in (("read_only", Forbidden), ("south_clerk", NotSeen), ("chen", NotSeen)):
            with pytest.raises(refusal):
                resize_booking(made.id, ends_at=local(23, 12), by=cast.alpha.actors[who], now=NOW)


def test_a_trial_says_what_the_drop_would_and_leaves_nothing(cast: Cast, desk: Desk) -> None:
    clerk, south = cast.alpha.actors["clerk"], cast.alpha.employees["south_practitioner"].id
    with chain_scope(cast.alpha.info):
        made = desk.book()
        desk.book(local(23, 14), who="chen")
        before = Booking.objects.filter(id=made.id).values().get()
        events = Event.objects.count()

        def trial(**drawn: object) -> str:
            refusal = try_out(lambda: place_booking(made.id, by=clerk, now=NOW, **drawn))  # type: ignore[arg-type]
            return refusal.code if refusal is not None else "free"

        told = [
            trial(starts_at=local(23, 12)),
            trial(starts_at=local(23, 14, 30)),
            trial(starts_at=local(23, 22)),
            trial(practitioner_id=south),
            trial(ends_at=local(23, 13, 45)),
        ]
        assert Booking.objects.filter(id=made.id).values().get() == before
        assert Event.objects.count() == events
    assert told == ["free", "slot_taken", "outside_hours", WrongSkill.code, "slot_taken"]
