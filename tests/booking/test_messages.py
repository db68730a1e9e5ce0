"""How many messages to PostgreSQL a booking, a seat and a redemption take when nothing stands against them.

Pinned as equal: one that creeps in is a round trip under the locks of a booking, one that goes is good news
to be written down here. The hint to open pages travels behind the commit, in its message.
"""

from __future__ import annotations

from functools import partial

import pytest
import time_machine

from chains.anew import in_chain
from chains.scope import chain_scope
from tenants.booking.domain.claims import SessionFull
from tenants.booking.domain.redeem import redeem_code
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.people.domain.rights import Actor
from tests.api.conftest import employee_program, member_program
from tests.booking.conftest import MONDAY_TEN, Desk
from tests.booking.counted import Counted, strangers
from tests.ground.cast import NOW, Cast, local
from tests.ground.messages import messages_of


def test_booking_of_what_nobody_has_booked_here_before(cast: Cast, desk: Desk) -> None:
    """What is offered and who; their day; lock and look; write; commit. The second time: see test_foresight."""

    def act() -> None:
        with chain_scope(cast.alpha.info):
            desk.book()

    assert messages_of(act) == 5


def test_booking_of_anybody_asks_besides_who_served_longest_ago(cast: Cast, desk: Desk) -> None:
    def act() -> None:
        with chain_scope(cast.alpha.info):
            desk.book(practitioner_id=None)

    assert messages_of(act) == 6


def test_seat_in_a_session_that_was_seen_before(cast: Cast) -> None:
    """Lock and look; write, the seat last; commit, in one message where writes may wait and their plans are kept.

    The first time the session's place is asked for before.
    """
    alpha = cast.alpha
    with chain_scope(alpha.info):
        session, *members = Counted(alpha).session(seats=6), *strangers(3)

    def seat(by: Actor, *, waits: bool = False) -> int:
        def book_seat() -> None:
            book_scheduled(Wish(session_id=session.id), by=by, now=NOW)

        def heard() -> None:
            with chain_scope(alpha.info):
                book_seat()

        return messages_of(partial(in_chain, alpha.info, book_seat) if waits else heard)

    assert (seat(alpha.actors["su"]), seat(alpha.actors["chen"])) == (4, 3)
    assert [seat(Actor(member_id=one.id), waits=True) for one in members][-1] == 2


def test_clear_no_of_a_full_session_is_written_nowhere(cast: Cast) -> None:
    """Lock and look; whether a hold is over, and where else there is room; roll back, the act and the transaction."""
    alpha = cast.alpha
    with chain_scope(alpha.info):
        counted = Counted(alpha)
        session, one = counted.session(seats=1), strangers(1)[0]
        counted.book_for(one, session_id=session.id)

    def act() -> None:
        with pytest.raises(SessionFull), chain_scope(alpha.info):
            book_scheduled(Wish(session_id=session.id), by=alpha.actors["su"], now=NOW)

    assert messages_of(act) == 4


def test_redemption(cast: Cast, desk: Desk) -> None:
    """Read; write and greet; commit."""
    alpha = cast.alpha
    with chain_scope(alpha.info):
        made = desk.book()

    def act() -> None:
        with chain_scope(alpha.info):
            redeem_code(made.store_id, code=made.code, by=alpha.actors["clerk"], now=MONDAY_TEN)

    assert messages_of(act) == 3


def test_over_http_token_key_and_kept_answer_come_to_it(cast: Cast) -> None:
    alpha = cast.alpha
    su, clerk = member_program(alpha, "su"), employee_program(alpha, "clerk")
    store = str(alpha.stores["north"].id)
    wish = {
        "store": store,
        "service": str(alpha.services["facial"].id),
        "practitioner": str(alpha.employees["practitioner"].id),
    }
    codes: list[str] = []

    def book(hour: int) -> int:
        def act() -> None:
            wished = {**wish, "starts_at": local(23, hour).isoformat()}
            answer = su.post("bookings", wished, key=f"book-{hour}")
            assert answer.status_code == 201, answer.content
            codes.append(answer.json()["code"])

        return messages_of(act)

    def redeem(code: str) -> int:
        def act() -> None:
            answer = clerk.post("redemptions", {"store": store, "code": code}, key=f"redeem-{code}")
            assert answer.status_code == 200, answer.content

        return messages_of(act)

    with time_machine.travel(NOW, tick=False):
        # the token is stamped, the host is found; then the plans are kept
        assert [book(hour) for hour in (10, 12, 14, 16)][-1] == 4
    with time_machine.travel(local(23, 9), tick=False):
        redeem(codes[0])
        assert redeem(codes[1]) == 5
