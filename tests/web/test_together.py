"""Repeating a booking and bringing somebody, in the shop and at the desk: a plan first, then all of it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.models import Booking, Status
from tenants.booking.together import BookingGroup, BookingSeries
from tests.ground.cast import NOW, Cast, local

WEEK = timedelta(days=7)
MONDAY = local(23, 10)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def member(cast: Cast, name: str = "su") -> Client:
    client = Client(headers={"host": "alpha.tessera.test", "accept-language": "en"})
    with chain_scope(cast.alpha.info):
        session = client.session
        session["member_id"] = str(cast.alpha.members[name].id)
        session.save()
    return client


def clerk(cast: Cast) -> Client:
    client = Client(headers={"host": "alpha.tessera.test", "accept-language": "en"})
    with chain_scope(cast.alpha.info):
        client.force_login(
            cast.alpha.employees["clerk"].user, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
    return client


def booked(cast: Cast, who: str = "su", at: Any = MONDAY, with_: str = "practitioner") -> Booking:
    with chain_scope(cast.alpha.info):
        return book(
            cast.alpha.services["facial"].id,
            store_id=cast.alpha.stores["north"].id,
            starts_at=at,
            by=cast.alpha.actors[who],
            practitioner_id=cast.alpha.employees[with_].id,
            now=NOW,
        )


def fields_of(page: Any) -> dict[str, str]:
    """The hidden fields of the plan's form, and the first real option of each select."""
    text = page.content.decode()
    hidden = re.findall(r'<input type="hidden" name="([a-z_0-9]+)" value="([^"]*)"', text)
    chosen = re.findall(r'<select id="choice_\d+" name="(choice_\d+)".*?</select>', text, re.DOTALL)
    found = {name: html.unescape(value) for name, value in hidden if name != "csrfmiddlewaretoken"}
    for name in chosen:
        (select,) = re.findall(rf'name="{name}".*?</select>', text, re.DOTALL)
        options = [value for value in re.findall(r'<option value="([^"]*)"', select) if value]
        found[name] = html.unescape(options[0])
    return found


def starts(cast: Cast) -> list[Any]:
    with chain_scope(cast.alpha.info):
        live = Booking.objects.filter(member=cast.alpha.members["su"], status=Status.CONFIRMED)
        return sorted(live.values_list("starts_at", flat=True))


def test_a_member_sees_the_plan_then_repeats_the_booking(cast: Cast) -> None:
    first, su = booked(cast), member(cast)
    plan = su.get(f"/my/{first.id}/repeat/?every=7&times=3")
    assert (plan.status_code, len(starts(cast))) == (200, 1)
    done = su.post(f"/my/{first.id}/repeat/", fields_of(plan))
    assert (done.status_code, done["Location"]) == (302, "/my/")
    assert starts(cast) == [MONDAY, MONDAY + WEEK, MONDAY + 2 * WEEK]


def test_a_time_that_is_gone_is_told_and_another_taken_instead(cast: Cast) -> None:
    first, su = booked(cast), member(cast)
    booked(cast, "chen", MONDAY + WEEK)
    plan = su.get(f"/my/{first.id}/repeat/?every=7&times=3")
    assert "1 time is not free" in plan.content.decode()
    su.post(f"/my/{first.id}/repeat/", fields_of(plan))
    with chain_scope(cast.alpha.info):
        assert BookingSeries.objects.get().bookings.count() == 3
    assert len(starts(cast)) == 3


def test_what_was_taken_meanwhile_books_nothing_and_shows_the_plan_again(cast: Cast) -> None:
    first, su = booked(cast), member(cast)
    plan = su.get(f"/my/{first.id}/repeat/?every=7&times=3")
    booked(cast, "chen", MONDAY + WEEK)
    refused = su.post(f"/my/{first.id}/repeat/", fields_of(plan))
    assert refused.status_code == 409
    assert "plan_refused" in refused.content.decode()
    assert starts(cast) == [MONDAY]


def test_a_member_brings_somebody_and_sees_both(cast: Cast) -> None:
    first, su = booked(cast), member(cast)
    plan = su.get(f"/my/{first.id}/bring/?guest=Mei")
    assert su.post(f"/my/{first.id}/bring/", fields_of(plan)).status_code == 302
    mine = su.get("/my/").content.decode()
    assert "Mei · Deep hydration" in mine
    with chain_scope(cast.alpha.info):
        assert BookingGroup.objects.get().bookings.count() == 2


@pytest.mark.parametrize("page", ["repeat/", "bring/?guest=Mei"])
def test_nobody_repeats_the_booking_of_another(cast: Cast, page: str) -> None:
    first = booked(cast)
    assert member(cast, "chen").get(f"/my/{first.id}/{page}").status_code == 404


def test_the_desk_repeats_brings_and_ends(cast: Cast) -> None:
    first, desk = booked(cast), clerk(cast)
    at = f"/workbench/{cast.alpha.stores['north'].id}/bookings/{first.id}/"
    plan = desk.get(f"{at}repeat/?every=7&times=3")
    assert desk.post(f"{at}repeat/", fields_of(plan)).status_code == 302
    brought = desk.get(f"{at}bring/?guest=Mei")
    assert desk.post(f"{at}bring/", fields_of(brought)).status_code == 302
    panel = desk.get(at).content.decode()
    assert "1 of 3, every 7 days" in panel
    assert "Mei" in panel
    assert desk.post(f"{at}cancel/", {"scope": "following"}).status_code == 302
    assert starts(cast) == []
