"""Error reports: with the chain, without people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from sentry_sdk.transport import Transport

from chains.refusals import Refusal
from config.errors import start_error_reports
from tests.ground.chains import TwoChains

EMAIL, PHONE, TOKEN = "li.na@shop.example", "+8613800000001", "tsr_3kJ9xQ2mZ7vB4nW8pL5cR1dF6gH0yT2a"


@csrf_exempt
def fails(request: HttpRequest) -> HttpResponse:
    local_phone = PHONE
    raise RuntimeError(f"could not reach {EMAIL} at {local_phone}")


def refuses(request: HttpRequest) -> HttpResponse:
    raise Refusal


urlpatterns = [path("api/fails", fails), path("api/refuses", refuses)]


class Kept(Transport):
    """Keeps what would have been sent."""

    events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Any) -> None:
        event = envelope.get_event()
        if event is not None:
            self.events.append(event)


@pytest.fixture()
def reports(settings: Any) -> Iterator[list[dict[str, Any]]]:
    settings.SENTRY_DSN = "https://public@sentry.example/1"
    settings.CHAIN_URLCONF = __name__
    Kept.events = []
    assert start_error_reports(transport=Kept)
    yield Kept.events
    sentry_sdk.get_client().close()
    sentry_sdk.init()


def test_nothing_is_started_without_an_address(settings: Any) -> None:
    settings.SENTRY_DSN = None
    assert start_error_reports() is False


def test_a_failure_is_reported_once_with_its_chain_and_without_people(
    reports: list[dict[str, Any]], two_chains: TwoChains
) -> None:
    request = RequestFactory().post(
        f"/api/fails?phone={PHONE}",
        {"email": EMAIL},
        headers={
            "host": "alpha.tessera.test",
            "authorization": f"Bearer {TOKEN}",
            "cookie": f"tessera_session={TOKEN}",
        },
    )
    statuses: list[str] = []
    list(WSGIHandler()(request.environ, lambda status, headers, *_: statuses.append(status)))  # type: ignore[arg-type]
    assert statuses == ["500 Internal Server Error"]
    (event,) = reports
    assert event["tags"]["chain"] == two_chains.a.schema_name
    assert event["request"]["url"] == "http://alpha.tessera.test/api/fails"
    assert set(event["request"]) == {"method", "url", "headers"}
    text = json.dumps(event, default=str)
    for secret in (EMAIL, PHONE, PHONE[3:], TOKEN):
        assert secret not in text
    (failure,) = event["exception"]["values"]
    assert failure["value"] == "could not reach [hidden] at [hidden]"


def test_a_refusal_is_no_error(reports: list[dict[str, Any]], two_chains: TwoChains) -> None:
    Client(raise_request_exception=False).get("/api/refuses", headers={"host": "alpha.tessera.test"})
    assert reports == []
