"""Bar 2: random steps of book, cancel, move, no-show, wait, answer and shifts, on a clock of the test's own.

After each step, as soon as what was due within five seconds is done: no place is idle that a waiting wish
would take; the head of the queue has it; nobody holds two overlapping places; nobody is offered a place twice.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from chains.refusals import Refusal
from chains.schemas.owner import owner_connection
from tenants.booking.domain import waiting, waiting_events, waiting_offers, wishes
from tenants.booking.domain.availability import find_slots
from tenants.booking.domain.book import book
from tenants.booking.domain.change import cancel_booking, mark_no_show, reschedule_booking
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.waiting_offers import accept_offer, decline_offer, leave_waiting
from tenants.booking.models import LIVE, Booking, OfferState, WaitingOffer, WaitingRules, Wish, WishStatus
from tenants.people.domain.shifts import DatedShift, set_days
from tests.bars import SEED, record, size
from tests.booking.queue import make_members, next_due, scope, wish_of, work_off
from tests.ground.cast import NOW, SHANGHAI, Chain, fill_alpha, local
from tests.ground.chains import make_chain

STEPS = size(60, 10_000)
FIVE_SECONDS = timedelta(seconds=5)
# Two hours of Monday and of Tuesday, two people: few enough places to be full all the time.
DAYS = (23, 24)
OPEN = (9, 13)


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own, whose two practitioners of North work four hours a day and whose offers last ten minutes."""
    chain = fill_alpha(make_chain("bar2"))
    with scope(chain):
        WaitingRules.objects.create(
            store=chain.stores["north"], offer_minutes=10, per_day=50, quiet_from=0, quiet_to=0
        )
        for who in ("practitioner", "second"):
            _plan(chain, who, *OPEN)
    return chain


def _plan(chain: Chain, who: str, start: int, end: int) -> None:
    days = [DatedShift(local(day, 9).date(), start * 60, end * 60) for day in DAYS]
    set_days(chain.employees[who].id, chain.stores["north"].id, days, by=chain.actors["store_manager"])


class Shop:
    """The steps, each by dice, and what must hold after each."""

    def __init__(self, chain: Chain, seed: int) -> None:
        self.chain, self.dice, self.now = chain, random.Random(seed), local(23, 7)
        self.done: Counter[str] = Counter()
        with scope(chain):
            self.members = make_members(12)

    def step(self) -> None:
        """One step, then five seconds in which the waiting list may work, then what must hold."""
        acts: list[tuple[int, Callable[[], Any]]] = [
            (5, self._book), (4, self._cancel), (2, self._move), (5, self._wait), (3, self._answer),
            (1, self._leave), (2, self._pass_time), (1, self._shift), (1, self._miss),
        ]  # fmt: skip
        act = self.dice.choices([one for _weight, one in acts], [weight for weight, _one in acts])[0]
        try:
            with scope(self.chain):
                act()
            self.done[act.__name__.strip("_")] += 1
        except Refusal as refusal:
            self.done[f"refused {refusal.code}"] += 1
        self.settle()

    def settle(self) -> None:
        """All that falls due within the next five seconds is done, by the clock."""
        until = self.now + FIVE_SECONDS
        while (due := next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            work_off(self.now)
        self.now = until
        work_off(self.now)

    def _place(self) -> datetime:
        day = self.dice.choice(DAYS)
        return local(day, OPEN[0]) + timedelta(minutes=30 * self.dice.randrange(8))

    def _book(self) -> None:
        book(
            self.chain.services["facial"].id,
            store_id=self.chain.stores["north"].id,
            starts_at=self._place(),
            by=self.dice.choice(self.members),
            now=self.now,
        )

    def _one(self, *statuses: str) -> Booking | None:
        found = list(Booking.objects.filter(status__in=statuses).order_by("created_at", "id"))
        return self.dice.choice(found) if found else None

    def _cancel(self) -> None:
        if booking := self._one("confirmed"):
            cancel_booking(booking.id, by=self.chain.actors["store_manager"], now=self.now)

    def _move(self) -> None:
        if booking := self._one("confirmed"):
            reschedule_booking(
                booking.id, starts_at=self._place(), by=self.chain.actors["store_manager"], now=self.now,
                anybody=True,
            )  # fmt: skip

    def _wait(self) -> None:
        start = self._place()
        end = start + timedelta(minutes=60 + 30 * self.dice.randrange(5))
        who = self.dice.choice([[], [], ["practitioner"], ["second"]])
        wish_of(
            self.chain,
            self.dice.choice(self.members),
            now=self.now,
            windows=[(start, end)],
            practitioners=[self.chain.employees[one].id for one in who],
            auto_accept=self.dice.random() < 0.2,
        )

    def _answer(self) -> None:
        offers = list(
            WaitingOffer.objects.filter(state=OfferState.OPEN).select_related("wish").order_by("id")
        )
        if offers:
            wish = self.dice.choice(offers).wish
            by = next(one for one in self.members if one.member_id == wish.member_id)
            self.dice.choice([accept_offer, decline_offer])(wish.id, by=by, now=self.now)

    def _leave(self) -> None:
        open_ = list(Wish.objects.filter(status__in=wishes.OPEN).order_by("id"))
        if open_:
            wish = self.dice.choice(open_)
            by = next(one for one in self.members if one.member_id == wish.member_id)
            leave_waiting(wish.id, by=by, now=self.now)

    def _pass_time(self) -> None:
        self.now += timedelta(minutes=self.dice.choice([1, 6, 11, 50]))

    def _shift(self) -> None:
        _plan(
            self.chain,
            self.dice.choice(["practitioner", "second"]),
            OPEN[0],
            self.dice.choice([11, 12, 13, 15]),
        )

    def _miss(self) -> None:
        booking = self._one("confirmed")
        if booking and booking.starts_at <= self.now:
            mark_no_show(booking.id, by=self.chain.actors["store_manager"], now=self.now)

    def breaches(self) -> list[str]:
        """What does not hold; the judge knows of wishes only what their rows say, and asks the engine what is free."""
        with scope(self.chain):
            return [*self._idle(), *_overlaps(), *_twice(), *(breach.promise for breach in check_bookings())]

    def _idle(self) -> list[str]:
        _offering, days = find_slots(
            self.chain.stores["north"].id,
            self.chain.services["facial"].id,
            days=[local(day, 9).date() for day in DAYS],
            now=self.now,
        )
        slots = [
            slot for day in days for slot in day.slots if slot.starts_at >= self.now + timedelta(minutes=15)
        ]
        found = []
        for wish in Wish.objects.filter(status=WishStatus.WAITING).prefetch_related("windows", "offers"):
            had = {(one.practitioner_id, one.starts_at) for one in wish.offers.all()}
            busy = list(
                Booking.objects.filter(member_id=wish.member_id, status__in=LIVE).values_list(
                    "starts_at", "ends_at"
                )
            )
            for slot in slots:
                inside = any(
                    one.starts_at <= slot.starts_at and slot.ends_at <= one.ends_at
                    for one in wish.windows.all()
                )
                clash = any(start < slot.ends_at and slot.starts_at < end for start, end in busy)
                people = set(wish.practitioners or slot.staff) & set(slot.staff)
                fresh = {one for one in people if (one, slot.starts_at) not in had}
                if inside and fresh and not clash:
                    found.append(f"idle {slot.starts_at.astimezone(SHANGHAI):%d %H:%M} while {wish.id} waits")
        return found


def _overlaps() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM booking_booking a JOIN booking_booking b ON a.member_id = b.member_id"
            " AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
            " WHERE a.status IN ('held', 'confirmed', 'arrived') AND b.status IN ('held', 'confirmed', 'arrived')"
        )
        (pairs,) = cursor.fetchone()
    return [f"{pairs} pairs of one member overlap"] if pairs else []


def _twice() -> list[str]:
    places = Counter(
        WaitingOffer.objects.values_list("wish_id", "service_id", "practitioner_id", "starts_at")
    )
    return [f"offered {count} times: {place}" for place, count in places.items() if count > 1]


def _run(chain: Chain, steps: int) -> tuple[Shop, list[str]]:
    """Steps until something does not hold."""
    shop = Shop(chain, SEED)
    for _step in range(steps):
        shop.step()
        if breaches := shop.breaches():
            return shop, breaches
    return shop, []


def test_no_place_is_idle_while_a_fitting_wish_waits(chain: Chain) -> None:
    shop, breaches = _run(chain, STEPS)
    with scope(chain):
        states = Counter(WaitingOffer.objects.values_list("state", flat=True))
    record(2, steps=STEPS, **shop.done, offers=dict(states))
    assert breaches == []
    assert sum(states.values()) > 0


def test_the_head_of_the_queue_has_a_freed_place_within_five_seconds(chain: Chain) -> None:
    with scope(chain):
        made = _full(chain)
        waiting_ones = [
            wish_of(chain, by, now=NOW + timedelta(seconds=n)) for n, by in enumerate(make_members(4))
        ]
    shop = Shop.__new__(Shop)
    shop.chain, shop.now = chain, NOW + timedelta(minutes=1)
    shop.settle()
    for place, wish in zip(made, waiting_ones, strict=False):
        with scope(chain):
            cancel_booking(place, by=chain.actors["store_manager"], now=shop.now)
        shop.settle()
        with scope(chain):
            offered = list(WaitingOffer.objects.filter(wish=wish).values_list("state", flat=True))
        assert offered == ["open"]


def _full(chain: Chain) -> list[Any]:
    from tests.booking.queue import fill_day

    return fill_day(chain)


@pytest.mark.mutant
def test_without_the_event_places_stay_idle(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_events, "serve_store", lambda *args, **options: [])
    assert any(breach.startswith("idle") for breach in _run(chain, 200)[1])


@pytest.mark.mutant
def test_without_the_memory_of_offers_a_place_comes_twice(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owner_connection() as owner:
        owner.execute(
            f"ALTER TABLE {chain.info.schema_name}.booking_waitingoffer"
            " DROP CONSTRAINT waiting_offer_place_once"
        )
    real = waiting.fitting

    def forgetful(wish: Wish, *args: Any, **options: Any) -> Any:
        wish._prefetched_objects_cache["offers"] = WaitingOffer.objects.none()  # type: ignore[attr-defined]
        return real(wish, *args, **options)

    monkeypatch.setattr(waiting, "fitting", forgetful)
    assert any(breach.startswith("offered") for breach in _run(chain, 300)[1])


@pytest.mark.mutant
def test_with_the_queue_turned_round_the_head_is_not_first(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "in_order", lambda found: list(found.order_by("-joined_at", "-id")))
    with pytest.raises(AssertionError):
        test_the_head_of_the_queue_has_a_freed_place_within_five_seconds(chain)


@pytest.mark.mutant
def test_without_settling_an_offer_that_ran_out_blocks_its_wish(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_events, "settle_offer", lambda *args, **options: False)
    monkeypatch.setattr(waiting_offers, "settle_offer", lambda *args, **options: False)
    with scope(chain):
        made = _full(chain)
        wish = wish_of(chain, make_members(1)[0])
        cancel_booking(made[0], by=chain.actors["store_manager"], now=NOW)
    work_off(NOW)
    work_off(NOW + timedelta(minutes=11))
    with scope(chain):
        assert Wish.objects.get(id=wish.id).status == WishStatus.OFFERED
