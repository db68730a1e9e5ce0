"""An operator at the console's door, and one inside."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from uuid import uuid4

import pytest
from django.test import Client

from accounts.domain.operators import create_operator
from accounts.models import User
from chains.models import Chain, ChainState, Domain
from console.domain.access import new_factor_key

PASSWORD = "a-long-passphrase"
HOST = "tessera.test"
_numbers = count()


@pytest.fixture()
def operator(db: None) -> User:
    """A new address each time: guesses are counted outside the database."""
    return create_operator(f"op-{uuid4().hex[:12]}@tessera.test", password=PASSWORD, name="Op")


@pytest.fixture()
def outside() -> Client:
    return Client(headers={"host": HOST}, raise_request_exception=False)


@pytest.fixture()
def inside(outside: Client, operator: User) -> Client:
    outside.post("/console/login/", {"email": operator.email, "password": PASSWORD})
    return outside


@pytest.fixture()
def factor_key() -> str:
    return new_factor_key()


def make_row(slug: str, state: ChainState = ChainState.ACTIVE, **fields: object) -> Chain:
    """A chain's row without a schema: all that the console may look at."""
    chain: Chain = Chain.objects.create(
        slug=slug,
        schema_name=f"t_{next(_numbers):a>10}".replace("0", "b"),
        name=slug.title(),
        state=state,
        **fields,
    )
    Domain.objects.create(domain=f"{slug}.tessera.test", tenant=chain)
    return chain


@pytest.fixture()
def chain_row(db: None) -> Callable[..., Chain]:
    return make_row
