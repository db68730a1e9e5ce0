"""How long a person waits for a Stripe that hangs; in the background it is waited for longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.http import HttpResponse
from urllib3.util import Timeout

from billing.port import ProviderAway
from billing.stripe_adapter import StripeProvider
from billing.stripe_adapter.patience import CONNECT, LEAST, READ
from chains import after_scope
from chains.after_scope import PATIENCE, AfterScope, somebody_waits, time_left


class Hanging:
    """A Stripe that lets each call wait for all the time it is given, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waited: list[float] = []
        self.keys: list[str] = []

    def request(self, session: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Waits, then gives up, as requests does."""
        given: Timeout = kwargs["timeout"]
        whole = CONNECT + READ if given.total is None else float(given.total)  # type: ignore[arg-type]
        self.now += whole
        self.waited.append(whole)
        self.keys.append(kwargs["headers"].get("Idempotency-Key", ""))
        raise requests.ReadTimeout


@pytest.fixture()
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    """Every call hangs, and pauses between tries take no time."""
    made = Hanging()
    monkeypatch.setattr(after_scope, "monotonic", lambda: made.now)
    monkeypatch.setattr(requests.Session, "request", lambda session, *a, **k: made.request(session, *a, **k))
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *args: 0)
    yield made


def provider() -> StripeProvider:
    return StripeProvider(secret_key="sk_test_12345678", webhook_secret="whsec_x")


def test_a_request_waits_for_all_its_calls_together_and_asks_with_one_key(hanging: Hanging) -> None:
    asked = provider()

    def answer() -> HttpResponse:
        for _call in range(3):
            with pytest.raises(ProviderAway):
                asked.cancel_now("sub_1", key="k1")
        return HttpResponse("gave up")

    assert AfterScope(answer).finish().content == b"gave up"
    assert (hanging.waited, hanging.keys) == ([PATIENCE], ["k1"])


def test_in_the_background_a_call_has_its_full_time_and_a_second_try(hanging: Hanging) -> None:
    with pytest.raises(ProviderAway):
        provider().cancel_now("sub_1", key="k1")
    assert (hanging.waited, hanging.keys) == ([CONNECT + READ] * 2, ["k1", "k1"])


def test_what_is_left_after_a_slow_call_is_all_the_next_one_has(hanging: Hanging) -> None:
    with somebody_waits():
        hanging.now += PATIENCE - 2
        with pytest.raises(ProviderAway):
            provider().fetch_customer("cus_1")
        with somebody_waits():  # within it nothing begins anew
            assert time_left() == 0
    assert (hanging.waited, time_left()) == ([2], None)


def test_with_hardly_any_time_left_nothing_is_asked(hanging: Hanging) -> None:
    with somebody_waits():
        hanging.now += PATIENCE - LEAST / 2
        with pytest.raises(ProviderAway):
            provider().fetch_customer("cus_1")
    assert hanging.waited == []
