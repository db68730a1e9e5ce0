"""Overbooking: who may, why, what is kept of it, and what it never breaks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from chains.scope import chain_scope
from tenants.booking.domain.availability import find_slots
from tenants.booking.domain.book import book
from tenants.booking.domain.change import reschedule_booking
from tenants.booking.domain.claims import PoolClaim, SessionFull, SlotTaken
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.overbooking import OverbookingUnexplained
from tenants.booking.domain.rules import ClosedDay, MemberOverlap
from tenants.booking.models import Booking, Claim, Pool
from tenants.people.domain.rights import Forbidden
from tenants.people.models import AccessNote
from tenants.stores.models import Closure
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.ground.cast import NOW, Cast, Chain, local

REASON = "Both are sisters"


def _over(chain: Chain, at: Any = MONDAY_TEN, *, who: str = "store_manager", **asked: Any) -> Booking:
    asked = {"overbook": REASON, "member": chain.members["chen"].id, **asked}
    return book(
        chain.services["facial"].id,
        store_id=chain.stores["north"].id,
        starts_at=at,
        by=chain.actors[who],
        practitioner_id=chain.employees["practitioner"].id,
        now=NOW,
        **asked,
    )


def test_a_manager_books_over_a_booking_and_it_is_written_down(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        desk.book()
        made = _over(chain)
        claim = Claim.objects.get(booking=made)
        assert claim.overbooked
        detail = {"overbooked": {"reason": REASON, "resources": [str(claim.resource_id)]}}
        assert made.transitions.get().detail == detail
        note = AccessNote.objects.get(act="booking_overbooked")
        assert (note.subject_id, note.employee_id, note.detail) == (
            made.id,
            chain.employees["store_manager"].id,
            detail,
        )
        assert check_bookings() == []


def test_a_time_that_is_free_is_booked_without_a_mark(cast: Cast) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        made = _over(chain)
        assert (Claim.objects.get(booking=made).overbooked, made.transitions.get().detail) == (False, {})
        assert not AccessNote.objects.filter(act="booking_overbooked").exists()


@pytest.mark.parametrize(
    ("who", "more", "refusal"),
    [
        ("clerk", {}, Forbidden),
        ("chen", {}, Forbidden),
        ("store_manager", {"overbook": "  "}, OverbookingUnexplained),
    ],
)
def test_only_who_may_and_says_why(
    cast: Cast, desk: Desk, who: str, more: dict[str, Any], refusal: type[Exception]
) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
        with pytest.raises(refusal):
            _over(cast.alpha, who=who, **more)
        assert Booking.objects.count() == 1


def test_an_overbooked_claim_is_busy_to_whoever_comes_after(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        first = desk.book()
        over = _over(chain)
        ya = chain.employees["practitioner"].id
        reschedule_booking(first.id, starts_at=local(23, 15), by=chain.actors["su"], now=NOW)
        _offering, (day,) = find_slots(
            chain.stores["north"].id,
            chain.services["facial"].id,
            days=[MONDAY_TEN.date()],
            practitioner_id=ya,
            now=NOW,
        )
        assert MONDAY_TEN not in {slot.starts_at for slot in day.slots}
        with pytest.raises(SlotTaken):
            reschedule_booking(first.id, starts_at=MONDAY_TEN, by=chain.actors["su"], now=NOW)
        moved = reschedule_booking(over.id, starts_at=local(23, 12), by=chain.actors["clerk"], now=NOW)
        assert not Claim.objects.get(booking=moved, active=True).overbooked


def test_rules_units_and_the_members_own_time_are_never_booked_over(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with chain_scope(chain.info):
        desk.book()
        pool = Pool.objects.create(store=chain.stores["north"], kind="session", capacity=0)
        with pytest.raises(SessionFull):
            _over(chain, extra=[PoolClaim(pool.id)])
        with pytest.raises(MemberOverlap):
            _over(chain, member=chain.members["su"].id)
        Closure.objects.create(
            store=chain.stores["north"], starts_on=MONDAY_TEN.date(), ends_on=local(24, 10).date()
        )
        with pytest.raises(ClosedDay):
            _over(chain)
        assert (Booking.objects.count(), check_bookings()) == (1, [])


def test_the_database_lets_nothing_overlap_but_what_is_marked(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        desk.book()
        claim = Claim.objects.get(booking=_over(cast.alpha))
        with pytest.raises(IntegrityError, match="claim_resource_once_at_a_time"), transaction.atomic():
            Claim.objects.filter(id=claim.id).update(overbooked=False)
        pool = Pool.objects.create(store=cast.alpha.stores["north"], kind="session", capacity=1)
        with pytest.raises(IntegrityError, match="claim_of_a_pool_never_over"), transaction.atomic():
            Claim.objects.create(booking=claim.booking, pool=pool, overbooked=True)
