"""Redemption: every door, every refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking, complete_booking, mark_no_show
from tenants.booking.domain.codes import UnknownCode, show_code
from tenants.booking.domain.keys import chain_key, qr_of
from tenants.booking.domain.qr import sign_booking
from tenants.booking.domain.redeem import (
    AlreadyRedeemed,
    BookingCancelled,
    ChooseBooking,
    NotConfirmed,
    TooEarly,
    TooLate,
    UndoGone,
    WrongStore,
    redeem_booking,
    redeem_code,
    redeem_phone,
    redeem_scan,
    undo_redemption,
)
from tenants.booking.models import Redemption
from tenants.people.domain.rights import Forbidden, NotSeen
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast, local

PHONE = "+8613800000001"


def test_code_as_a_person_types_it_is_accepted_and_greets(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book(note="left knee")
        typed = show_code(made.code).lower()
        done = redeem_code(
            cast.alpha.stores["north"].id, code=typed, by=cast.alpha.actors["clerk"], now=MONDAY_TEN
        )
        assert (done.booking.status, done.booking.version) == ("arrived", 2)
        assert (done.greeting.member_name, done.greeting.first_visit, done.greeting.note) == (
            "苏晴",
            True,
            "left knee",
        )
        row = Redemption.objects.get()
        assert (row.booking_id, row.at, row.by_id, row.means) == (
            made.id,
            MONDAY_TEN,
            cast.alpha.employees["clerk"].id,
            "code",
        )


def test_signed_qr_is_accepted_and_a_forged_or_foreign_one_is_unknown(cast: Cast, desk: Desk) -> None:
    north, clerk = cast.alpha.stores["north"].id, cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        made = desk.book()
        foreign = sign_booking(made.code, made.id, key=chain_key(cast.beta.info.id))
        forged = f"{(qr_of(made) or '')[:-1]}A"
        for text in (foreign, forged + "A", "TS1:nonsense"):
            with pytest.raises(UnknownCode):
                redeem_scan(north, scanned=text, by=clerk, now=MONDAY_TEN)
        done = redeem_scan(north, scanned=qr_of(made) or "", by=clerk, now=MONDAY_TEN)
        assert done.booking.id == made.id


def test_second_redemption_says_where_when_and_by_whom_at_any_store(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        redeem_code(
            cast.alpha.stores["north"].id, code=made.code, by=cast.alpha.actors["clerk"], now=MONDAY_TEN
        )
        for store, by in (("north", "clerk"), ("south", "south_clerk")):
            with pytest.raises(AlreadyRedeemed) as refused:
                redeem_code(
                    cast.alpha.stores[store].id,
                    code=made.code,
                    by=cast.alpha.actors[by],
                    now=MONDAY_TEN + timedelta(minutes=1),
                )
            assert refused.value.extra["redemption"] == {
                "at": "2026-11-23T10:00:00+08:00",
                "store": str(cast.alpha.stores["north"].id),
                "store_name": "North",
                "by": str(cast.alpha.employees["clerk"].id),
                "by_name": "Clerk",
            }


def test_refusals_by_store_time_and_status(cast: Cast, desk: Desk) -> None:
    north, south = cast.alpha.stores["north"].id, cast.alpha.stores["south"].id
    clerk, other = cast.alpha.actors["clerk"], cast.alpha.actors["south_clerk"]
    with chain_scope(cast.alpha.info):
        made = desk.book()
        with pytest.raises(WrongStore) as wrong:
            redeem_code(south, code=made.code, by=other, now=MONDAY_TEN)
        assert wrong.value.extra["store"] == str(north)
        with pytest.raises(TooEarly) as early:
            redeem_code(north, code=made.code, by=clerk, now=local(22, 23, 59))
        assert early.value.extra["from"] == "2026-11-23T00:00:00+08:00"
        with pytest.raises(TooLate):
            redeem_code(north, code=made.code, by=clerk, now=local(23, 11))
        missed = desk.book(local(23, 15))
        mark_no_show(missed.id, by=clerk, now=local(23, 15, 10))
        with pytest.raises(TooLate):
            redeem_code(north, code=missed.code, by=clerk, now=local(23, 15, 20))
        held = desk.book(local(24, 10), hold=True)
        with pytest.raises(NotConfirmed):
            redeem_code(north, code=held.code, by=clerk, now=NOW)
        with pytest.raises(BookingCancelled):
            redeem_code(north, code=held.code, by=clerk, now=local(24, 10))
        cancel_booking(made.id, by=cast.alpha.actors["su"], now=NOW)
        with pytest.raises(BookingCancelled):
            redeem_code(north, code=made.code, by=clerk, now=MONDAY_TEN)
        with pytest.raises(UnknownCode):
            redeem_code(north, code="22222222", by=clerk, now=MONDAY_TEN)


def test_redeeming_needs_the_right_at_that_store(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        with pytest.raises(Forbidden):
            redeem_code(
                cast.alpha.stores["north"].id,
                code=made.code,
                by=cast.alpha.actors["read_only"],
                now=MONDAY_TEN,
            )
        with pytest.raises(NotSeen):
            redeem_code(
                cast.alpha.stores["north"].id,
                code=made.code,
                by=cast.alpha.actors["south_clerk"],
                now=MONDAY_TEN,
            )


def test_phone_redeems_the_one_booking_of_the_day_and_lists_several(cast: Cast, desk: Desk) -> None:
    north, clerk = cast.alpha.stores["north"].id, cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        with pytest.raises(UnknownCode):
            redeem_phone(north, phone=PHONE, by=clerk, now=MONDAY_TEN)
        first, second = desk.book(), desk.book(local(23, 15))
        with pytest.raises(ChooseBooking) as several:
            redeem_phone(north, phone=PHONE, by=clerk, now=local(23, 9, 50))
        assert [one["id"] for one in several.value.extra["bookings"]] == [str(first.id), str(second.id)]
        redeem_booking(north, booking_id=first.id, by=clerk, now=local(23, 9, 55))
        done = redeem_phone(north, phone=PHONE, by=clerk, now=local(23, 14, 50))
        assert done.booking.id == second.id
        with pytest.raises(AlreadyRedeemed):
            redeem_phone(north, phone=PHONE, by=clerk, now=local(23, 14, 51))


def test_phone_whose_booking_is_at_another_store_is_told_which(cast: Cast, desk: Desk) -> None:
    north, south = cast.alpha.stores["north"].id, cast.alpha.stores["south"].id
    other = cast.alpha.actors["south_clerk"]
    with chain_scope(cast.alpha.info):
        with pytest.raises(UnknownCode):
            redeem_phone(south, phone=PHONE, by=other, now=MONDAY_TEN)
        desk.book(), desk.book(local(23, 15))
        with pytest.raises(WrongStore) as wrong:
            redeem_phone(south, phone=PHONE, by=other, now=MONDAY_TEN)
        assert wrong.value.extra == {"store": str(north), "store_name": "North"}
        with pytest.raises(UnknownCode):
            redeem_phone(south, phone=PHONE, by=other, now=local(25, 16))


def test_redemption_can_be_undone_within_ten_minutes(cast: Cast, desk: Desk) -> None:
    north, clerk = cast.alpha.stores["north"].id, cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        made = desk.book()
        redeem_code(north, code=made.code, by=clerk, now=MONDAY_TEN)
        back = undo_redemption(made.id, by=clerk, now=MONDAY_TEN + timedelta(minutes=10))
        assert (back.status, back.version) == ("confirmed", 3)
        redeem_code(north, code=made.code, by=clerk, now=MONDAY_TEN + timedelta(minutes=11))
        with pytest.raises(UndoGone):
            undo_redemption(made.id, by=clerk, now=MONDAY_TEN + timedelta(minutes=22))


def test_greeting_counts_earlier_visits(cast: Cast, desk: Desk) -> None:
    north, clerk = cast.alpha.stores["north"].id, cast.alpha.actors["clerk"]
    with chain_scope(cast.alpha.info):
        first = desk.book(local(22, 10))
        redeem_code(north, code=first.code, by=clerk, now=local(22, 10))
        complete_booking(first.id, by=clerk, now=local(22, 11))
        second = desk.book()
        greeting = redeem_code(north, code=second.code, by=clerk, now=MONDAY_TEN).greeting
        assert (greeting.first_visit, greeting.visits, greeting.last_visit_at) == (False, 1, local(22, 10))
