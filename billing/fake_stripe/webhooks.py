"""Webhooks: signed as Stripe signs them, sent until they are answered with 2xx."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from urllib.parse import urlsplit

from billing.fake_stripe.store import Store
from billing.fake_stripe.world import visible

TIMEOUT = 10
MOST_ATTEMPTS = 15
LONGEST_PAUSE = 60.0


def sign(payload: bytes, secret: str, at: int) -> str:
    """The header Stripe-Signature: the time, and an HMAC over time and body."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def deliver_due(store: Store, *, now: float | None = None) -> int:
    """Send what is due, in its order; how many were answered well. The store is not held while one is sent."""
    now = time.time() if now is None else now
    endpoint = store.setting("endpoint")
    done = 0
    for number, key, attempts in store.due_deliveries(now):
        event = store.get(key, "event")
        if event is None or endpoint is None or attempts >= MOST_ATTEMPTS:
            store.delivered(number)
            continue
        payload = json.dumps(visible(event)).encode()
        if send(endpoint["url"], payload, sign(payload, endpoint["secret"], int(time.time()))):
            store.delivered(number)
            done += 1
        else:
            store.put_off(number, now + min(2.0**attempts, LONGEST_PAUSE))
    return done


def send(url: str, payload: bytes, signature: str) -> bool:
    """Whether a webhook was answered with 2xx. Only machines that are this one are ever asked."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost"):
        return False
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature, "Host": parts.netloc}
    try:
        connection.request("POST", parts.path or "/", body=payload, headers=headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
