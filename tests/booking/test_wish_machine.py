"""The life of wishes as a state machine: whatever the order of steps, statuses, offers and holds agree."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chains.refusals import Refusal
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.waiting_offers import accept_offer, decline_offer, leave_waiting
from tenants.booking.models import Booking, Claim, OfferState, WaitingOffer, Wish, WishStatus
from tenants.members.models import Member
from tests.booking.queue import fill_day, make_members, scope, wish_of, work_off
from tests.ground.cast import NOW, Cast, Chain

BOOKED_BY = {
    OfferState.OPEN: {"held"},
    OfferState.ACCEPTED: {"confirmed", "cancelled"},
    OfferState.DECLINED: {"expired"},
    OfferState.EXPIRED: {"expired"},
}


class Wishes(RuleBasedStateMachine):
    """Four members, one full day; a model of two numbers: who has been offered what, and who is done."""

    chain: Chain

    @initialize()
    def _fill(self) -> None:
        self.now = NOW
        with scope(self.chain):
            Wish.objects.all().delete()
            self.taken = fill_day(self.chain)
            self.people = make_members(4)
        self.ended: dict[Any, str] = {}

    def _try(self, act: Any, *args: Any, **options: Any) -> Any:
        try:
            with scope(self.chain):
                return act(*args, now=self.now, **options)
        except Refusal:
            return None
        finally:
            work_off(self.now)

    @rule(who=st.integers(0, 3), auto=st.booleans())
    def join(self, who: int, auto: bool) -> None:
        def act(*, now: Any) -> None:
            wish_of(self.chain, self.people[who], now=now, auto_accept=auto)

        self._try(act)

    @rule(number=st.integers(0, 30))
    def free(self, number: int) -> None:
        booking_id = self.taken[number % len(self.taken)]
        self._try(cancel_booking, booking_id, by=self.chain.actors["store_manager"])

    @rule(minutes=st.sampled_from([1, 29, 31, 600]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        work_off(self.now)

    @rule(number=st.integers(0, 9), act=st.sampled_from([accept_offer, decline_offer, leave_waiting]))
    def answer(self, number: int, act: Any) -> None:
        with scope(self.chain):
            wishes = list(Wish.objects.order_by("joined_at", "id"))
        if wishes:
            wish = wishes[number % len(wishes)]
            by = next(one for one in self.people if one.member_id == wish.member_id)
            self._try(act, wish.id, by=by)

    @invariant()
    def statuses_offers_and_holds_agree(self) -> None:
        if not hasattr(self, "people"):
            return
        with scope(self.chain):
            for wish in Wish.objects.prefetch_related("offers__booking"):
                offers = list(wish.offers.all())
                open_ = [one for one in offers if one.state == OfferState.OPEN]
                assert len(open_) == (1 if wish.status == WishStatus.OFFERED else 0)
                for offer in offers:
                    assert offer.booking.status in BOOKED_BY[OfferState(offer.state)]
                accepted = [one for one in offers if one.state == OfferState.ACCEPTED]
                assert len(accepted) == (1 if wish.status == WishStatus.BOOKED else 0)
                places = {(one.practitioner_id, one.starts_at) for one in offers}
                assert len(places) == len(offers)
                # what has ended never comes back
                if wish.id in self.ended:
                    assert wish.status == self.ended[wish.id]
                elif wish.status not in (WishStatus.WAITING, WishStatus.OFFERED):
                    self.ended[wish.id] = wish.status

    def teardown(self) -> None:
        with scope(self.chain):
            WaitingOffer.objects.all().delete()
            Wish.objects.all().delete()
            Booking.objects.filter(status__in=["held", "confirmed"]).update(status="expired")
        _forget(self.chain)


def _forget(chain: Chain) -> None:
    with scope(chain):
        Claim.objects.update(active=False)
        Member.objects.filter(name__startswith="Wei").update(phone=None)


@pytest.mark.race
def test_wishes_keep_their_promises_whatever_the_order(cast: Cast) -> None:
    Wishes.chain = cast.alpha
    run_state_machine_as_test(
        Wishes,
        settings=settings(
            max_examples=4,
            stateful_step_count=10,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
