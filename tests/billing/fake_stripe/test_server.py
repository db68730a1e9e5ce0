"""The fake as a program: where it listens, when it refuses to start, what its knobs do."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from billing.fake_stripe.server import HOST, FakeStripe
from billing.fake_stripe.webhooks import deliver_due, send
from embedded.ports import free_port
from tests.billing.fake_stripe.conftest import client
from tests.billing.fake_stripe.test_conformance import make_customer, make_price
from tests.billing.ground import get, post

ROOT = Path(__file__).resolve().parents[3]
SECRET = "whsec_0123456789abcdef0123"


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], SECRET, api_key="x")
        self.server.got.append(event.id)  # type: ignore[attr-defined]
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture()
def receiver() -> Iterator[Any]:
    """Takes webhooks, checks them with the SDK, and answers what it is told to."""
    server: Any = ThreadingHTTPServer((HOST, 0), _Receiver)
    server.got, server.answers = [], []
    threading.Thread(target=lambda: server.serve_forever(poll_interval=0.05), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture()
def telling(receiver: Any) -> Iterator[FakeStripe]:
    """A fake that sends webhooks when `deliver_due` is called."""
    fake = FakeStripe(
        ":memory:",
        webhook_url=f"http://{HOST}:{receiver.server_address[1]}/hooks",
        webhook_secret=SECRET,
        lives=False,
    )
    fake.start()
    yield fake
    fake.stop()


def run(mode: str | None, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "TESSERA_MODE"}
    if mode is not None:
        environment["TESSERA_MODE"] = mode
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "billing.fake_stripe",
            "--port",
            str(free_port()),
            "--data",
            str(tmp_path / "x"),
        ],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("mode", ["production", None, "staging"])
def test_it_does_not_start_where_this_may_be_production(mode: str | None, tmp_path: Path) -> None:
    done = run(mode, tmp_path)
    assert (done.returncode, "does not run with TESSERA_MODE" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_its_state_is_in_one_file_and_outlives_it(tmp_path: Path) -> None:
    path = tmp_path / "stripe.sqlite"
    first = FakeStripe(path, lives=False)
    first.start()
    made = client(first).v1.customers.create({"name": "Alpha"}, {"idempotency_key": "k"}).id
    first.stop()
    second = FakeStripe(path, lives=False)
    second.start()
    v1 = client(second).v1
    again = v1.customers.create({"name": "Alpha"}, {"idempotency_key": "k"}).id
    assert (v1.customers.retrieve(made).name, again) == ("Alpha", made)
    second.stop()


def test_it_listens_on_loopback_and_answers_no_other_name(fake: FakeStripe) -> None:
    assert fake._server.server_address[0] == "127.0.0.1"
    connection = http.client.HTTPConnection(HOST, fake._server.server_address[1], timeout=60)
    connection.request("GET", "/livez", headers={"Host": "evil.example"})
    assert connection.getresponse().status == 421
    connection.close()


def test_the_knobs_want_a_key(fake: FakeStripe) -> None:
    connection = http.client.HTTPConnection(HOST, fake._server.server_address[1], timeout=60)
    connection.request("POST", "/fake/knobs", body=json.dumps({"skip": 5}))
    assert connection.getresponse().status == 401
    connection.close()
    connection.request(
        "POST", "/fake/knobs", body=json.dumps({"skip": 5}), headers={"Authorization": "Bearer sk_test_x"}
    )
    assert json.loads(connection.getresponse().read())["skipped"] == 5
    connection.close()


def test_webhooks_are_signed_and_sent_in_order(telling: FakeStripe, receiver: Any) -> None:
    v1 = client(telling).v1
    make_customer(v1)
    deliver_due(telling.store)
    assert receiver.got == [one.id for one in v1.events.list({"limit": 100}).data][::-1]


def test_a_webhook_is_repeated_until_it_is_answered_well(telling: FakeStripe, receiver: Any) -> None:
    receiver.answers = [500, 404]
    client(telling).v1.customers.create({"name": "Alpha"})
    now = time.time()
    assert [deliver_due(telling.store, now=now + later) for later in (0, 0.5, 2, 2.5, 5)] == [0, 0, 0, 0, 1]
    assert (len(receiver.got), len(set(receiver.got))) == (3, 1)


@pytest.mark.parametrize(
    ("knob", "sent"),
    [({"duplicate": 2}, 3), ({"drop": 1}, 0), ({"drop_kinds": ["customer.created"]}, 0), ({"delay": 60}, 0)],
)
def test_webhooks_are_duplicated_dropped_and_delayed(
    telling: FakeStripe, receiver: Any, knob: dict[str, Any], sent: int
) -> None:
    telling.control("", {"webhooks": knob})
    v1 = client(telling).v1
    v1.customers.create({"name": "Alpha"})
    deliver_due(telling.store)
    assert (len(receiver.got), len(v1.events.list().data)) == (sent, 1)
    deliver_due(telling.store, now=time.time() + 61)
    assert len(receiver.got) == (1 if "delay" in knob else sent)


def test_webhooks_come_out_of_order(telling: FakeStripe, receiver: Any) -> None:
    telling.control("", {"webhooks": {"reorder": 50}})
    v1 = client(telling).v1
    for number in range(12):
        v1.customers.create({"name": str(number)})
    deliver_due(telling.store, now=time.time() + 51)
    in_order = [one.id for one in v1.events.list({"limit": 100}).data][::-1]
    assert (sorted(receiver.got), receiver.got == in_order) == (sorted(in_order), False)


def test_webhooks_go_to_this_machine_alone() -> None:
    assert [send(url, b"{}", "x") for url in ("http://example.com/", "https://127.0.0.1/", "file:///x")] == [
        False
    ] * 3


@pytest.mark.parametrize(("mode", "made"), [("500", 0), ("429", 0), ("500_after", 1), ("drop", 1)])
def test_calls_fail_before_or_after_they_did_something(fake: FakeStripe, mode: str, made: int) -> None:
    v1 = client(fake).v1
    fake.control("", {"api": {"mode": mode, "times": 1, "path": "POST /v1/customers"}})
    with pytest.raises(stripe.StripeError):
        v1.customers.create({"name": "Alpha"}, {"idempotency_key": "k"})
    assert len(v1.customers.list().data) == made
    if mode == "500_after":
        with pytest.raises(stripe.APIError) as caught:
            v1.customers.create({"name": "Alpha"}, {"idempotency_key": "k"})
        assert caught.value.headers["Idempotent-Replayed"] == "true"
    else:
        v1.customers.create({"name": "Alpha"}, {"idempotency_key": "k"})
    assert len(v1.customers.list().data) == 1


def test_a_call_that_hangs_makes_its_twin_wait_its_turn(fake: FakeStripe) -> None:
    v1 = client(fake).v1
    fake.api._flying.add("k")
    with pytest.raises(stripe.StripeError) as caught:
        v1.customers.create({"name": "Alpha"}, {"idempotency_key": "k"})
    assert (caught.value.http_status, v1.customers.list().data) == (409, [])


def test_a_call_can_be_made_to_hang(fake: FakeStripe) -> None:
    v1 = client(fake).v1
    fake.control("", {"api": {"mode": "hang", "seconds": 0.3, "times": 1}})
    began = time.monotonic()
    v1.customers.create({"name": "Alpha"})
    assert time.monotonic() - began >= 0.3


def test_time_can_be_skipped_and_what_falls_due_happens(fake: FakeStripe) -> None:
    v1 = client(fake).v1
    customer = v1.customers.create({"name": "Alpha"})
    method = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": make_price(v1, 100).id}],
            "default_payment_method": method.id,
        }
    )
    fake.control("", {"skip": 70 * 86_400})
    assert [one.status for one in v1.invoices.list().data] == ["paid", "paid", "paid"]


def test_time_goes_by_for_one_customer_and_all_it_has_grows_older(fake: FakeStripe) -> None:
    v1 = client(fake).v1
    price = make_price(v1, 100).id
    subscriptions = []
    for _each in range(2):
        customer = v1.customers.create({"name": "Alpha"})
        method = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
        asked = {"customer": customer.id, "items": [{"price": price}], "default_payment_method": method.id}
        subscriptions.append(v1.subscriptions.create(asked))
    old, other = subscriptions
    now = fake.world.now()
    fake.control("", {"age": {"customer": old.customer, "seconds": 40 * 86_400}})
    aged, stays = v1.subscriptions.retrieve(old.id), v1.subscriptions.retrieve(other.id)
    assert (aged.start_date, stays.start_date) == (old.start_date - 40 * 86_400, other.start_date)
    first = aged["items"]["data"][0]
    assert first.current_period_start <= now < first.current_period_end
    kept = {one: len(v1.invoices.list({"customer": one}).data) for one in (old.customer, other.customer)}
    assert kept == {old.customer: 2, other.customer: 1}
    assert abs(fake.world.now() - now) < 60
    assert max(event.created for event in v1.events.list({"limit": 100}).data) <= fake.world.now()


@pytest.mark.parametrize("told", [{"customer": "cus_nobody", "seconds": 5}, {"customer": "", "seconds": -5}])
def test_time_that_cannot_go_by_is_refused(fake: FakeStripe, told: dict[str, Any]) -> None:
    known = client(fake).v1.customers.create({"name": "Alpha"}).id
    connection = http.client.HTTPConnection(HOST, int(fake.base.rpartition(":")[2]))
    body = json.dumps({"age": {**told, "customer": told["customer"] or known}})
    connection.request("POST", "/fake/knobs", body=body, headers={"Authorization": "Bearer sk_test_x"})
    assert connection.getresponse().status in (400, 404)


@pytest.mark.parametrize(("language", "words"), [("en", "Pay and subscribe"), ("zh-CN", "支付并订阅")])
def test_the_checkout_page_speaks_both_languages(fake: FakeStripe, language: str, words: str) -> None:
    v1 = client(fake).v1
    customer = v1.customers.create({"name": "<script>alert(1)</script>"})
    session = v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": make_price(v1, 8900).id, "quantity": 1}],
            "success_url": "http://localhost/done?session={CHECKOUT_SESSION_ID}",
        }
    )
    status, _, html = get(session.url, language=language)
    assert (status, words in html, "<script" in html, "89.00 USD" in html) == (200, True, False, True)
    paid = post(session.url, do="pay", card="4242 4242 4242 4242", holder='"><script>')
    assert paid[:2] == (303, f"http://localhost/done?session={session.id}")
    invoice = v1.invoices.list().data[0]
    pdf = get(invoice.invoice_pdf)
    assert (pdf[0], pdf[2][:8]) == (200, "%PDF-1.4")
    assert get(invoice.hosted_invoice_url)[0] == 200


def test_an_invoice_names_who_is_billed_the_tax_ids_and_when_it_was_paid(fake: FakeStripe) -> None:
    v1 = client(fake).v1
    customer = v1.customers.create({"name": "悦宁美业"})
    session = v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": make_price(v1, 8900).id, "quantity": 1}],
            "success_url": "http://localhost/done",
            "tax_id_collection": {"enabled": True},
            "customer_update": {"name": "auto", "address": "auto"},
        }
    )
    post(session.url, do="pay", card="4000000000000002", tax_id="DE123456789")
    post(session.url, do="pay", card="4242424242424242", tax_id="DE123456789")
    assert [each.value for each in v1.customers.tax_ids.list(customer.id).data] == ["DE123456789"]
    invoice = v1.invoices.list().data[0]
    page = get(invoice.hosted_invoice_url)[2]
    assert ("悦宁美业" in page, "Tax id DE123456789" in page, "Paid on " in page) == (True, True, True)
    pdf = get(invoice.invoice_pdf)[2]
    name = "悦宁美业".encode("utf-16-be").hex()
    assert (f"<{name}> Tj" in pdf, "(Tax id DE123456789) Tj" in pdf, "(Paid on " in pdf) == (True, True, True)


def test_an_unknown_page_is_not_found(fake: FakeStripe) -> None:
    assert [get(fake.base + path)[0] for path in ("/", "/c/pay/nobody", "/p/session/x", "/i/x.pdf")] == [
        404
    ] * 4
