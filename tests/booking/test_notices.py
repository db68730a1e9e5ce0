"""What a member is told of a booking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chains import outgoing
from chains.due import lease_due, run_due
from chains.outgoing import Message, carry_message, sent_messages
from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking, reschedule_booking
from tenants.booking.domain.codes import show_code
from tests.booking.conftest import Desk
from tests.ground.cast import NOW, Cast, local


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    outgoing._valkey().flushdb()


def _relay(now: datetime = NOW) -> None:
    for batch in lease_due(now=now):
        run_due(batch, now=now)


def _texts() -> list[Any]:
    """What members were sent; who serves hears by e-mail (test_waiting_notices)."""
    rows = [row for row in reversed(sent_messages()) if row["channel"] == "sms"]
    return [(row["channel"], row["to"], row["text"]) for row in rows]


def test_member_is_told_of_booking_move_and_cancellation_once_each(cast: Cast, desk: Desk) -> None:
    su = cast.alpha.actors["su"]
    with chain_scope(cast.alpha.info):
        member = cast.alpha.members["su"]
        type(member).objects.filter(id=member.id).update(locale="en")
        made = desk.book()
    _relay()
    with chain_scope(cast.alpha.info):
        reschedule_booking(made.id, starts_at=local(23, 15), by=su, now=NOW)
    _relay()
    with chain_scope(cast.alpha.info):
        cancel_booking(made.id, by=su, now=NOW)
    _relay()
    _relay(NOW + timedelta(hours=1))
    code, phone = show_code(made.code), "+8613800000001"
    assert _texts() == [
        (
            "sms",
            phone,
            f"Alpha: booked. Deep hydration, Mon 23 Nov, 10:00, North. Your code: {code}.",
        ),
        (
            "sms",
            phone,
            f"Alpha: moved. Deep hydration is now Mon 23 Nov, 15:00, North. Your code: {code}.",
        ),
        ("sms", phone, "Alpha: cancelled. Deep hydration, Mon 23 Nov, 15:00, North."),
    ]


@pytest.mark.parametrize(
    ("locale", "names"),
    [("zh-Hans", ["深层补水", "北店"]), ("en", ["Hydration", "North"]), ("", ["深层补水", "北店"])],
)
def test_names_are_told_in_the_members_language_where_they_are_translated(
    cast: Cast, desk: Desk, locale: str, names: list[str]
) -> None:
    north, facial = cast.alpha.stores["north"], cast.alpha.services["facial"]
    member = cast.alpha.members["su"]
    with chain_scope(cast.alpha.info):
        type(north).objects.filter(id=north.id).update(translations={"zh-Hans": {"name": "北店"}})
        type(facial).objects.filter(id=facial.id).update(
            translations={"zh-hans": {"name": "深层补水"}, "en": {"name": "Hydration"}}
        )
        type(member).objects.filter(id=member.id).update(locale=locale)
        desk.book()
    _relay()
    ((_channel, _to, text),) = _texts()
    assert [name in text for name in names] == [True, True], text


def test_what_was_overtaken_is_not_told(cast: Cast, desk: Desk) -> None:
    with chain_scope(cast.alpha.info):
        made = desk.book()
        cancel_booking(made.id, by=cast.alpha.actors["su"], now=NOW)
    _relay()
    assert len(_texts()) == 1


def test_hold_and_guest_without_phone_are_not_told(cast: Cast, desk: Desk) -> None:
    from tenants.booking.domain.book import Guest

    with chain_scope(cast.alpha.info):
        desk.book(hold=True)
        desk.book(local(23, 15), by=cast.alpha.actors["clerk"], member=Guest("walk-in"))
    _relay()
    assert _texts() == []


def test_channel_absorbs_a_repeat_of_a_key() -> None:
    message = Message(channel="sms", to="+8613800000001", subject="", text="once", key="k:1")
    for _time in range(3):
        carry_message(message, now=NOW, chain="alpha")
    carry_message(message, now=NOW, chain="beta")
    assert [row["chain"] for row in sent_messages()] == ["beta", "alpha"]
