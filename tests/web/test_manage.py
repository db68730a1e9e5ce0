"""The office: who sees what, what is kept, what is refused in words, how many queries."""

from __future__ import annotations

import re
import struct
import zlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chains.models import Chain
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.book import book
from tenants.catalogue.models import Offer, Service
from tenants.people.models import DayShift, Employee, Leave, Role, RoleGrant, WeeklyShift
from tenants.stores.models import Closure, OpeningHours, Store
from tests.ground.cast import NOW, Cast, local, make_employee, make_service

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
def owner(sign_in) -> Client:
    return sign_in("owner")


@pytest.fixture()
def manager(sign_in) -> Client:
    return sign_in("store_manager")


PAGES = (
    "", "stores/", "stores/new/", "stores/{north}/", "stores/{north}/hours/", "stores/{north}/closures/",
    "services/", "services/new/", "services/{facial}/", "staff/", "staff/new/", "staff/{clerk}/", "shifts/",
    "shifts/{north}/{ya}/", "shifts/{north}/{ya}/2026-11-23/", "shifts/{north}/{ya}/leave/", "look/", "access/",
    "poster/",
)  # fmt: skip


def paths(cast: Cast) -> list[str]:
    alpha = cast.alpha
    ids = {
        "north": alpha.stores["north"].id,
        "facial": alpha.services["facial"].id,
        "clerk": alpha.employees["clerk"].id,
        "ya": alpha.employees["practitioner"].id,
    }
    return [f"/manage/{page}".format(**ids) for page in PAGES]


def statuses(client: Client, wanted: list[str], **headers: str) -> dict[str, int]:
    return {path: client.get(path, headers=headers).status_code for path in wanted}


def test_an_owner_opens_every_page_and_every_drawer(cast, owner):
    wanted = paths(cast)
    assert set(statuses(owner, wanted).values()) == {200}
    assert set(statuses(owner, wanted, **{"HX-Request": "true"}).values()) == {200}
