"""One request of the API: who asks, its idempotency key, the knobs, and its answer."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.params import parse
from billing.fake_stripe.routes import answer
from billing.fake_stripe.world import World

KEY_KEPT = 24 * 3_600
KEY_LENGTH = 255


@dataclass
class Reply:
    """An answer: status, JSON, headers. `cut` closes the connection instead of sending it."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class Api:
    """Answers requests on a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._flying: set[str] = set()
        self._lock = threading.Lock()

    def reply(self, method: str, path: str, query: str, body: str, headers: Mapping[str, str]) -> Reply:
        """Answer one request."""
        if not _is_allowed(headers.get("authorization", "")):
            error = ApiError(
                "Invalid API Key provided: the fake takes test keys (sk_test_…) only.", status=401
            )
            return _refusal(error)
        fault = self._fault(method, path)
        if fault is not None and fault["mode"] in ("500", "429"):
            return _fault_reply(fault)
        if fault is not None and fault["mode"] == "hang":
            time.sleep(float(fault.get("seconds", 30)))
        reply = self._once(method, path, query, body, headers.get("idempotency-key"), fault)
        if fault is not None and fault["mode"] == "drop":
            reply.cut = True
        return reply

    def _once(
        self,
        method: str,
        path: str,
        query: str,
        body: str,
        key: str | None,
        fault: Mapping[str, Any] | None,
    ) -> Reply:
        if key is None or method == "GET":
            return self._run(method, path, query, body, None, fault)
        if len(key) > KEY_LENGTH:
            return _refusal(ApiError("Idempotency keys are at most 255 characters long."))
        with self._lock:
            if key in self._flying:
                return _refusal(
                    ApiError(
                        f"There is currently another in-progress request using this Idempotent Key: {key}.",
                        status=409,
                        kind="idempotency_error",
                        code="idempotency_key_in_use",
                    )
                )
            self._flying.add(key)
        try:
            return self._run(method, path, query, body, key, fault)
        finally:
            with self._lock:
                self._flying.discard(key)

    def _run(
        self,
        method: str,
        path: str,
        query: str,
        body: str,
        key: str | None,
        fault: Mapping[str, Any] | None,
    ) -> Reply:
        store = self.world.store
        fingerprint = hashlib.sha256(f"{method} {path} {body}".encode()).hexdigest()
        with store.transaction():
            kept = store.answer(key) if key else None
            if kept is not None and time.time() - kept[3] < KEY_KEPT:
                if kept[0] != fingerprint:
                    return _refusal(
                        ApiError(
                            "Keys for idempotent requests can only be used with the same parameters they"
                            f" were first used with. Try using a key other than '{key}'.",
                            kind="idempotency_error",
                        )
                    )
                return Reply(kept[1], kept[2], {"Idempotent-Replayed": "true"})
            reply = self._answer(method, path, query, body, key)
            if fault is not None and fault["mode"] == "500_after":
                reply = _fault_reply({"mode": "500"})
            # what never began is not kept: wrong parameters, an unknown object, too many requests
            if key and (reply.status < 300 or reply.status == 402 or reply.status >= 500):
                store.keep_answer(key, fingerprint, reply.status, reply.body, time.time())
        return reply

    def _answer(self, method: str, path: str, query: str, body: str, key: str | None) -> Reply:
        store = self.world.store
        try:
            params = parse(query if method == "GET" else body or query)
            with store.transaction():
                self.world.request_key = key
                try:
                    return Reply(200, json.dumps(answer(self.world, method, path, params)))
                except ApiError as error:
                    if not error.keep:
                        raise
                    return _refusal(error)
                finally:
                    self.world.request_key = None
        except ApiError as error:
            return _refusal(error)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            wrong = ApiError(f"Invalid request: {type(error).__name__}: {error}", code="parameter_invalid")
            return _refusal(wrong)

    def _fault(self, method: str, path: str) -> Mapping[str, Any] | None:
        """The knob that this request runs into, counted down."""
        store = self.world.store
        with store.transaction():
            fault = store.setting("api")
            if not fault or not re.search(fault.get("path", ""), f"{method} {path}"):
                return None
            times = fault.get("times")
            if times is not None:
                if times <= 0:
                    return None
                store.set("api", {**fault, "times": times - 1})
            found: Mapping[str, Any] = fault
            return found


def _is_allowed(authorization: str) -> bool:
    kind, _, value = authorization.partition(" ")
    if kind == "Basic":
        try:
            value = base64.b64decode(value).decode().partition(":")[0]
        except ValueError:
            return False
    return bool(re.fullmatch(r"(sk|rk)_test_[A-Za-z0-9]+", value))


def _refusal(error: ApiError) -> Reply:
    return Reply(error.status, json.dumps({"error": error.body}))


def _fault_reply(fault: Mapping[str, Any]) -> Reply:
    if fault["mode"] == "429":
        error = ApiError("Too many requests.", status=429, code="rate_limit")
    else:
        error = ApiError("An error occurred on our side.", status=500, kind="api_error")
    return _refusal(error)
