"""What the tests of the office share: noon, signed-in browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from chains.scope import chain_scope
from tests.ground.cast import NOW, Cast

ALPHA = "alpha.tessera.test"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    """It is Saturday noon in Shanghai."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture()
def sign_in(cast: Cast):
    """`sign_in("store_manager")`: a browser in which that employee is signed in."""

    def made(role: str) -> Client:
        client = Client(HTTP_HOST=ALPHA, HTTP_ACCEPT_LANGUAGE="en")
        with chain_scope(cast.alpha.info):
            client.force_login(cast.alpha.employees[role].user, backend=BACKEND)
        return client

    return made


@pytest.fixture()
def owner(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("owner")


@pytest.fixture()
def manager(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("store_manager")


def path_of(cast: Cast, page: str) -> str:
    """A page of the office; {north}, {facial}, {clerk} and {ya} stand for ids."""
    alpha = cast.alpha
    ids = {
        "north": alpha.stores["north"].id,
        "facial": alpha.services["facial"].id,
        "clerk": alpha.employees["clerk"].id,
        "ya": alpha.employees["practitioner"].id,
    }
    return f"/manage/{page}".format(**ids)
