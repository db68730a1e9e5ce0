"""What the tests of the clerk's pages share: noon, a signed-in browser, bookings, words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from chains.scope import chain_scope
from tenants.booking.domain.book import book
from tenants.booking.models import Booking
from tests.ground.cast import NOW, Cast

ALPHA = "alpha.tessera.test"
TODAY = 21


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    """It is Saturday noon in Shanghai."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture()
def sign_in(cast: Cast):
    """`sign_in("clerk")`: a browser in which that employee is signed in."""

    def made(role: str) -> Client:
        client = Client(HTTP_HOST=ALPHA, HTTP_ACCEPT_LANGUAGE="en")
        with chain_scope(cast.alpha.info):
            client.force_login(
                cast.alpha.employees[role].user, backend="allauth.account.auth_backends.AuthenticationBackend"
            )
        return client

    return made


def make_booking(
    cast: Cast, *, at: datetime, store: str = "north", member: str = "su", who: str = "practitioner", **more
) -> Booking:
    alpha = cast.alpha
    with chain_scope(alpha.info):
        made = book(
            alpha.services[more.pop("service", "facial")].id,
            store_id=alpha.stores[store].id,
            starts_at=at,
            by=alpha.actors["owner"],
            now=more.pop("now", NOW - timedelta(days=1)),
            member=alpha.members[member].id,
            practitioner_id=alpha.employees[who].id if who else None,
            **more,
        )
        return Booking.objects.select_related("member", "service").get(id=made.id)


def url(cast: Cast, path: str = "", store: str = "north") -> str:
    return f"/workbench/{cast.alpha.stores[store].id}/{path}"


def status_of(cast: Cast, booking: Booking) -> str:
    with chain_scope(cast.alpha.info):
        return Booking.objects.get(id=booking.id).status


def text_of(response) -> str:
    """The words of an answer, without markup, spaces folded."""
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&#x27;", "'").replace("&quot;", '"')
