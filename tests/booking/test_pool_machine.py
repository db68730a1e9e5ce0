"""Random steps over everything that is counted: what is taken is what is claimed, and never more than there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from chains.postgresql.ask import Question, done
from chains.refusals import Refusal
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope
from tenants.booking.domain import claims, fresh
from tenants.booking.domain.calling_off import call_off_session
from tenants.booking.domain.change import (
    cancel_booking,
    complete_booking,
    confirm_booking,
    mark_no_show,
    reschedule_booking,
)
from tenants.booking.domain.holds import expire_holds
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.items import Item
from tenants.booking.domain.redeem import redeem_booking, undo_redemption
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.domain.sessions import change_session
from tenants.booking.domain.stock import adjust_stock
from tenants.booking.models import Booking, Claim, Pool, StockReason
from tests.booking.counted import EVENING, Counted, strangers
from tests.ground.cast import NOW, Chain, fill_alpha
from tests.ground.chains import make_chain

SESSIONS, WINDOWS, MEMBERS = range(2), range(2), range(5)
CLOCK = st.sampled_from([NOW, NOW + timedelta(minutes=11), EVENING, EVENING + timedelta(minutes=30)])


class Machine(RuleBasedStateMachine):
    """One store's sessions, windows, stock and a pass, in one transaction that is rolled back in the end."""

    chain: Chain
    made = Bundle("made")

    @initialize()
    def begin(self) -> None:
        self.scope = chain_scope(self.chain.info)
        self.scope.__enter__()
        counted = self.counted = Counted(self.chain)
        self.sessions = [counted.session(EVENING + timedelta(hours=2 * n), seats=3) for n in SESSIONS]
        self.windows = counted.windows(cap=2)[:2]
        self.product = counted.product(there=4)
        self.members = strangers(len(MEMBERS))
        self.card = counted.member_pass(credits=2)
        self.by = self.chain.actors["owner"]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.scope.__exit__(None, None, None)

    def act(self, what: Any, *args: Any, **named: Any) -> Any:
        """A refusal leaves no trace; anything else is a fault."""
        try:
            with transaction.atomic():
                return what(*args, **named)
        except Refusal:
            return None

    @rule(target=made, session=st.sampled_from(SESSIONS), member=st.sampled_from(MEMBERS),
          seats=st.integers(1, 3), hold=st.booleans(), now=CLOCK, dish=st.integers(0, 2))  # fmt: skip
    def book_seats(self, session: int, member: int, seats: int, hold: bool, now: datetime, dish: int) -> Any:
        items = (Item(self.product.id, dish),) if dish else ()
        wish = Wish(session_id=self.sessions[session].id, party_size=seats, items=items)
        return self.act(book_scheduled, wish, by=self.by, member=self.members[member].id, hold=hold, now=now)

    @rule(target=made, session=st.sampled_from(SESSIONS))
    def book_with_pass(self, session: int) -> Any:
        wish = Wish(session_id=self.sessions[session].id, pass_id=self.card.id)
        return self.act(book_scheduled, wish, by=self.chain.actors["su"], now=NOW)

    @rule(
        target=made, window=st.sampled_from(WINDOWS), member=st.sampled_from(MEMBERS), units=st.integers(1, 3)
    )
    def book_goods(self, window: int, member: int, units: int) -> Any:
        wish = Wish(window_id=self.windows[window].id, items=(Item(self.product.id, units),))
        return self.act(book_scheduled, wish, by=self.by, member=self.members[member].id, now=NOW)

    @rule(booking=made, now=CLOCK, step=st.sampled_from(
        [cancel_booking, confirm_booking, mark_no_show, complete_booking, undo_redemption]))  # fmt: skip
    def change(self, booking: Booking | None, now: datetime, step: Any) -> None:
        if booking is not None:
            self.act(step, booking.id, by=self.by, now=now)

    @rule(booking=made, now=CLOCK)
    def redeem(self, booking: Booking | None, now: datetime) -> None:
        if booking is not None:
            self.act(redeem_booking, self.counted.store.id, booking_id=booking.id, by=self.by, now=now)

    @rule(booking=made, later=st.booleans())
    def move(self, booking: Booking | None, later: bool) -> None:
        if booking is not None:
            there = (self.sessions if booking.session_id else self.windows)[later].starts_at
            self.act(reschedule_booking, booking.id, starts_at=there, by=self.by, now=NOW)

    @rule(now=CLOCK)
    def expire(self, now: datetime) -> None:
        expire_holds(now=now)

    @rule(session=st.sampled_from(SESSIONS), capacity=st.integers(1, 4))
    def resize(self, session: int, capacity: int) -> None:
        self.act(change_session, self.sessions[session].id, capacity=capacity, by=self.by, now=NOW)

    @rule(session=st.sampled_from(SESSIONS))
    def call_off(self, session: int) -> None:
        self.act(call_off_session, self.sessions[session].id, by=self.by, now=NOW)

    @rule(units=st.integers(-3, 3))
    def count(self, units: int) -> None:
        self.act(
            adjust_stock, self.counted.store.id, self.product.id, units=units,
            reason=StockReason.OTHER, by=self.by, now=NOW,
        )  # fmt: skip

    @invariant()
    def taken_is_what_is_claimed(self) -> None:
        if not hasattr(self, "counted"):
            return
        claimed: dict[Any, int] = {}
        for pool_id, units in Claim.objects.filter(active=True, pool__isnull=False).values_list(
            "pool_id", "units"
        ):
            claimed[pool_id] = claimed.get(pool_id, 0) + units
        for pool in Pool.objects.all():
            assert pool.taken == claimed.get(pool.id, 0) <= pool.capacity
        assert check_bookings() == []


def run(chain: Chain, *, examples: int = 12, steps: int = 25, phases: Sequence[Phase] = tuple(Phase)) -> None:
    machine = type("Run", (Machine,), {"chain": chain})
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=quiet,
            database=None,
            phases=phases,
        ),
    )


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own: the mutants take its constraint away."""
    return fill_alpha(make_chain("pools"))


def test_counters_are_what_is_claimed_after_every_step(chain: Chain) -> None:
    run(chain)


@pytest.mark.mutant
@pytest.mark.parametrize("wrong", ["forgets_to_give_back", "sells_what_is_not_there"])
def test_mutant_of_the_counter_is_found(chain: Chain, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    from django.db.models import F

    def take(pool_id: Any, units: int, *, used_up: bool = False) -> bool:
        if wrong == "forgets_to_give_back" and units < 0:
            return True
        Pool.objects.filter(id=pool_id).update(taken=F("taken") + units)
        return True

    def take_at_once(claim: claims.PoolClaim) -> Question[None]:
        unguarded = "UPDATE booking_pool SET taken = taken + %s WHERE id = %s"
        return Question(unguarded, (claim.units, claim.pool_id), done)

    with owner_connection() as owner:
        owner.execute(
            f"ALTER TABLE {chain.info.schema_name}.booking_pool DROP CONSTRAINT pool_never_oversold"
        )
    monkeypatch.setattr(claims, "take_units", take)
    monkeypatch.setattr(fresh, "_take_question", take_at_once)
    # that it is found is enough: the shortest way there would take minutes
    with pytest.raises(AssertionError):
        run(chain, phases=[Phase.generate])
    connection.close()
