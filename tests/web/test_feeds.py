"""Calendar feeds over HTTP: a secret address, no session; whose it is not gets nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import icalendar
import pytest
from django.test import Client

from chains.scope import chain_scope
from tenants.booking.domain.change import cancel_booking
from tenants.booking.domain.feeds import make_feed
from tenants.booking.models import Booking
from tests.ground.cast import NOW, Cast, Chain, local
from tests.web.workbench import _noon, make_booking, sign_in, text_of

__all__ = ["_noon", "sign_in"]  # fixtures

pytestmark = pytest.mark.usefixtures("empty_cache")


def feed(cast: Cast, who: str, language: str = "en", *, chain: Chain | None = None) -> str:
    chain = chain or cast.alpha
    with chain_scope(chain.info):
        return f"/calendar/{make_feed(by=chain.actors[who], language=language, now=NOW)}.ics"


def read(path: str, *, host: str = "alpha"):
    return Client(HTTP_HOST=f"{host}.tessera.test").get(path)


def events(answer) -> dict[str, icalendar.Event]:
    return {str(one["uid"]): one for one in icalendar.Calendar.from_ical(answer.content).walk("VEVENT")}


def test_a_member_reads_their_bookings_with_stable_identities(cast: Cast) -> None:
    booking = make_booking(cast, at=local(23, 10))
    answer = read(feed(cast, "su"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert answer["Cache-Control"] == "private, no-store"
    one = events(answer)[f"{booking.id}@tessera"]
    assert (str(one["summary"]), str(one["location"]), str(one["status"]), one["sequence"]) == (
        "Deep hydration",
        "North",
        "CONFIRMED",
        1,
    )
    assert (one["dtstart"].dt, one["dtend"].dt) == (booking.starts_at, booking.ends_at)


def test_a_cancelled_booking_is_marked_and_keeps_its_identity(cast: Cast) -> None:
    booking = make_booking(cast, at=local(23, 10))
    path = feed(cast, "su")
    with chain_scope(cast.alpha.info):
        cancel_booking(booking.id, by=cast.alpha.actors["su"], now=NOW)
    one = events(read(path))[f"{booking.id}@tessera"]
    assert (str(one["status"]), one["sequence"]) == ("CANCELLED", 2)


@pytest.mark.parametrize("who", ["su", "practitioner"])
def test_no_phone_note_or_code_leaves_the_house(cast: Cast, who: str) -> None:
    booking = make_booking(cast, at=local(23, 10), note="a secret wish")
    with chain_scope(cast.alpha.info):
        type(booking.member).objects.filter(id=booking.member_id).update(note="allergic")
    text = read(feed(cast, who)).content.decode().replace("\r\n ", "")
    assert [word for word in ("13800000001", "secret wish", "allergic", booking.code) if word in text] == []


def test_a_practitioner_reads_who_comes_and_nobody_elses_visits(cast: Cast) -> None:
    mine = make_booking(cast, at=local(23, 10))
    make_booking(cast, at=local(23, 12), who="second", member="chen")
    found = events(read(feed(cast, "practitioner")))
    assert {key: str(one["summary"]) for key, one in found.items()} == {
        f"{mine.id}@tessera": "Deep hydration · 苏晴"
    }


def test_the_feed_speaks_the_language_it_was_made_in(cast: Cast) -> None:
    make_booking(cast, at=local(23, 10))
    assert "我的预约" in read(feed(cast, "practitioner", "zh-Hans")).content.decode()
    assert "my visits" in read(feed(cast, "practitioner", "en")).content.decode()


def test_a_wrong_revoked_or_other_chains_address_is_not_found(cast: Cast, sign_in) -> None:
    path, others = feed(cast, "practitioner"), feed(cast, "su", chain=cast.beta)
    assert read(path).status_code == 200
    for gone, host in ((others, "alpha"), (path, "beta"), (f"/calendar/{'x' * 43}.ics", "alpha")):
        answer = read(gone, host=host)
        assert (answer.status_code, "uid" in answer.content.decode().lower()) == (404, False)
    sign_in("practitioner").post("/workbench/mine/calendar/", {"revoke": "1"})
    assert read(path).status_code == 404


def test_too_many_reads_and_too_many_guesses_are_told_to_wait(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr("web.feeds.READS", 3)
    monkeypatch.setattr("web.feeds.GUESSES", 2)
    path = feed(cast, "su")
    answers = [read(path).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert "Retry-After" in read(path)
    assert [read(f"/calendar/{n}{'x' * 42}.ics").status_code for n in range(3)] == [404, 404, 429]


@pytest.mark.parametrize(
    ("language", "made", "gone"),
    [("en", "shown this once", "Make an address"), ("zh-Hans", "只显示这一次", "生成地址")],
)
def test_an_employee_makes_copies_and_revokes_an_address(cast: Cast, sign_in, language, made, gone) -> None:
    client = sign_in("practitioner")
    page = client.post("/workbench/mine/calendar/", {"make": "1"}, headers={"accept-language": language})
    assert made in text_of(page)
    address = re.search(r"http://alpha\.tessera\.test(/calendar/[\w-]{43}\.ics)", page.content.decode())
    assert address is not None
    assert f'data-copy="http://alpha.tessera.test{address[1]}"' in page.content.decode()
    assert read(address[1]).status_code == 200
    again = client.get("/workbench/mine/calendar/", headers={"accept-language": language})
    assert address[1] not in again.content.decode()
    ended = client.post(
        "/workbench/mine/calendar/", {"revoke": "1"}, headers={"accept-language": language}, follow=True
    )
    assert gone in text_of(ended)
    assert read(address[1]).status_code == 404


def test_what_was_moved_stands_at_its_new_time(cast: Cast) -> None:
    booking = make_booking(cast, at=local(23, 10))
    path = feed(cast, "su")
    later = booking.starts_at + timedelta(hours=3)
    with chain_scope(cast.alpha.info):
        Booking.objects.filter(id=booking.id).update(
            starts_at=later, ends_at=later + timedelta(hours=1), version=5
        )
    one = events(read(path))[f"{booking.id}@tessera"]
    assert (one["dtstart"].dt, one["sequence"]) == (later, 5)
