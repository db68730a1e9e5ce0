"""A program that calls a chain's API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from api.domain.tokens import issue_token
from chains.hosts import ChainInfo
from chains.scope import chain_scope
from tests.ground.cast import Chain


class Program:
    """Calls `/api/v1/…` of one chain's host, as one person or nobody."""

    def __init__(self, chain: ChainInfo, token: str | None = None) -> None:
        self.chain = chain
        self.token = token or ""
        self.client = Client(HTTP_HOST=f"{chain.slug}.tessera.test", raise_request_exception=False)

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Any:
        """Send JSON; bytes and str go as they are."""
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if key is not None:
            headers["Idempotency-Key"] = key
        headers.setdefault("Accept-Language", "en")
        data = body if isinstance(body, bytes | str) else b"" if body is None else json.dumps(body)
        return self.client.generic(
            method, f"/api/v1/{path}", data, content_type="application/json", headers=headers
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.call("POST", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.call("PATCH", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.call("PUT", path, body, **options)


def employee_program(chain: Chain, name: str) -> Program:
    """One of the cast's employees, with a fresh token."""
    with chain_scope(chain.info):
        token = issue_token(employee_id=chain.employees[name].id, now=timezone.now())
    return Program(chain.info, token)


def member_program(chain: Chain, name: str) -> Program:
    """One of the cast's members, with a fresh token."""
    with chain_scope(chain.info):
        token = issue_token(member_id=chain.members[name].id, now=timezone.now())
    return Program(chain.info, token)


@pytest.fixture()
def framework(settings: Any) -> None:
    """A chain's host serves tests/api/urls.py."""
    settings.CHAIN_URLCONF = "tests.api.urls"
