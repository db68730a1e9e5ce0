"""Which policy fits: the written order as a truth table, and what it promises."""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import UUID

import pytest

from accounts.ids import new_id
from tenants.booking.domain.change import NoticeGone, cancel_booking, mark_no_show, reschedule_booking
from tenants.booking.domain.offering import read_offering
from tenants.booking.domain.penalties import (
    BookingPaused,
    ReasonMissing,
    WaivedAlready,
    paused_until,
    waive_penalty,
)
from tenants.booking.domain.policies import (
    Case,
    PolicyThere,
    PolicyWrong,
    choose_policy,
    delete_policy,
    history_of,
    read_history,
    read_terms,
    write_policy,
)
from tenants.booking.domain.terms import Penance, Terms, terms_of, terms_under
from tenants.booking.domain.transitions import StatusForbids
from tenants.booking.domain.visitor_holds import TermsDiffer, confirm_visitor_hold, hold_for_visitor
from tenants.booking.domain.wishes import Wanted, join_waiting
from tenants.booking.models import Booking, Penalty, PenaltyKind, Policy
from tenants.people.domain.rights import Forbidden
from tenants.people.models import AccessNote
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.booking.queue import scope
from tests.ground.cast import NOW, Cast, local

SERVICE, STORE = new_id(), new_id()
CASE = Case(SERVICE, STORE, "CNY", tier="gold", history="missed")
LATE = local(23, 9)  # an hour before MONDAY_TEN, whose notice is four hours


def _policy(mask: tuple[bool, bool, bool, bool], **fields: Any) -> Policy:
    service, store, tier, history = mask
    return Policy(
        service_id=SERVICE if service else None,
        store_id=STORE if store else None,
        tier="gold" if tier else "",
        history="missed" if history else "",
        **fields,
    )


MASKS = list(product((False, True), repeat=4))


@pytest.mark.parametrize("mask", MASKS)
def test_of_all_up_to_a_rank_the_most_specific_wins(mask: tuple[bool, bool, bool, bool]) -> None:
    """service before store before tier before history: the sixteen ranks as a binary number."""
    upto = [_policy(one) for one in MASKS[: MASKS.index(mask) + 1]]
    for policies in (upto, upto[::-1]):
        found = choose_policy(policies, CASE)
        assert found is upto[-1]


@pytest.mark.parametrize(
    "other",
    [
        {"service_id": new_id()},
        {"store_id": new_id()},
        {"tier": "silver"},
        {"history": "new"},
        {"currency": "EUR"},
    ],
)
def test_policy_that_names_another_does_not_fit_however_specific(other: dict[str, Any]) -> None:
    weak, strong = _policy((False, False, False, False)), _policy((True, True, True, True))
    for name, value in other.items():
        setattr(strong, name, value)
    assert choose_policy([weak, strong], CASE) is weak
    assert choose_policy([strong], CASE) is None


@pytest.mark.parametrize(
    ("missed", "kept", "history"),
    [
        (1, 0, "missed"),
        (3, 50, "missed"),
        (0, 0, "new"),
        (0, 1, ""),
        (0, 4, ""),
        (0, 5, "regular"),
    ],
)
def test_history_of_a_member(missed: int, kept: int, history: str) -> None:
    assert history_of(missed=missed, kept=kept) == history


@pytest.mark.parametrize(
    ("fields", "terms"),
    [
        ({}, Terms(240, 240)),
        ({"cancel_notice": 0, "move_notice": 1440}, Terms(0, 1440)),
        ({"deposit_kind": "fixed", "deposit_value": 5000}, Terms(240, 240, deposit=5000)),
        ({"deposit_kind": "percent", "deposit_value": 33}, Terms(240, 240, deposit=13134)),
        (
            {"late_kind": "percent", "late_value": 50},
            Terms(240, 240, late=Penance(PenaltyKind.FEE, 19900)),
        ),
        (
            {"no_show_kind": "pause", "no_show_value": 30, "grace": 2, "grace_days": 90},
            Terms(240, 240, no_show=Penance(PenaltyKind.PAUSE, 30), grace=2, grace_days=90),
        ),
        (
            {"late_kind": "credits", "late_value": 1, "no_show_kind": "points", "no_show_value": 200},
            Terms(
                240,
                240,
                late=Penance(PenaltyKind.CREDITS, 1),
                no_show=Penance(PenaltyKind.POINTS, 200),
            ),
        ),
    ],
)
def test_terms_are_sums_at_the_price_of_the_booking(fields: dict[str, Any], terms: Terms) -> None:
    assert terms_under(Policy(**fields), notice=240, price=39800) == terms


def test_without_a_policy_the_services_notice_is_all() -> None:
    assert terms_under(None, notice=240, price=39800) == Terms(240, 240)


def _write(cast: Cast, **fields: Any) -> Policy:
    return write_policy(fields, by=cast.alpha.actors["owner"], now=NOW)


def test_promised_terms_hold_whatever_is_changed_later(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        policy = _write(cast, cancel_notice=60, late_kind="fixed", late_value=5000, currency="CNY")
        made = desk.book()
        write_policy({"late_value": 9000}, by=cast.alpha.actors["owner"], now=NOW, policy_id=policy.id)
        delete_policy(policy.id, by=cast.alpha.actors["owner"])
        kept = Booking.objects.get(id=made.id)
        assert terms_of(kept) == Terms(60, 240, late=Penance(PenaltyKind.FEE, 5000))
        reschedule_booking(made.id, starts_at=local(23, 15), by=cast.alpha.actors["su"], now=NOW)
        assert terms_of(Booking.objects.get(id=made.id)) == terms_of(kept)


def test_late_cancellation_brings_what_was_promised(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, late_kind="fixed", late_value=5000, currency="CNY")
        in_time, late = desk.book(), desk.book(local(23, 14))
        cancel_booking(in_time.id, by=cast.alpha.actors["su"], now=local(23, 6))
        cancel_booking(late.id, by=cast.alpha.actors["su"], now=local(23, 10, 1))
        rows = Penalty.objects.values_list("booking_id", "cause", "kind", "amount", "currency")
        assert list(rows) == [(late.id, "late_cancel", "fee", 5000, "CNY")]


def test_without_a_consequence_late_is_too_late_as_before(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, no_show_kind="fixed", no_show_value=5000, currency="CNY")
        made = desk.book()
        with pytest.raises(NoticeGone):
            cancel_booking(made.id, by=cast.alpha.actors["su"], now=LATE)


def test_notice_to_move_is_its_own(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, cancel_notice=30, move_notice=120)
        made = desk.book()
        with pytest.raises(NoticeGone):
            reschedule_booking(made.id, starts_at=local(23, 15), by=cast.alpha.actors["su"], now=LATE)
        assert cancel_booking(made.id, by=cast.alpha.actors["su"], now=LATE).status == "cancelled"
        assert Penalty.objects.count() == 0


def test_staff_cancel_without_and_at_the_members_wish_with_the_fee(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, late_kind="fixed", late_value=5000, currency="CNY")
        first, second, third = desk.book(), desk.book(local(23, 12)), desk.book(local(23, 14))
        clerk, manager = cast.alpha.actors["clerk"], cast.alpha.actors["store_manager"]
        cancel_booking(first.id, by=manager, now=LATE)
        with pytest.raises(NoticeGone):
            cancel_booking(second.id, by=clerk, now=local(23, 11))
        cancel_booking(third.id, by=clerk, now=local(23, 13), penalise_late=True)
        assert list(Penalty.objects.values_list("booking_id", flat=True)) == [third.id]


def test_no_show_is_forgiven_as_often_as_grace_says(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, no_show_kind="points", no_show_value=100, grace=1)
        made = [desk.book(local(23, hour)) for hour in (10, 12, 14)]
        for booking in made:
            mark_no_show(booking.id, by=cast.alpha.actors["clerk"], now=local(23, 20))
        rows = Penalty.objects.order_by("at", "id").values_list("booking_id", "kind", "amount")
        assert list(rows) == [(made[1].id, "points", 100), (made[2].id, "points", 100)]


def test_member_on_pause_is_refused_online_until_when_and_staff_may_book(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, no_show_kind="pause", no_show_value=30)
        missed, visitor = desk.book(), "v" * 40
        mark_no_show(missed.id, by=cast.alpha.actors["clerk"], now=local(23, 11))
        with pytest.raises(BookingPaused) as refused:
            desk.book(local(25, 10), now=local(23, 12))
        assert refused.value.extra == {"until": "2026-12-24T00:00:00+08:00"}
        with pytest.raises(BookingPaused):
            desk_wish = Wanted(
                store_id=cast.alpha.stores["north"].id,
                services=[cast.alpha.services["facial"].id],
                windows=[(local(25, 9), local(25, 21))],
            )
            join_waiting(desk_wish, by=cast.alpha.actors["su"], now=local(23, 12))
        hold = hold_for_visitor(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=local(25, 10),
            visitor=visitor,
            address="192.0.2.1",
            now=local(23, 12),
        )
        with pytest.raises(BookingPaused):
            confirm_visitor_hold(hold.id, visitor=visitor, by=cast.alpha.actors["su"], now=local(23, 12))
        booked = desk.book(
            local(25, 12),
            by=cast.alpha.actors["clerk"],
            member=cast.alpha.members["su"].id,
            now=local(23, 12),
        )
        assert booked.status == "confirmed"
        # 30 days of the shop's calendar, the day itself included
        assert desk.book(local(25, 16), now=local(24, 0), who="chen").status == "confirmed"


def test_taken_time_is_told_before_the_pause(cast: Cast, desk: Desk) -> None:
    from tenants.booking.domain.claims import SlotTaken

    with scope(cast.alpha):
        _write(cast, no_show_kind="pause", no_show_value=30)
        missed = desk.book()
        mark_no_show(missed.id, by=cast.alpha.actors["clerk"], now=local(23, 11))
        desk.book(local(25, 10), who="chen", now=local(23, 12))
        with pytest.raises(SlotTaken):
            desk.book(local(25, 10), now=local(23, 12))


def test_waiver_lifts_the_pause_and_is_noted_with_its_reason_once(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, no_show_kind="pause", no_show_value=30)
        missed = desk.book()
        mark_no_show(missed.id, by=cast.alpha.actors["clerk"], now=local(23, 11))
        penalty, manager = Penalty.objects.get(), cast.alpha.actors["store_manager"]
        with pytest.raises(Forbidden):
            waive_penalty(penalty.id, reason="ill", by=cast.alpha.actors["clerk"], now=local(23, 12))
        with pytest.raises(ReasonMissing):
            waive_penalty(penalty.id, reason="  ", by=manager, now=local(23, 12))
        waiver = waive_penalty(penalty.id, reason=" was ill ", by=manager, now=local(23, 12))
        assert (waiver.reason, waiver.by_id) == ("was ill", manager.employee_id)
        with pytest.raises(WaivedAlready):
            waive_penalty(penalty.id, reason="again", by=manager, now=local(23, 12))
        assert paused_until(cast.alpha.members["su"].id, now=local(23, 12)) is None
        assert read_history(cast.alpha.members["su"].id, now=local(23, 12)) == "new"
        note = AccessNote.objects.get(act="penalty_waived")
        assert (note.subject_id, note.employee_id) == (missed.id, manager.employee_id)


def test_terms_follow_the_members_history(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, history="missed", deposit_kind="percent", deposit_value=50)
        offering = read_offering(cast.alpha.stores["north"].id, cast.alpha.services["facial"].id)
        missed = desk.book()
        mark_no_show(missed.id, by=cast.alpha.actors["clerk"], now=local(23, 11))

        def deposit(who: str) -> int:
            return read_terms(offering, member_id=cast.alpha.members[who].id, now=local(23, 12)).deposit

        assert (deposit("su"), deposit("chen")) == (19900, 0)


def test_visitor_who_turns_out_to_have_other_terms_reads_them_first(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, history="missed", deposit_kind="percent", deposit_value=50)
        missed, visitor, su = desk.book(), "v" * 40, cast.alpha.actors["su"]
        mark_no_show(missed.id, by=cast.alpha.actors["clerk"], now=local(23, 11))
        hold = hold_for_visitor(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=local(25, 10),
            visitor=visitor,
            address="192.0.2.1",
            now=local(23, 12),
        )
        with pytest.raises(TermsDiffer):
            confirm_visitor_hold(hold.id, visitor=visitor, by=su, now=local(23, 12))
        agreed = Terms(240, 240, deposit=19900)
        made = confirm_visitor_hold(hold.id, visitor=visitor, by=su, now=local(23, 12), agreed=agreed)
        assert terms_of(Booking.objects.get(id=made.id)) == agreed


def test_hold_keeps_its_terms_for_whom_nothing_else_holds(cast: Cast) -> None:
    with scope(cast.alpha):
        policy = _write(cast, cancel_notice=60)
        hold = hold_for_visitor(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=local(25, 10),
            visitor="v" * 40,
            address="192.0.2.1",
            now=NOW,
        )
        write_policy({"cancel_notice": 600}, by=cast.alpha.actors["owner"], now=NOW, policy_id=policy.id)
        made = confirm_visitor_hold(hold.id, visitor="v" * 40, by=cast.alpha.actors["chen"], now=NOW)
        assert (made.notice, terms_of(made).cancel_notice) == (60, 60)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"late_kind": "percent", "late_value": 101}, "late"),
        ({"late_kind": "fixed", "late_value": 100}, "currency"),
        ({"late_kind": "none", "late_value": 5}, "late"),
        ({"deposit_kind": "pause", "deposit_value": 5}, "deposit"),
        ({"no_show_kind": "pause", "no_show_value": 366}, "no_show"),
        ({"grace": 1}, "grace"),
        ({"store_id": UUID(int=1)}, "store"),
        ({"service_id": UUID(int=1)}, "service"),
    ],
)
def test_policy_that_contradicts_itself_is_refused_by_field(
    cast: Cast, fields: dict[str, Any], wrong: str
) -> None:
    with scope(cast.alpha):
        with pytest.raises(PolicyWrong) as refused:
            _write(cast, **fields)
        assert [error.field for error in refused.value.errors] == [wrong]
        assert Policy.objects.count() == 0


def test_one_policy_for_one_combination(cast: Cast) -> None:
    with scope(cast.alpha):
        _write(cast, cancel_notice=60)
        with pytest.raises(PolicyThere):
            _write(cast, cancel_notice=90)
        with pytest.raises(Forbidden):
            write_policy({}, by=cast.alpha.actors["store_manager"], now=NOW)


def test_penalty_is_for_a_booking_once(cast: Cast, desk: Desk) -> None:
    with scope(cast.alpha):
        _write(cast, late_kind="fixed", late_value=5000, currency="CNY")
        made = desk.book(MONDAY_TEN)
        cancel_booking(made.id, by=cast.alpha.actors["su"], now=LATE)
        with pytest.raises(StatusForbids):
            cancel_booking(made.id, by=cast.alpha.actors["su"], now=LATE)
        assert Penalty.objects.count() == 1
