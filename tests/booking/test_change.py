"""Confirm, cancel, move, complete, no-show."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chains.refusals import StaleVersion
from chains.scope import chain_scope
from tenants.booking.domain.change import (
    HoldExpired,
    NotBegun,
    NoticeGone,
    cancel_booking,
    complete_booking,
    confirm_booking,
    mark_no_show,
    reschedule_booking,
)
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.redeem import redeem_booking
from tenants.booking.domain.rules import MemberOverlap
from tenants.booking.domain.transitions import StatusForbids
from tenants.booking.models import Claim, Transition
from tenants.people.domain.rights import Forbidden, NotSeen
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast, local


def test_cancelled_booking_frees_its_place(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        gone = cancel_booking(made.id, by=cast.alpha.actors["su"], now=NOW, reason="ill", version=1)
        assert (gone.status, gone.version, gone.reason) == ("cancelled", 2, "ill")
        assert desk.book(who="chen").status == "confirmed"


def test_member_cannot_cancel_after_the_notice_but_a_manager_can(cast: Cast, desk: Desk) -> None:
    late = MONDAY_TEN - timedelta(minutes=239)
    with chain_scope(cast.alpha.info):
        made = desk.book()
        for nearly in ("su", "clerk"):
            with pytest.raises(NoticeGone) as refused:
                cancel_booking(made.id, by=cast.alpha.actors[nearly], now=late)
        assert refused.value.extra == {"until": "2026-11-23T06:00:00+08:00"}
        assert cancel_booking(made.id, by=cast.alpha.actors["store_manager"], now=late).status == "cancelled"


def test_notice_is_the_one_promised_at_booking(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        facial = cast.alpha.services["facial"]
        type(facial).objects.filter(id=facial.id).update(notice=10_000)
        late = MONDAY_TEN - timedelta(minutes=240)
        assert cancel_booking(made.id, by=cast.alpha.actors["su"], now=late).status == "cancelled"


def test_another_version_than_read_is_stale(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        with pytest.raises(StaleVersion):
            cancel_booking(made.id, by=cast.alpha.actors["su"], now=NOW, version=7)
        cancel_booking(made.id, by=cast.alpha.actors["su"], now=NOW)
        with pytest.raises(StatusForbids):
            cancel_booking(made.id, by=cast.alpha.actors["su"], now=NOW)


def test_others_neither_see_nor_change_a_booking(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        for stranger in ("chen", "south_clerk"):
            with pytest.raises(NotSeen):
                cancel_booking(made.id, by=cast.alpha.actors[stranger], now=NOW)
        with pytest.raises(Forbidden):
            cancel_booking(made.id, by=cast.alpha.actors["cashier"], now=NOW)
        with pytest.raises(Forbidden):
            complete_booking(made.id, by=cast.alpha.actors["su"], now=NOW)


def test_moved_booking_keeps_code_price_and_person_and_frees_the_old_time(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        moved = reschedule_booking(made.id, starts_at=local(23, 15), by=cast.alpha.actors["su"], now=NOW)
        assert (moved.code, moved.price_amount, moved.practitioner_id) == (
            made.code,
            made.price_amount,
            made.practitioner_id,
        )
        assert (moved.starts_at, moved.status, moved.version) == (local(23, 15), "confirmed", 2)
        assert list(Claim.objects.filter(booking=made, active=True).values_list("starts_at", flat=True)) == [
            local(23, 14, 50)
        ]
        line = Transition.objects.filter(booking=made).latest("id")
        assert line.detail["from"]["starts_at"] == MONDAY_TEN.isoformat()
        assert desk.book(who="chen").starts_at == MONDAY_TEN


def test_booking_moved_by_half_its_length_does_not_clash_with_itself(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        moved = reschedule_booking(made.id, starts_at=local(23, 10, 30), by=cast.alpha.actors["su"], now=NOW)
        assert moved.starts_at == local(23, 10, 30)


def test_move_to_a_taken_time_changes_nothing(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        desk.book(local(23, 15), who="chen")
        with pytest.raises(SlotTaken) as refused:
            reschedule_booking(made.id, starts_at=local(23, 15), by=cast.alpha.actors["su"], now=NOW)
        assert refused.value.extra["alternatives"]
        made.refresh_from_db()
        assert (made.starts_at, made.version) == (MONDAY_TEN, 1)
        claim = Claim.objects.get(booking=made, active=True)
        assert claim.starts_at == local(23, 9, 50)


def test_move_to_somebody_else(cast: Cast, desk: Desk) -> None:
    lin = cast.alpha.employees["second"]
    with chain_scope(cast.alpha.info):
        made = desk.book()
        moved = reschedule_booking(
            made.id, starts_at=MONDAY_TEN, practitioner_id=lin.id, by=cast.alpha.actors["su"], now=NOW
        )
        assert moved.practitioner_id == lin.id
        assert Claim.objects.get(booking=made, active=True).resource_id == lin.resource_id


def test_move_into_the_members_other_booking_is_an_overlap(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book(local(23, 15), practitioner_id=cast.alpha.employees["second"].id)
        made = desk.book()
        with pytest.raises(MemberOverlap) as refused:
            reschedule_booking(made.id, starts_at=local(23, 15, 30), by=cast.alpha.actors["su"], now=NOW)
        offered = [slot["starts_at"][11:16] for slot in refused.value.extra["alternatives"]]
        assert offered == ["13:00", "13:30", "14:00", "16:00", "16:30", "17:00"]


def test_hold_is_confirmed_in_time_or_not_at_all(cast: Cast, desk: Desk) -> None:
    su = cast.alpha.actors["su"]
    with chain_scope(cast.alpha.info):
        held = desk.book(hold=True)
        assert (held.status, held.expires_at) == ("held", NOW + timedelta(minutes=10))
        kept = confirm_booking(held.id, by=su, now=NOW + timedelta(minutes=9))
        assert (kept.status, kept.expires_at) == ("confirmed", None)
        late = desk.book(local(24, 10), hold=True)
        with pytest.raises(HoldExpired):
            confirm_booking(late.id, by=su, now=NOW + timedelta(minutes=10))


def test_visit_is_completed_and_an_absence_noted(cast: Cast, desk: Desk) -> None:
    ya = cast.alpha.actors["practitioner"]
    north = cast.alpha.stores["north"].id
    with chain_scope(cast.alpha.info):
        made, missed = desk.book(), desk.book(local(23, 15), who="chen")
        with pytest.raises(StatusForbids):
            complete_booking(made.id, by=ya, now=MONDAY_TEN)
        redeem_booking(north, booking_id=made.id, by=ya, now=MONDAY_TEN)
        assert complete_booking(made.id, by=ya, now=local(23, 11)).status == "completed"
        with pytest.raises(NotBegun):
            mark_no_show(missed.id, by=ya, now=local(23, 14, 59))
        assert mark_no_show(missed.id, by=ya, now=local(23, 15, 30)).status == "no_show"
        assert Claim.objects.filter(active=True).count() == 0
