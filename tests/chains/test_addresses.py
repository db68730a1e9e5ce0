"""Whose address limits count: a header is believed as far as our own proxies wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from chains.addresses import client_address
from web.staff.adapter import AccountAdapter

ROOT = Path(__file__).resolve().parents[2]
PROXY, VISITOR, FORGED = "10.0.0.1", "198.51.100.7", "203.0.113.99"


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, None, PROXY),
        (0, VISITOR, PROXY),
        (0, f"{FORGED}, {VISITOR}", PROXY),
        (1, None, PROXY),
        (1, VISITOR, VISITOR),
        (1, f"{FORGED}, {VISITOR}", VISITOR),
        (1, f"{FORGED},nonsense", PROXY),
        (1, "2001:DB8::7", "2001:db8::7"),
        (2, VISITOR, PROXY),
        (2, f"{VISITOR}, 10.0.0.2", VISITOR),
        (2, f"{FORGED}, {VISITOR}, 10.0.0.2", VISITOR),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_saw(
    trusted: int, forwarded: str | None, address: str, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = trusted
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=PROXY)
    assert client_address(request) == address
    assert AccountAdapter(request).get_client_ip(request) == address


def test_nothing_else_reads_the_address_of_a_request() -> None:
    readers = {
        str(file.relative_to(ROOT))
        for folder in ("platform", "tenants", "billing", "api", "web", "verticals")
        for file in (ROOT / folder).rglob("*.py")
        if any(word in file.read_text() for word in ("REMOTE_ADDR", "X-Forwarded-For", "X_FORWARDED_FOR"))
    }
    assert readers == {"platform/chains/addresses.py"}
