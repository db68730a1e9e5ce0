"""Who is told of an offer, a change and a cancellation: the member and who serves, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from chains import outgoing
from chains.outgoing import sent_messages
from tenants.booking.domain.change import cancel_booking, reschedule_booking
from tenants.booking.domain.waiting_offers import accept_offer, offer_token, read_offer
from tenants.booking.models import WaitingOffer, Wish
from tenants.people.domain.rights import NotSeen
from tenants.people.models import Employee
from tests.booking.conftest import Desk
from tests.booking.queue import at, fill_day, scope, wish_of, work_off
from tests.ground.cast import NOW, SHANGHAI, Cast, local


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    outgoing._valkey().flushdb()


def _told(to: str) -> list[str]:
    return [row["text"] for row in reversed(sent_messages()) if row["to"] == to]


SU, YA = "+8613800000001", "ya@alpha.test"


def _offered(cast: Cast, now: Any) -> None:
    """Su waits for a full Monday, and the 11:30 with Lin becomes free."""
    chain = cast.alpha
    with scope(chain):
        type(chain.members["su"]).objects.update(locale="en")
        User.objects.update(locale="en")
        made = fill_day(chain)
        wish_of(chain, chain.actors["su"])
        cancel_booking(made[-1], by=chain.actors["store_manager"], now=now)
    work_off(now)


def test_offer_is_told_with_its_end_and_a_link_that_answers(cast: Cast) -> None:
    _offered(cast, at(1))
    work_off(at(1))
    with scope(cast.alpha):
        offer = WaitingOffer.objects.get()
        token = offer_token(offer.id)
        assert read_offer(token).id == offer.id
        for wrong in (token[:-2] + "AA", token[:-1], "", "é", token + "="):
            with pytest.raises(NotSeen):
                read_offer(wrong)
        shown = f"{offer.starts_at.astimezone(SHANGHAI):%H:%M}"
    (text,) = _told(SU)
    said, address = text.split(": http")
    assert said == (
        f"Alpha: a place is free. Deep hydration, Mon 23 Nov, {shown}, North."
        " It is yours until Sat 21 Nov, 12:31"
    )
    assert address.endswith(f"://alpha.{settings.BASE}/waiting/offer/{token}/")


def test_in_quiet_hours_the_place_is_held_and_told_in_the_morning(cast: Cast) -> None:
    night, morning = local(21, 23), local(22, 8)
    _offered(cast, night)
    with scope(cast.alpha):
        offer = WaitingOffer.objects.get()
        assert (offer.told_at, offer.expires_at) == (None, morning + timedelta(minutes=30))
    assert _told(SU) == []
    work_off(morning - timedelta(seconds=1))
    assert _told(SU) == []
    work_off(morning)
    assert len(_told(SU)) == 1
    work_off(morning + timedelta(minutes=1))
    assert len(_told(SU)) == 1


def test_who_serves_is_told_of_move_cancellation_and_waiting_list(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with scope(chain):
        User.objects.update(locale="en")
        made = desk.book(local(23, 10))
    work_off(NOW)
    assert _told(YA) == []
    with scope(chain):
        reschedule_booking(made.id, starts_at=local(23, 15), by=chain.actors["su"], now=NOW)
    work_off(NOW)
    with scope(chain):
        cancel_booking(made.id, by=chain.actors["su"], now=at(1))
    work_off(at(1))
    assert _told(YA) == [
        "Alpha: moved. Deep hydration for 苏晴 is now Mon 23 Nov, 15:00, North.",
        "Alpha: cancelled. Deep hydration for 苏晴, Mon 23 Nov, 15:00, North.",
    ]


def test_who_no_longer_serves_is_told_too_and_by_phone_where_one_is_known(cast: Cast, desk: Desk) -> None:
    chain = cast.alpha
    with scope(chain):
        User.objects.update(locale="en")
        lin = chain.employees["second"]
        Employee.objects.filter(id=lin.id).update(phone="+8613800009999")
        made = desk.book(local(23, 10))
        reschedule_booking(
            made.id, starts_at=local(23, 15), by=chain.actors["clerk"], now=NOW, practitioner_id=lin.id
        )
    work_off(NOW)
    assert _told(YA) == [
        "Alpha: no longer yours. Deep hydration for 苏晴, Mon 23 Nov, 10:00, North, was moved."
    ]
    assert _told("+8613800009999") == [
        "Alpha: moved. Deep hydration for 苏晴 is now Mon 23 Nov, 15:00, North."
    ]


def test_accepted_offer_is_told_to_who_serves(cast: Cast) -> None:
    _offered(cast, at(1))
    with scope(cast.alpha):
        wish = Wish.objects.get()
        accept_offer(wish.id, by=cast.alpha.actors["su"], now=at(2))
    work_off(at(2))
    work_off(at(2))
    told = [row["text"] for row in sent_messages() if row["channel"] == "email"]
    assert [text.split(".")[0] for text in told] == ["Alpha: from the waiting list", "Alpha: cancelled"]
    assert [text.split(".")[0] for text in _told(SU)] == ["Alpha: a place is free", "Alpha: booked"]
