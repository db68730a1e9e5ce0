"""Bar 4: one code redeemed again and again at two stores: one success; forged codes: none."""

from __future__ import annotations

import random
from base64 import b32encode
from collections import Counter
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from chains.postgresql.ask import Question, done
from chains.schemas.owner import owner_connection
from chains.scope import chain_scope
from tenants.booking.domain import redeem, transitions
from tenants.booking.domain.book import book
from tenants.booking.domain.codes import ALPHABET, is_code
from tenants.booking.domain.integrity import check_bookings
from tenants.booking.domain.keys import chain_key, qr_of
from tenants.booking.domain.qr import sign_booking
from tenants.booking.domain.redeem import redeem_code, redeem_scan
from tenants.booking.models import Booking, Redemption
from tests.bars import SEED, record, size
from tests.booking.counted import Counted
from tests.ground.cast import NOW, Chain, fill_alpha, local
from tests.ground.chains import make_chain
from tests.ground.races import race

pytestmark = pytest.mark.race

ATTEMPTS = size(80, 1_000)
FORGED = size(100, 100)
THREADS = size(6, 12)
TEN = local(23, 10)


@pytest.fixture()
def chain(committed: None) -> Chain:
    """A chain of its own: the mutant takes its guards away."""
    return fill_alpha(make_chain("bar4"))


def _booked(chain: Chain) -> Booking:
    with chain_scope(chain.info):
        return book(
            chain.services["facial"].id,
            store_id=chain.stores["north"].id,
            starts_at=TEN,
            by=chain.actors["su"],
            now=NOW,
        )


def _attempts(chain: Chain, booking: Booking, count: int) -> list[Any]:
    """By code and by QR, at the booking's store and at another, all mixed."""
    with chain_scope(chain.info):
        scanned = qr_of(booking) or ""
    dice = random.Random(SEED)
    acts: list[Any] = []
    for _n in range(count):
        store, who = dice.choice([("north", "clerk"), ("south", "south_clerk")])
        door = dice.choice([partial(redeem_code, code=booking.code), partial(redeem_scan, scanned=scanned)])
        acts.append(partial(door, chain.stores[store].id, by=chain.actors[who], now=TEN))
    return acts


def _kinds(answers: list[Any]) -> Counter[str]:
    return Counter(
        getattr(answer, "code", repr(answer)) if isinstance(answer, Exception) else "redeemed"
        for answer in answers
    )


def test_a_seat_in_a_session_is_redeemed_once_too(chain: Chain) -> None:
    with chain_scope(chain.info):
        counted = Counted(chain)
        seat = counted.book(session_id=counted.session(TEN).id)
    kinds = _kinds(race(chain.info, _attempts(chain, seat, 24), threads=THREADS))
    assert kinds["redeemed"] == 1
    assert set(kinds) <= {"redeemed", "already_redeemed", "wrong_store"}
    with chain_scope(chain.info):
        assert (Redemption.objects.count(), check_bookings()) == (1, [])


def test_of_all_attempts_one_succeeds_and_every_other_says_who_where_when(chain: Chain) -> None:
    booking = _booked(chain)
    answers = race(chain.info, _attempts(chain, booking, ATTEMPTS), threads=THREADS)
    kinds = _kinds(answers)
    record(4, attempts=ATTEMPTS, threads=THREADS, **kinds)
    assert kinds["redeemed"] == 1
    assert set(kinds) <= {"redeemed", "already_redeemed", "wrong_store"}
    north, clerk = chain.stores["north"], chain.employees["clerk"]
    told = {
        "at": "2026-11-23T10:00:00+08:00",
        "store": str(north.id),
        "store_name": "North",
        "by": str(clerk.id),
        "by_name": "Clerk",
    }
    for answer in answers:
        if getattr(answer, "code", "") == "already_redeemed":
            assert answer.extra["redemption"] == told  # type: ignore[union-attr]
        elif getattr(answer, "code", "") == "wrong_store":
            assert answer.extra["store"] == str(north.id)  # type: ignore[union-attr]
    with chain_scope(chain.info):
        assert Redemption.objects.count() == 1


def test_no_forged_code_is_accepted(chain: Chain) -> None:
    booking = _booked(chain)
    with chain_scope(chain.info):
        real = qr_of(booking) or ""
    dice = random.Random(SEED)
    forged = [_forge(dice, n, booking, real) for n in range(FORGED)]
    north, clerk = chain.stores["north"].id, chain.actors["clerk"]
    acts = [partial(redeem_scan, north, scanned=text, by=clerk, now=TEN) for text in forged]
    assert _kinds(race(chain.info, acts, threads=THREADS)) == {"unknown_code": FORGED}
    with chain_scope(chain.info):
        assert Redemption.objects.count() == 0


def _forge(dice: random.Random, n: int, booking: Booking, real: str) -> str:
    """A code guessed, a code mistyped, a QR changed, a QR of another chain's key, a signature guessed."""
    match n % 5:
        case 0:
            while True:
                guess = "".join(dice.choices(ALPHABET, k=8))
                if guess != booking.code and is_code(guess):
                    return guess
        case 1:
            place = dice.randrange(8)
            other = dice.choice([sign for sign in ALPHABET if sign != booking.code[place]])
            return booking.code[:place] + other + booking.code[place + 1 :]
        case 2:
            place = dice.randrange(13, len(real))
            other = dice.choice([sign for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if sign != real[place]])
            return real[:place] + other + real[place + 1 :]
        case 3:
            return sign_booking(booking.code, booking.id, key=chain_key(booking.id))
    head = real.rpartition(":")[0]
    return f"{head}:{b32encode(dice.randbytes(16)).decode().rstrip('=')}"


@pytest.mark.mutant
def test_without_its_guards_one_code_is_redeemed_more_than_once(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = _booked(chain)
    schema = chain.info.schema_name
    with owner_connection() as owner:
        owner.execute(
            f"ALTER TABLE {schema}.booking_redemption DROP CONSTRAINT booking_redemption_pkey CASCADE"
        )
    read, both = redeem.read_by_code, Barrier(2)

    def read_then_wait(code: str) -> Booking | None:
        found = read(code)
        with suppress(BrokenBarrierError):
            both.wait(10)
        return found

    def unguarded(booking: Booking, changes: dict[str, Any]) -> Question[None]:
        arrived = "UPDATE booking_booking SET status = %s, version = version + 1 WHERE id = %s"
        return Question(arrived, (changes["status"], booking.id), done)

    monkeypatch.setattr(redeem, "read_by_code", read_then_wait)
    monkeypatch.setattr(transitions, "_guarded_question", unguarded)
    north, clerk = chain.stores["north"].id, chain.actors["clerk"]
    acts = [partial(redeem_code, north, code=booking.code, by=clerk, now=TEN) for _n in range(2)]
    assert _kinds(race(chain.info, acts)) == {"redeemed": 2}
