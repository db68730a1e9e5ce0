"""Log lines: JSON with request id, chain and user; nothing of a person."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from accounts.models import User
from chains.scope import chain_scope
from config.logs import logging_config
from tests.api.conftest import employee_program, member_program
from tests.ground.cast import Cast
from tests.ground.chains import TwoChains
from tests.web.storefront import browser, change_chain, sign_in

PHONE, EMAIL, TOKEN = "+8613800000001", "li.na@shop.example", "tsr_3kJ9xQ2mZ7vB4nW8pL5cR1dF6gH0yT2a"


def speaks(request: HttpRequest, **_rest: str) -> HttpResponse:
    structlog.get_logger("shop").info("spoke", to=EMAIL, note=f"rang {PHONE}")
    logging.getLogger("library").warning("sent %s to %s", TOKEN, EMAIL)
    return HttpResponse("ok")


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(f"lost {EMAIL}")


urlpatterns = [path("speaks", speaks), path("speaks/<token>", speaks), path("api/fails", fails)]


@pytest.fixture()
def lines(settings: Any) -> Iterator[Any]:
    settings.CHAIN_URLCONF = __name__
    out = io.StringIO()
    config = logging_config(log_format="json", level="INFO")
    handler = logging.StreamHandler(out)
    formatter = config["formatters"]["structured"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(**{k: v for k, v in formatter.items() if k != "()"})
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_every_line_of_a_request_carries_request_chain_and_user(two_chains: TwoChains, lines: Any) -> None:
    client = Client(headers={"host": "alpha.tessera.test"})
    with chain_scope(two_chains.a):
        user = User.objects.create_user("clerk@alpha.test", "a-long-passphrase")
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get("/speaks")
    spoke, library, answered = (line for line in lines() if line["logger"] in {"shop", "library", "request"})
    for line in (spoke, library, answered):
        assert line["request_id"] == answer.headers["X-Request-Id"]
        assert line["chain"] == two_chains.a.schema_name
        assert line["user"] == str(user.id)
    assert (answered["path"], answered["status"]) == ("/speaks", 200)


def test_no_address_phone_or_token_stands_in_any_line(two_chains: TwoChains, lines: Any) -> None:
    client = Client(headers={"host": "alpha.tessera.test"}, raise_request_exception=False)
    client.get(f"/speaks/{TOKEN}?phone={PHONE}", headers={"authorization": f"Bearer {TOKEN}"})
    client.get("/api/fails")
    text = json.dumps(lines())
    assert "Traceback" in text
    for secret in (EMAIL, PHONE, PHONE[3:], TOKEN):
        assert secret not in text


def test_one_requests_user_does_not_stick_to_the_next(two_chains: TwoChains, lines: Any) -> None:
    with chain_scope(two_chains.a):
        user = User.objects.create_user("clerk@alpha.test", "a-long-passphrase")
        client = Client(headers={"host": "alpha.tessera.test"})
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/speaks")
    Client(headers={"host": "beta.tessera.test"}).get("/speaks")
    last = lines()[-1]
    assert (last.get("user"), last["chain"]) == (None, two_chains.b.schema_name)


def test_lines_carry_whose_token_or_phone_it_is(cast: Cast, empty_cache: None) -> None:
    """After an answer the thread's variables are still those of its request."""
    chain = cast.alpha
    employee_program(chain, "owner").get("stores")
    assert structlog.contextvars.get_contextvars()["user"] == str(chain.employees["owner"].id)
    member_program(chain, "su").get("stores")
    assert structlog.contextvars.get_contextvars()["user"] == str(chain.members["su"].id)
    change_chain(cast, opened_at=timezone.now())
    guest = browser()
    guest.get("/my/sign-in/")
    assert "user" not in structlog.contextvars.get_contextvars()
    sign_in(guest, str(chain.members["su"].phone))
    guest.get("/my/")
    assert structlog.contextvars.get_contextvars()["user"] == str(chain.members["su"].id)
    change_chain(cast, opened_at=None)
