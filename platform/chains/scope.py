"""The one way into a chain's schema.

Which scope is active is a context variable: it follows the thread or the async task, never the
database session. The database wrapper (chains.postgresql) reads it before each statement and puts
path and role into the running transaction. There is no other entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data a statement sees: a chain's schema, or the platform's (`chain_id` is None)."""

    schema: str
    chain_id: UUID | None

    @property
    def role(self) -> str:
        """The PostgreSQL role that statements of this scope run as."""
        return role_of(self.schema)

    @property
    def search_path(self) -> str:
        """The schemas that unqualified names are looked up in; a chain never falls through to public."""
        return f'"{self.schema}", extensions'


class HasSchema(Protocol):
    """What a scope can be opened for: a Chain row, or the cached ChainInfo of a host."""

    @property
    def id(self) -> UUID: ...

    @property
    def schema_name(self) -> str: ...


PUBLIC = "public"
PLATFORM = Scope(schema=PUBLIC, chain_id=None)

_current: ContextVar[Scope] = ContextVar("tessera_scope", default=PLATFORM)


class NoChain(RuntimeError):
    """Chain data was asked for outside a chain's scope: a programming error, never a refusal."""


def role_of(schema: str) -> str:
    """The role that belongs to a schema: roles are global to a cluster, so they carry the database's tag."""
    name = "platform" if schema == PUBLIC else schema
    return f"r_{settings.ROLE_TAG}_{name}"


def current() -> Scope:
    """The active scope; the platform's where none was entered."""
    return _current.get()


def current_chain_id() -> UUID:
    """The id of the chain whose scope is active. Raises NoChain in the platform's scope."""
    chain_id = _current.get().chain_id
    if chain_id is None:
        raise NoChain("no chain's scope is active")
    return chain_id


@contextmanager
def chain_scope(chain: HasSchema) -> Iterator[None]:
    """Run the block on the chain's data, in one transaction that commits at the end.

    Entered again for the same chain it joins the running transaction as a savepoint. Entering
    another chain's scope, or a chain's scope from within a transaction of the platform, raises
    RuntimeError: no transaction may span two owners of data.
    """
    with _scope(Scope(schema=chain.schema_name, chain_id=chain.id)):
        yield


@contextmanager
def platform_scope() -> Iterator[None]:
    """Run the block on the public schema, in one transaction. The same rules as chain_scope."""
    with _scope(PLATFORM):
        yield


@contextmanager
def _scope(scope: Scope) -> Iterator[None]:
    joins = _current.get() == scope and transaction.get_connection().in_atomic_block
    token = _current.set(scope)
    try:
        with transaction.atomic(durable=not joins):
            yield
    finally:
        _current.reset(token)
