"""A visitor's hold: one for a browser, ten minutes, and the same one that becomes the booking."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from chains.refusals import problem_headers
from chains.scope import chain_scope
from tenants.booking.domain import visitor_holds
from tenants.booking.domain.book import book
from tenants.booking.domain.change import HoldExpired, cancel_booking, confirm_booking
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.holds import expire_holds
from tenants.booking.domain.rules import MemberOverlap, Past
from tenants.booking.domain.transitions import StatusForbids
from tenants.booking.domain.visitor_holds import (
    HoldExtended,
    TooManyHolds,
    confirm_visitor_hold,
    drop_visitor_hold,
    extend_hold,
    held_by,
    hold_for_visitor,
    hold_of,
)
from tenants.booking.models import Booking, Claim, Status, VisitorHold
from tenants.people.domain.rights import NotSeen
from tests.ground.cast import NOW, Chain, local
from tests.ground.races import race


@pytest.fixture()
def alpha(cast):
    with chain_scope(cast.alpha.info):
        yield cast.alpha


def hold(chain: Chain, *, visitor: str = "anna", at=None, now=NOW, address: str = "192.0.2.1", who=None):
    return hold_for_visitor(
        chain.services["facial"].id,
        store_id=chain.stores["north"].id,
        starts_at=at or local(23, 10),
        practitioner_id=chain.employees[who].id if who else None,
        visitor=visitor,
        address=address,
        now=now,
    )


def standing(booking_id: UUID) -> tuple[str, int]:
    """Status, and how many claims it keeps."""
    return (
        Booking.objects.get(id=booking_id).status,
        Claim.objects.filter(booking_id=booking_id, active=True).count(),
    )


def test_a_hold_keeps_the_time_for_ten_minutes_without_a_member(alpha) -> None:
    booking = hold(alpha)
    assert (booking.status, booking.member_id) == (Status.HELD, None)
    assert booking.expires_at == NOW + timedelta(minutes=10)
    assert standing(booking.id) == (Status.HELD, 1)
    assert hold_of("anna") == booking.id


def test_a_held_time_is_taken_for_everybody_else(alpha) -> None:
    hold(alpha, who="practitioner")
    with pytest.raises(SlotTaken):
        hold(alpha, visitor="ben", who="practitioner")


def test_nothing_of_key_and_address_is_kept_but_a_hash(alpha) -> None:
    hold(alpha, visitor="a-key", address="192.0.2.77")
    row = VisitorHold.objects.get()
    assert "a-key" not in row.visitor_hash
    assert "192.0.2.77" not in row.address_hash
    assert (len(row.visitor_hash), len(row.address_hash)) == (64, 64)


def test_another_time_lets_the_first_go(alpha) -> None:
    first = hold(alpha)
    second = hold(alpha, at=local(23, 15))
    assert standing(first.id) == (Status.EXPIRED, 0)
    assert hold_of("anna") == second.id


def test_a_refused_second_time_leaves_the_first_standing(alpha) -> None:
    first = hold(alpha)
    with pytest.raises(Past):
        hold(alpha, at=local(20, 10))
    assert standing(first.id) == (Status.HELD, 1)
    assert hold_of("anna") == first.id


def test_the_same_time_can_be_chosen_again_by_who_holds_it(alpha) -> None:
    hold(alpha, who="practitioner")
    again = hold(alpha, who="practitioner")
    assert standing(again.id) == (Status.HELD, 1)


def test_one_address_holds_only_so_many(alpha, monkeypatch) -> None:
    monkeypatch.setattr(visitor_holds, "PER_ADDRESS", 2)
    hold(alpha, visitor="one", at=local(23, 10))
    hold(alpha, visitor="two", at=local(23, 12))
    with pytest.raises(TooManyHolds) as refused:
        hold(alpha, visitor="three", at=local(23, 14))
    assert problem_headers(refused.value)["Retry-After"] == "600"
    hold(alpha, visitor="two", at=local(23, 16))
    hold(alpha, visitor="three", at=local(23, 14), address="192.0.2.2")
    assert Booking.objects.filter(status=Status.HELD).count() == 3


def test_holds_of_one_address_at_once_do_not_pass_the_limit(cast, monkeypatch) -> None:
    monkeypatch.setattr(visitor_holds, "PER_ADDRESS", 2)
    chain = cast.alpha
    acts = [partial(hold, chain, visitor=f"v{hour}", at=local(23, hour)) for hour in (10, 12, 14, 16, 18)]
    answers = race(chain.info, acts)
    assert sorted(type(answer).__name__ for answer in answers) == ["Booking"] * 2 + ["TooManyHolds"] * 3


def test_holds_that_ran_out_do_not_count_for_the_address(alpha, monkeypatch) -> None:
    monkeypatch.setattr(visitor_holds, "PER_ADDRESS", 1)
    hold(alpha, visitor="one", at=local(23, 10))
    later = NOW + timedelta(minutes=10)
    assert hold(alpha, visitor="two", at=local(23, 12), now=later).status == Status.HELD


def test_confirming_makes_the_very_same_hold_the_members_booking(alpha) -> None:
    held = hold(alpha)
    su = alpha.actors["su"]
    booking = confirm_visitor_hold(
        held.id, visitor="anna", by=su, now=NOW, details={"booking": {"note": "allergic to nuts"}}
    )
    assert (booking.id, booking.code, booking.practitioner_id) == (held.id, held.code, held.practitioner_id)
    kept = Booking.objects.get(id=held.id)
    assert (kept.status, kept.member_id, kept.note, kept.expires_at) == (
        Status.CONFIRMED, su.member_id, "allergic to nuts", None,
    )  # fmt: skip
    assert standing(held.id) == (Status.CONFIRMED, 1)
    assert VisitorHold.objects.count() == 0


def test_another_browser_neither_sees_nor_confirms_nor_extends_it(alpha) -> None:
    held = hold(alpha)
    for key in ("ben", ""):
        with pytest.raises(NotSeen):
            held_by(held.id, visitor=key)
        with pytest.raises(NotSeen):
            confirm_visitor_hold(held.id, visitor=key, by=alpha.actors["su"], now=NOW)
        with pytest.raises(NotSeen):
            extend_hold(held.id, visitor=key, now=NOW)
    assert standing(held.id) == (Status.HELD, 1)


@pytest.mark.parametrize("swept", [False, True])
def test_a_hold_that_ran_out_cannot_be_confirmed_or_extended(alpha, swept: bool) -> None:
    held = hold(alpha)
    late = NOW + timedelta(minutes=10)
    if swept:
        expire_holds(now=late)
    with pytest.raises(HoldExpired):
        confirm_visitor_hold(held.id, visitor="anna", by=alpha.actors["su"], now=late)
    with pytest.raises(HoldExpired):
        extend_hold(held.id, visitor="anna", now=late)
    assert held_by(held.id, visitor="anna").member_id is None


def test_after_a_sweep_the_browser_can_hold_again(alpha) -> None:
    hold(alpha)
    late = NOW + timedelta(minutes=11)
    expire_holds(now=late)
    assert hold(alpha, now=late).status == Status.HELD


def test_a_hold_is_extended_once(alpha) -> None:
    held = hold(alpha)
    soon = NOW + timedelta(minutes=9)
    assert extend_hold(held.id, visitor="anna", now=soon).expires_at == soon + timedelta(minutes=10)
    with pytest.raises(HoldExtended):
        extend_hold(held.id, visitor="anna", now=soon)
    expire_holds(now=NOW + timedelta(minutes=10))
    assert standing(held.id) == (Status.HELD, 1)


def test_a_member_with_another_booking_then_is_told_and_the_hold_stays(alpha) -> None:
    su = alpha.actors["su"]
    other = book(
        alpha.services["facial"].id,
        store_id=alpha.stores["north"].id,
        starts_at=local(23, 10, 30),
        by=su,
        now=NOW,
    )
    held = hold(alpha)
    with pytest.raises(MemberOverlap) as refusal:
        confirm_visitor_hold(held.id, visitor="anna", by=su, now=NOW)
    assert refusal.value.extra["booking"]["code"] == other.code
    offered = [datetime.fromisoformat(one["starts_at"]) for one in refusal.value.extra["alternatives"]]
    assert [one for one in offered if local(23, 9, 30) < one < local(23, 11, 30)] == []
    assert len(offered) == 6
    assert standing(held.id) == (Status.HELD, 1)


def test_dropping_frees_the_time_at_once(alpha) -> None:
    held = hold(alpha)
    drop_visitor_hold(visitor="anna", now=NOW)
    drop_visitor_hold(visitor="nobody", now=NOW)
    assert standing(held.id) == (Status.EXPIRED, 0)
    assert hold_of("anna") is None


def test_staff_can_let_it_go_but_not_confirm_it_for_nobody(alpha) -> None:
    clerk = alpha.actors["clerk"]
    held = hold(alpha)
    with pytest.raises(StatusForbids):
        confirm_booking(held.id, by=clerk, now=NOW)
    assert cancel_booking(held.id, by=clerk, now=NOW).status == Status.EXPIRED
    assert standing(held.id) == (Status.EXPIRED, 0)


@pytest.mark.parametrize("status", ["confirmed", "arrived", "completed", "cancelled", "no_show"])
def test_the_database_keeps_any_other_booking_from_being_nobodys(alpha, status: str) -> None:
    held = hold(alpha)
    with pytest.raises(IntegrityError, match="booking_has_a_member"), transaction.atomic():
        Booking.objects.filter(id=held.id).update(status=status)


@pytest.mark.race
def test_two_holds_of_one_browser_at_once_leave_one(cast) -> None:
    chain = cast.alpha
    problems: list[BaseException] = []

    def go(hour: int) -> None:
        try:
            with chain_scope(chain.info):
                hold(chain, at=local(23, hour))
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    for attempt in range(5):
        threads = [Thread(target=go, args=(hour,)) for hour in (10, 12, 14, 16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with chain_scope(chain.info):
            held = list(Booking.objects.filter(status=Status.HELD).values_list("id", flat=True))
            assert (len(held), held) == (1, [hold_of("anna")]), (attempt, problems)
            assert Claim.objects.filter(active=True).count() == 1
    assert problems == []
