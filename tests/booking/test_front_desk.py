"""Taking over a guest of another store: the code they show moves their booking here, all or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.codes import UnknownCode
from tenants.booking.domain.front_desk import find_place_here, take_over_booking
from tenants.booking.models import Booking, Claim, Transition
from tenants.events.models import Event
from tenants.people.domain.rights import Forbidden, NotSeen
from tenants.people.models import WeeklyShift
from tests.ground.cast import NOW, Cast, local

THREE = local(23, 15)


@pytest.fixture()
def at_south(cast: Cast) -> Booking:
    """Su's facial at South, Monday 15:00."""
    with chain_scope(cast.alpha.info):
        return make(cast, member="su")


def make(cast: Cast, *, member: str, store: str = "south", who: str = "south_practitioner") -> Booking:
    alpha = cast.alpha
    return book(
        alpha.services["facial"].id,
        store_id=alpha.stores[store].id,
        starts_at=THREE,
        by=alpha.actors["owner"],
        now=NOW,
        member=alpha.members[member].id,
        practitioner_id=alpha.employees[who].id,
    )


def take_over(cast: Cast, booking: Booking, *, by: str = "clerk", at=THREE, store: str = "north") -> Booking:
    alpha = cast.alpha
    return take_over_booking(
        booking.code, store_id=alpha.stores[store].id, starts_at=at, by=alpha.actors[by], now=NOW
    )


def test_the_booking_moves_with_code_and_price_and_the_old_place_is_free(cast, at_south):
    with chain_scope(cast.alpha.info):
        moved = take_over(cast, at_south, at=THREE + timedelta(hours=1))
        held = list(Claim.objects.filter(active=True).values_list("booking_id", "resource__employee"))
        again = make(cast, member="chen")

    north = {cast.alpha.employees[name].id for name in ("practitioner", "second")}
    assert (moved.store_id, moved.starts_at) == (cast.alpha.stores["north"].id, local(23, 16))
    assert (moved.code, moved.price_amount) == (at_south.code, at_south.price_amount)
    assert [(key, person in north) for key, person in held] == [(at_south.id, True)]
    assert again.starts_at == THREE


def test_both_stores_hear_of_it_and_the_history_says_where_it_came_from(cast, at_south):
    alpha = cast.alpha
    with chain_scope(alpha.info):
        take_over(cast, at_south)
        heard = list(Event.objects.filter(kind="booking.moved").values_list("store_id", flat=True))
        line = Transition.objects.filter(booking=at_south).latest("id")

    assert set(heard) == {alpha.stores["north"].id, alpha.stores["south"].id}
    assert line.by_employee_id == alpha.employees["clerk"].id
    assert line.detail["from"]["store"] == str(alpha.stores["south"].id)


def test_a_taken_time_here_leaves_the_booking_where_it_was(cast, at_south):
    with chain_scope(cast.alpha.info):
        make(cast, member="chen", store="north", who="practitioner")
        cast.alpha.employees["second"].weekly_shifts.all().delete()
        with pytest.raises(SlotTaken):
            take_over(cast, at_south)
        after = Booking.objects.get(id=at_south.id)
        held = Claim.objects.filter(booking=at_south, active=True).values_list(
            "resource__employee", flat=True
        )

        assert (after.store_id, after.version) == (cast.alpha.stores["south"].id, 1)
        assert list(held) == [cast.alpha.employees["south_practitioner"].id]


@pytest.mark.parametrize(
    ("by", "store", "refusal"),
    [
        ("cashier", "north", Forbidden),
        ("south_clerk", "north", NotSeen),
        ("south_clerk", "south", NotSeen),
        ("su", "north", NotSeen),
    ],
)
def test_only_who_changes_bookings_here_takes_over_from_elsewhere(cast, at_south, by, store, refusal):
    with chain_scope(cast.alpha.info), pytest.raises(refusal):
        take_over(cast, at_south, by=by, store=store)


def test_a_code_that_is_wrong_or_no_longer_confirmed_is_unknown(cast, at_south):
    with chain_scope(cast.alpha.info):
        cancel_booking(at_south.id, by=cast.alpha.actors["owner"], now=NOW)
        with pytest.raises(UnknownCode):
            take_over(cast, at_south)
        with pytest.raises(UnknownCode):
            take_over_booking(
                "nonsense",
                store_id=cast.alpha.stores["north"].id,
                starts_at=THREE,
                by=cast.alpha.actors["clerk"],
                now=NOW,
            )


def test_the_place_offered_here_is_the_first_one_not_before_now(cast, at_south):
    alpha = cast.alpha
    with chain_scope(alpha.info):
        noon = find_place_here(at_south, store_id=alpha.stores["north"].id, now=NOW + timedelta(minutes=2))
        late = find_place_here(at_south, store_id=alpha.stores["north"].id, now=local(21, 20, 30))
    assert noon is not None and late is not None
    assert (noon.starts_at, late.starts_at) == (local(21, 12, 5), local(22, 9, 10))


def test_a_store_that_does_not_do_it_offers_no_place(cast, at_south):
    with chain_scope(cast.alpha.info):
        assert find_place_here(at_south, store_id=cast.alpha.stores["dublin"].id, now=NOW) is None


def test_a_store_where_nobody_works_offers_no_place(cast, at_south):
    with chain_scope(cast.alpha.info):
        WeeklyShift.objects.all().delete()
        assert find_place_here(at_south, store_id=cast.alpha.stores["north"].id, now=NOW) is None
