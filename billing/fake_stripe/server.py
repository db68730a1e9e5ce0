"""The HTTP server: the API under /v1, the pages beside it, the knobs under /fake. On 127.0.0.1 and nowhere else."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from billing.fake_stripe import pages, walk
from billing.fake_stripe.ageing import age_customer
from billing.fake_stripe.api import Api
from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.happenings import happen
from billing.fake_stripe.store import Store
from billing.fake_stripe.walk import Page
from billing.fake_stripe.webhooks import deliver_due
from billing.fake_stripe.world import World

HOST = "127.0.0.1"
LARGEST_BODY = 1024 * 1024
_STYLE = (Path(__file__).parent / "style.css").read_bytes()
_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self' http:; base-uri 'none'; frame-ancestors 'none'"
)
_WALKS = {"/c/pay/": walk.checkout, "/p/session/": walk.portal, "/i/": walk.invoice}


class FakeStripe:
    """A running fake: `start`, use `base`, `stop`. `world` and `store` are for tests that turn its knobs.

    `clock` gives the world's time, in seconds since 1970; the real one unless told.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        port: int = 0,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        lives: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = Store(path)
        self._server = _Server((HOST, port), _Handler)
        self._server.fake = self
        self.base = f"http://{HOST}:{self._server.server_address[1]}"
        self.world = World(self.store, base=self.base, clock=clock)
        self.api = Api(self.world)
        if webhook_url and webhook_secret:
            self.store.set("endpoint", {"url": webhook_url, "secret": webhook_secret})
        self._lives = lives
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Answer requests, and unless `lives` is off let time pass and send webhooks."""
        work = [
            lambda: self._server.serve_forever(poll_interval=0.05),
            *([self._pass_time, self._send] if self._lives else []),
        ]
        for each in work:
            thread = threading.Thread(target=each, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Answer nothing more."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(timeout=10)
        self.store.close()

    def wait(self) -> None:
        """Stay until stopped."""
        self._stopping.wait()

    def let_happen(self) -> None:
        """Everything due on the world's own clock by now."""
        with self.store.transaction():
            happen(self.world, None, until=self.world.now())

    def _pass_time(self) -> None:
        while not self._stopping.wait(1.0):
            _survive(self.let_happen)

    def _send(self) -> None:
        while not self._stopping.wait(0.1):
            _survive(lambda: deliver_due(self.store))

    def control(self, path: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """The knobs: `api` and `webhooks` faults, `retries`, `after_retries`, `skip` seconds of time, `age` one customer.

        Raises ApiError.
        """
        with self.store.transaction():
            for name in ("api", "webhooks", "retries", "after_retries"):
                if name in told:
                    self.store.set(name, told[name])
            if "skip" in told:
                self.store.set("skipped", int(self.store.setting("skipped", 0)) + int(told["skip"]))
            if "age" in told:
                age_customer(self.world, str(told["age"]["customer"]), int(told["age"]["seconds"]))
        if "skip" in told:
            self.let_happen()
        names = ("api", "webhooks", "retries", "after_retries", "skipped")
        return {name: self.store.setting(name) for name in names} | {"now": self.world.now()}


def _survive(work: Any) -> None:
    try:
        work()
    except Exception:
        traceback.print_exc(file=sys.stderr)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    fake: FakeStripe

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to talk about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc(file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Read."""
        self._serve("GET")

    def do_POST(self) -> None:
        """Write."""
        self._serve("POST")

    def do_DELETE(self) -> None:
        """Delete."""
        self._serve("DELETE")

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: addresses carry ids of sessions."""

    def _serve(self, method: str) -> None:
        host = (self.headers.get("Host") or "").partition(":")[0]
        length = int(self.headers.get("Content-Length") or 0)
        if host not in (HOST, "localhost") or length > LARGEST_BODY:
            self.close_connection = True
            self._send(421, b"", "text/plain")
            return
        body = self.rfile.read(length).decode("utf-8", "replace") if length else ""
        url = urlsplit(self.path)
        if url.path.startswith("/v1/"):
            self._answer_api(method, url.path, url.query, body)
        elif url.path == "/fake/knobs":
            self._answer_control(method, body)
        elif url.path == "/livez":
            self._send(200, b"ok", "text/plain")
        elif url.path == "/favicon.ico":
            self._send(204, b"", "image/x-icon")
        elif url.path == "/style.css":
            self._send(200, _STYLE, "text/css; charset=utf-8")
        else:
            self._answer_page(method, url.path, body)

    def _answer_api(self, method: str, path: str, query: str, body: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.fake.api.reply(method, path, query, body, headers)
        if reply.cut:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(2)
            return
        self._send(reply.status, reply.body.encode(), "application/json", **reply.headers)

    def _answer_control(self, method: str, body: str) -> None:
        """Only for programs that know a test key: no page of another site can send that header."""
        if not (self.headers.get("Authorization") or "").startswith("Bearer sk_test_"):
            self._send(401, b"{}", "application/json")
            return
        told = json.loads(body or "{}") if method == "POST" else {}
        try:
            answer = self.server.fake.control(self.path, told)
        except ApiError as error:
            self._send(error.status, json.dumps({"error": error.body}).encode(), "application/json")
            return
        self._send(200, json.dumps(answer).encode(), "application/json")

    def _answer_page(self, method: str, path: str, body: str) -> None:
        fake = self.server.fake
        language = "zh" if (self.headers.get("Accept-Language") or "").startswith("zh") else "en"
        form = dict(parse_qsl(body, keep_blank_values=True)) if method == "POST" else None
        try:
            with fake.store.transaction():
                if path.startswith("/i/") and path.endswith(".pdf"):
                    invoice = fake.world.need(path[3:-4], "invoice")
                    self._send(200, pages.invoice_pdf(fake.world, invoice), "application/pdf")
                    return
                for prefix, act in _WALKS.items():
                    if path.startswith(prefix):
                        page = act(fake.world, path.removeprefix(prefix), form, language)
                        break
                else:
                    raise ApiError("no such page", status=404)
        except ApiError:
            page = Page(pages.closed_page(None, language), status=404)
        more = {"Location": page.location} if page.location else {}
        self._send(page.status, page.html.encode(), "text/html; charset=utf-8", **more)

    def _send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if kind.startswith("text/html"):
            self.send_header("Content-Security-Policy", _POLICY)
            self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)
