"""The live stream: a small ASGI process of its own, `uvicorn config.asgi_live:application`.

    GET /livez            up, and listening
    GET /live/<ticket>    server-sent events of one store, on a chain's host

A ticket comes from `POST live` and is spent by the request. The stream says `event: changed` with
`data: {"kind", "id", "version"}`, and a comment every 20 seconds. It carries no memory: after it ends,
for whatever reason, ask for a new ticket, open the new stream, then read the day again, in that order.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import django
import sentry_sdk

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from asgiref.sync import sync_to_async  # noqa: E402 - Django must be set up first
from django.conf import settings  # noqa: E402

from config.errors import start_error_reports  # noqa: E402
from config.live_hub import Hub, Stream, letting_go, open_chain  # noqa: E402
from tenants.booking.domain.live import Changed, Viewer, spend_ticket  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PING_SECONDS = 20.0
PATH = "/live/"

hub = Hub()
start_error_reports()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The whole app: life cycle, health, and the stream."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        try:
            await _http(scope, receive, send)
        except Exception:
            sentry_sdk.capture_exception()
            raise


async def _lifespan(receive: Receive, send: Send) -> None:
    tasks: list[asyncio.Task[None]] = []
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            tasks = [asyncio.create_task(hub.listen()), asyncio.create_task(hub.tell())]
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            hub.close_all()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    path: str = scope["path"]
    if path == "/livez":
        await _answer(send, 200 if hub.listening else 503, {"listening": hub.listening})
        return
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "").partition(":")[0].rstrip(".").lower()
    if not path.startswith(PATH) or scope["method"] != "GET":
        await _answer(send, 404, {"code": "not_found"})
        return
    origin = headers.get("origin")
    if origin is not None and origin != own_origin(host):
        await _answer(send, 403, {"code": "forbidden"})
        return
    allowed = [(b"access-control-allow-origin", origin.encode())] if origin is not None else []
    viewer = await sync_to_async(letting_go(admit))(host, path.removeprefix(PATH))
    if viewer is None:
        await _answer(send, 403, {"code": "ticket_refused"}, allowed)
        return
    await _stream(Stream(viewer, host), receive, send, allowed)


def own_origin(host: str) -> str:
    """The origin of the pages of the chain at this host: the only one whose scripts may read the stream."""
    _base, colon, port = settings.BASE.partition(":")
    return f"{settings.SCHEME}://{host}{colon}{port}"


def admit(host: str, ticket: str) -> Viewer | None:
    """Whom the ticket lets in at the chain of this host; it is spent either way."""
    chain = open_chain(host)
    return spend_ticket(ticket, schema=chain.schema_name) if chain is not None else None


async def _stream(stream: Stream, receive: Receive, send: Send, allowed: Headers) -> None:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"vary", b"Origin"),
        *allowed,
    ]
    hub.add(stream)
    gone = asyncio.create_task(_until_gone(stream, receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _write(send, ": open\n\n")
        while not stream.closed:
            try:
                await asyncio.wait_for(stream.wake.wait(), PING_SECONDS)
            except TimeoutError:
                await _write(send, ": still here\n\n")
                continue
            stream.wake.clear()
            while stream.waiting and not stream.closed:
                await _write(send, event_text(stream.waiting.popleft()))
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except OSError:
        pass
    finally:
        gone.cancel()
        hub.remove(stream)


def event_text(change: Changed) -> str:
    """One change as the stream says it."""
    data = {"kind": change.kind, "id": str(change.subject_id), "version": change.version}
    return f"event: changed\ndata: {json.dumps(data)}\n\n"


async def _until_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _answer(send: Send, status: int, document: dict[str, Any], extra: Headers | None = None) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), *(extra or [])]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode(), "more_body": False})
