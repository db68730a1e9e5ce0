"""What follows from an offer is asked before the offer is read, and asked again where it is not what it was."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from structlog.testing import CapturingLogger

from api import views as api_views
from chains import anew
from chains.anew import in_chain
from chains.postgresql.ask import Question
from chains.scope import chain_scope
from tenants.booking.domain import book as booking_door
from tenants.booking.domain import foresight
from tenants.booking.domain.book import book
from tenants.booking.domain.change import confirm_booking
from tenants.booking.domain.claims import SlotTaken
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.items import Item
from tenants.booking.domain.rules import WrongSkill
from tenants.booking.models import Booking
from tenants.catalogue.models import Service
from tenants.people.models import Employee, Role
from tenants.stores.domain.resources import set_travel
from tests.api.conftest import member_program
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.booking.counted import Counted
from tests.booking.crowd import crowd
from tests.ground.cast import NOW, Cast, fill_alpha, local
from tests.ground.chains import make_chain
from tests.ground.messages import messages_of
from tests.ground.races import race

TUESDAY = 24


@pytest.fixture()
def seen(cast: Cast, desk: Desk) -> Desk:
    """The facial at North was booked here before, often enough for its plans to be kept."""
    for hour in (10, 12, 14):
        in_chain(cast.alpha.info, partial(desk.book, local(TUESDAY, hour)))
    return desk


def told(cast: Cast, act: Callable[[], Any]) -> Any:
    with chain_scope(cast.alpha.info):
        return act()


def change(cast: Cast, **columns: Any) -> None:
    with chain_scope(cast.alpha.info):
        Service.objects.filter(id=cast.alpha.services["facial"].id).update(**columns)


def test_booking_takes_two_messages_and_three_where_its_writes_are_heard(cast: Cast, seen: Desk) -> None:
    """What is offered, lock, day; write and commit."""

    def heard() -> None:
        with chain_scope(cast.alpha.info):
            seen.book(local(23, 12))

    assert messages_of(lambda: in_chain(cast.alpha.info, partial(seen.book, MONDAY_TEN))) == 2
    assert messages_of(heard) == 3
    with chain_scope(cast.alpha.info):
        assert check_bookings() == []


def test_what_the_offer_has_become_counts_from_the_first_booking_on(cast: Cast, seen: Desk) -> None:
    change(cast, minutes=90, price_amount=77_700)
    made = told(cast, seen.book)
    assert (made.ends_at - made.starts_at, made.price_amount) == (timedelta(minutes=90), 77_700)
    with chain_scope(cast.alpha.info), pytest.raises(SlotTaken):
        seen.book(local(23, 11), who="chen")


def test_a_service_that_is_no_longer_online_is_refused_though_it_was_foreseen(cast: Cast, seen: Desk) -> None:
    from tenants.booking.domain.offering import NotOffered

    change(cast, online=False)
    with chain_scope(cast.alpha.info), pytest.raises(NotOffered):
        seen.book()


def test_who_has_left_since_cannot_be_booked(cast: Cast, seen: Desk) -> None:
    with chain_scope(cast.alpha.info):
        ya = Employee.objects.get(id=cast.alpha.employees["practitioner"].id)
        ya.skills.clear()
        with pytest.raises(WrongSkill):
            seen.book()


def test_a_moment_that_cannot_be_read_is_refused_as_it_was(cast: Cast, seen: Desk) -> None:
    class Unreadable(Exception):
        pass

    def moment(zone: ZoneInfo) -> datetime:
        raise ValueError(zone.key)

    with chain_scope(cast.alpha.info), pytest.raises(ValueError, match="Asia/Shanghai"):
        seen.book(moment)  # type: ignore[arg-type]
    made = told(cast, lambda: seen.book(lambda zone: local(23, 10)))  # type: ignore[arg-type,return-value]
    assert made.starts_at == MONDAY_TEN


@pytest.mark.parametrize("waits", [True, False])
def test_an_expired_hold_makes_room_on_the_quick_way_too(cast: Cast, seen: Desk, waits: bool) -> None:
    """Behind the lock no hold has expired: the second attempt clears it away."""
    held = told(cast, partial(seen.book, hold=True))
    act = partial(seen.book, who="chen", now=NOW + timedelta(minutes=11))
    made = in_chain(cast.alpha.info, act, waits=waits)
    with chain_scope(cast.alpha.info):
        held.refresh_from_db()
        assert (held.status, made.status, check_bookings()) == ("expired", "confirmed", [])


@pytest.mark.parametrize("hold", [True, False])
def test_over_http_a_booking_that_was_begun_anew_is_answered_once_counted_once_and_kept(
    cast: Cast, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, hold: bool
) -> None:
    """Its code was drawn by another: told at its commit, or (a hold is due work, too) by what is asked before."""
    chen, calls = member_program(cast.alpha, "chen"), list[object]()
    monkeypatch.setattr(api_views, "count_call", calls.append)
    wish = {
        "store": str(cast.alpha.stores["north"].id),
        "service": str(cast.alpha.services["facial"].id),
        "practitioner": str(cast.alpha.employees["practitioner"].id),
        "hold": hold,
    }
    with time_machine.travel(NOW, tick=False):
        for hour in (12, 14, 16):
            made = chen.post("bookings", {**wish, "starts_at": local(24, hour).isoformat()}, key=f"at-{hour}")
            assert made.status_code == 201, made.content
        calls.clear()
        drawn, draw = [made.json()["code"]], booking_door.draw_code
        monkeypatch.setattr(booking_door, "draw_code", lambda **by: drawn.pop() if drawn else draw(**by))
        body = {**wish, "starts_at": MONDAY_TEN.isoformat()}
        said = CapturingLogger()
        monkeypatch.setattr(anew, "log", said)
        first = chen.post("bookings", body, key="ten")
        again = chen.post("bookings", body, key="ten")
    assert [call.args for call in said.calls] == [("begun_anew",)]
    assert (first.status_code, again.content, len(calls)) == (201, first.content, 2)
    assert [one.getMessage() for one in caplog.records if one.name == "django.request"] == []
    with chain_scope(cast.alpha.info):
        here = Booking.objects.filter(starts_at=MONDAY_TEN, status="held" if hold else "confirmed")
        assert (here.get().code, check_bookings()) == (first.json()["code"], [])


def test_goods_that_are_sold_out_are_told_with_their_name_where_writes_wait(cast: Cast, seen: Desk) -> None:
    from tenants.booking.domain.claims import OutOfStock

    with chain_scope(cast.alpha.info):
        serum = Counted(cast.alpha).product("Serum", there=1)
    take = partial(seen.book, items=(Item(serum.id, 1),))
    in_chain(cast.alpha.info, take)
    with pytest.raises(OutOfStock) as refused:
        in_chain(cast.alpha.info, partial(take, local(23, 14), who="chen"))
    assert refused.value.extra["claim"]["product_name"] == "Serum"
    with chain_scope(cast.alpha.info):
        assert (Booking.objects.filter(starts_at=local(23, 14)).count(), check_bookings()) == (0, [])


@pytest.mark.race
@pytest.mark.parametrize("quick", [True, False])
def test_a_hold_at_another_store_that_is_confirmed_late_keeps_its_way(
    committed: None, monkeypatch: pytest.MonkeyPatch, quick: bool
) -> None:
    """Who confirms it locks nobody's resource, and travel has no constraint: behind the lock it has not expired."""
    chain = fill_alpha(make_chain("far"))
    north, south, ya = chain.stores["north"], chain.stores["south"], chain.employees["practitioner"]
    with chain_scope(chain.info):
        set_travel(north, south.id, 60)
        ya.grants.create(role=Role.PRACTITIONER, store=south)
        for weekday in range(1, 8):
            ya.weekly_shifts.create(store=south, weekday=weekday, starts=9 * 60, ends=21 * 60)

    def wish(
        store: Any, who: str, at: datetime, *, now: datetime = NOW, **more: Any
    ) -> Callable[[], Booking]:
        by, key = chain.actors[who], chain.services["facial"].id
        return partial(
            book, key, store_id=store.id, starts_at=at, by=by, practitioner_id=ya.id, now=now, **more
        )

    in_chain(chain.info, wish(north, "su", local(24, 9, 30)))
    held = in_chain(chain.info, wish(south, "chen", local(23, 12, 30), hold=True))
    late = wish(north, "su", local(23, 10, 30), now=NOW + timedelta(minutes=10, seconds=1))
    if not quick:
        monkeypatch.setattr(foresight, "first_attempt", lambda: False)
    with ThreadPoolExecutor(1) as other, chain_scope(chain.info):
        confirm_booking(held.id, by=chain.actors["chen"], now=NOW + timedelta(minutes=9, seconds=59))
        # not committed yet, and the other's clock is past the hold's end
        answer = other.submit(race, chain.info, [late], waits=True)
        with suppress(TimeoutError):
            answer.result(0.5)
    assert met(answer.result(30)) == {"slot_taken": 1}


def resource_without_lock(practitioner_id: object) -> Question[Any]:
    """What the question in front of the day must not be."""
    sql = "SELECT resource_id FROM people_employee WHERE id = %s"
    return Question(sql, (practitioner_id,), lambda rows: rows[0][0])


def met(answers: list[Any]) -> dict[str, int]:
    names = [getattr(one, "code", "") if isinstance(one, Exception) else "booked" for one in answers]
    return {name: names.count(name) for name in names}


@pytest.mark.race
@pytest.mark.parametrize("waits", [True, False])
def test_of_eight_who_want_one_slot_that_was_foreseen_one_gets_it(cast: Cast, waits: bool) -> None:
    first, *others = crowd(cast.alpha, 9)
    in_chain(cast.alpha.info, partial(first, starts_at=local(23, 14)))
    assert met(race(cast.alpha.info, others, waits=waits)) == {"booked": 1, "slot_taken": 7}
    with chain_scope(cast.alpha.info):
        assert (Booking.objects.filter(starts_at=MONDAY_TEN).count(), check_bookings()) == (1, [])


@pytest.mark.race
@pytest.mark.mutant
def test_without_the_lock_in_front_of_the_day_two_find_it_free(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both have read the day before either writes, and no constraint stands behind them."""
    from chains.schemas.owner import owner_connection

    chain = fill_alpha(make_chain("foreseen"))
    with owner_connection() as owner:
        owner.execute(
            f"ALTER TABLE {chain.info.schema_name}.booking_claim DROP CONSTRAINT claim_resource_once_at_a_time"
        )
    first, *others = crowd(chain, 3)
    in_chain(chain.info, partial(first, starts_at=local(23, 14)))
    both, begin = Barrier(2), booking_door.begin_booking

    def wait_then_write(*args: Any, **kwargs: Any) -> Booking:
        both.wait(20)
        return begin(*args, **kwargs)

    monkeypatch.setattr(booking_door, "begin_booking", wait_then_write)
    monkeypatch.setattr(foresight, "lock_practitioner_question", resource_without_lock)
    assert met(race(chain.info, others)) == {"booked": 2}
    with chain_scope(chain.info):
        assert "no two claims of a resource overlap" in {breach.promise for breach in check_bookings()}
