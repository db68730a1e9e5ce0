"""A party books several services at once or one after the other: everything, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.claims import lock_resources
from tenants.booking.domain.day import read_seen_booking
from tenants.booking.domain.groups import (
    ChainBroken,
    GroupedAlready,
    Item,
    PlanEmpty,
    book_group,
    cancel_group,
    plan_group,
    read_group,
)
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.plans import PlanRefused
from tenants.booking.models import Booking, Claim, Status
from tenants.booking.together import BookingGroup
from tenants.events.models import Event
from tenants.members.models import Member
from tenants.people.domain.rights import NotSeen
from tenants.people.models import Skill
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast, local, make_service


@pytest.fixture()
def alpha(cast: Cast) -> Any:
    with chain_scope(cast.alpha.info):
        yield cast.alpha


def north(alpha: Any, by: str = "su") -> dict[str, Any]:
    return {"store_id": alpha.stores["north"].id, "by": alpha.actors[by], "now": NOW}


def facial(alpha: Any, starts_at: datetime | None = MONDAY_TEN, **more: Any) -> Item:
    return Item(alpha.services["facial"].id, starts_at, **more)


def short(alpha: Any, starts_at: datetime | None = None, **more: Any) -> Item:
    return Item(alpha.services["short"].id, starts_at, **more)


def test_two_people_are_served_at_once_and_one_pays(alpha: Any) -> None:
    group, placed = book_group([facial(alpha), facial(alpha, guest="Mei")], **north(alpha))
    made = [one.booking for one in placed]
    people = {alpha.employees["practitioner"].id, alpha.employees["second"].id}
    assert {one.practitioner_id for one in made if one} == people
    rows = list(Booking.objects.filter(group=group).order_by("created_at", "id").select_related("member"))
    assert sorted(str(row.member and row.member.name) for row in rows) == ["Mei", "苏晴"]
    assert {row.payer_id for row in rows} == {alpha.members["su"].id}
    assert [row.starts_at for row in rows] == [MONDAY_TEN, MONDAY_TEN]
    assert list(check_bookings()) == []


def test_a_plan_writes_nothing(alpha: Any) -> None:
    models = (Booking, BookingGroup, Claim, Member, Event)
    before = [model.objects.count() for model in models]
    plan = plan_group([facial(alpha), facial(alpha, guest="Mei")], **north(alpha))
    assert [one.refusal for one in plan.placed] == [None, None]
    assert [model.objects.count() for model in models] == before


def test_services_follow_each_other_on_the_steps_of_the_next(alpha: Any) -> None:
    items = [facial(alpha), short(alpha, after=0), facial(alpha, None, after=1)]
    plan = plan_group(items, **north(alpha))
    assert [one.part.starts_at for one in plan.placed] == [
        local(23, 10),
        local(23, 11),
        local(23, 11, 30),
    ]
    assert [one.refusal for one in plan.placed] == [None, None, None]


def test_what_cannot_be_placed_is_listed_with_alternatives_and_other_starts_for_all(
    alpha: Any, desk: Desk
) -> None:
    desk.book(who="chen", practitioner_id=alpha.employees["second"].id)
    items = [facial(alpha), facial(alpha, guest="Mei")]
    plan = plan_group(items, **north(alpha))
    assert [one.refusal and one.refusal.code for one in plan.placed] == [None, "slot_taken"]
    assert plan.placed[1].alternatives != []
    assert len(plan.other_starts) > 0
    moved = [facial(alpha, plan.other_starts[0]), facial(alpha, plan.other_starts[0], guest="Mei")]
    _group, placed = book_group(moved, **north(alpha))
    assert [one.refusal for one in placed] == [None, None]


def test_nothing_is_booked_where_one_part_is_gone_unless_that_is_said(alpha: Any, desk: Desk) -> None:
    desk.book(who="chen", practitioner_id=alpha.employees["second"].id)
    items = [facial(alpha), facial(alpha, guest="Mei")]
    before = Booking.objects.count(), Member.objects.count()
    with pytest.raises(PlanRefused) as refused:
        book_group(items, **north(alpha))
    assert (Booking.objects.count(), Member.objects.count()) == before
    (item,) = refused.value.extra["items"]
    assert (item["index"], item["code"]) == (1, "slot_taken")
    group, placed = book_group(items, partial=True, **north(alpha))
    assert [one.booking is not None for one in placed] == [True, False]
    assert Booking.objects.filter(group=group).count() == 1


def test_a_free_choice_takes_nobody_who_is_asked_for(alpha: Any) -> None:
    ya, lin = alpha.employees["practitioner"].id, alpha.employees["second"].id
    for wanted, other in ((ya, lin), (lin, ya)):
        plan = plan_group([facial(alpha), facial(alpha, guest="Mei", practitioner_id=wanted)], **north(alpha))
        bookings = [one.booking for one in plan.placed]
        assert [one and one.practitioner_id for one in bookings] == [other, wanted]


def test_one_person_cannot_be_in_two_chairs(alpha: Any) -> None:
    plan = plan_group([facial(alpha), facial(alpha)], **north(alpha))
    assert [one.refusal and one.refusal.code for one in plan.placed] == [None, "member_overlap"]


@pytest.mark.parametrize(
    ("items", "refusal"), [([], PlanEmpty), (["first"] * 11, PlanEmpty), (["loose"], ChainBroken)]
)
def test_a_plan_that_makes_no_sense_is_refused(
    alpha: Any, items: list[str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        plan_group([facial(alpha, None if one == "loose" else MONDAY_TEN) for one in items], **north(alpha))


def test_the_payer_sees_and_cancels_all_a_guest_of_the_party_nothing_of_the_others(alpha: Any) -> None:
    group, _placed = book_group([facial(alpha), facial(alpha, guest="Mei")], **north(alpha))
    su, chen = alpha.actors["su"], alpha.actors["chen"]
    of_mei = Booking.objects.get(group=group, member__name="Mei")
    assert read_seen_booking(of_mei.id, by=su, now=NOW).id == of_mei.id
    assert len(read_group(group.id, by=su, now=NOW)[1]) == 2
    with pytest.raises(NotSeen):
        read_group(group.id, by=chen, now=NOW)
    with pytest.raises(NotSeen):
        cancel_booking(of_mei.id, by=chen, now=NOW)
    assert cancel_booking(of_mei.id, by=su, now=NOW).status == Status.CANCELLED
    assert [one.status for one in cancel_group(group.id, by=su, now=NOW)] == [Status.CANCELLED]
    assert Claim.objects.filter(active=True).count() == 0


def test_a_booking_that_stands_is_joined_by_others(alpha: Any, desk: Desk) -> None:
    first = desk.book()
    group, _placed = book_group([facial(alpha, guest="Mei")], with_booking=first.id, **north(alpha))
    assert {one.id for one in read_group(group.id, by=alpha.actors["su"], now=NOW)[1]} >= {first.id}
    with pytest.raises(GroupedAlready):
        book_group(
            [facial(alpha, MONDAY_TEN + timedelta(hours=2), guest="Bo")],
            with_booking=first.id,
            **north(alpha),
        )


def test_staff_book_for_a_payer_at_their_store_alone(alpha: Any) -> None:
    asked = {**north(alpha, "clerk"), "member": alpha.members["chen"].id}
    group, _placed = book_group([facial(alpha), facial(alpha, guest="Mei")], **asked)
    assert (group.payer_id, group.made_by_id) == (alpha.members["chen"].id, alpha.employees["clerk"].id)
    with pytest.raises(NotSeen):
        book_group([facial(alpha)], **{**asked, "by": alpha.actors["south_clerk"]})


def test_locks_are_taken_ahead_in_the_order_of_ids(alpha: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    locked: list[list[Any]] = []
    monkeypatch.setattr(
        "tenants.booking.domain.plans.lock_resources",
        lambda ids: (locked.append(sorted(ids)), lock_resources(ids)),
    )
    book_group([facial(alpha), facial(alpha, guest="Mei")], **north(alpha))
    people = [alpha.employees[name].resource_id for name in ("practitioner", "second")]
    assert locked == [sorted([*people, alpha.rooms["a"].id])]


def test_a_free_choice_gives_way_to_a_service_that_only_one_can_do(alpha: Any) -> None:
    rare = Skill.objects.create(name="laser")
    alpha.employees["practitioner"].skills.add(rare)
    laser = make_service("Laser", [alpha.stores["north"]], skills=[rare])
    ya = alpha.employees["practitioner"].id
    for items in (
        [facial(alpha), Item(laser.id, MONDAY_TEN, guest="Mei")],
        [Item(laser.id, MONDAY_TEN), facial(alpha, guest="Mei")],
    ):
        plan = plan_group(items, **north(alpha))
        served = {one.part.service_id: one.booking and one.booking.practitioner_id for one in plan.placed}
        assert served[laser.id] == ya
        assert None not in served.values()
