"""Error reports: with the chain, without people."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
from embedded.plan import PROCESSES
from tests.ground.chains import TwoChains
from tests.ground.plugin import ROOT

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


# How each process of a cell begins, as far as its code is loaded.
BEGINNINGS = {
    "web": "import config.wsgi",
    "live": "import config.asgi_live",
    "worker": "import config.celery; from celery.signals import worker_init; worker_init.send(None)",
    "beat": "import config.celery; from celery.signals import beat_init; beat_init.send(None)",
    "provisioner": (
        "import contextlib, runpy, sys; sys.argv = ['manage.py', 'provisioner', '--help']\n"
        "with contextlib.suppress(SystemExit): runpy.run_path('manage.py', run_name='__main__')"
    ),
}


def test_every_process_of_a_cell_is_listed() -> None:
    assert set(BEGINNINGS) == {process.name for process in PROCESSES}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_every_process_reports_its_errors(name: str) -> None:
    code = f"{BEGINNINGS[name]}\nimport sentry_sdk; print('reports', sentry_sdk.get_client().is_active())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
            "SENTRY_DSN": "https://public@127.0.0.1:1/1",
        },
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["reports True"]), done.stderr
