"""Chains to test with, cloned from the run's one template."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache
from psycopg.errors import DeadlockDetected
from psycopg.types.json import Jsonb

from accounts.ids import new_id
from chains.hosts import ChainInfo
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.schemas.owner import OwnerConnection, owner_connection
from chains.schemas.pool import build_schema, drop_schema
from chains.scope import platform_scope
from tests.ground.cast import NOW
from tests.ground.sweep import keep_row, put_back, superuser, sweep, tables_of, with_referring


@dataclass(frozen=True)
class TwoChains:
    """Two chains with nothing in them."""

    a: ChainInfo
    b: ChainInfo


# Chains that stand for the whole run of a worker, by schema: their row's id and the row as it was made.
_standing: dict[str, tuple[UUID, Jsonb]] = {}
# What leads to them: a chain that is closed loses it.
_addresses: dict[UUID, str] = {}
# Schemas that outlive the chains in them, each with the id of whatever chain stands there; and those in which one stands.
_lent: dict[str, UUID] = {}
_taken: set[str] = set()
CHAINS = "public.chains_chain"
LEFT = (
    "public.chains_signup", "public.chains_platformanswer", "public.chains_duework", "public.chains_operatoract",
    "public.chains_schemamigration", "public.accounts_user", "public.django_session",
    "public.billing_customer", "public.billing_difference", "public.billing_round", "public.billing_intent", "public.billing_invoice",
    "public.billing_stripeevent", "public.billing_subscription", "public.billing_chainstanding",
    "public.billing_standingstep", "public.billing_revenuechange", "public.billing_notice", "public.billing_usagemonth",
)  # fmt: skip


def make_chain(slug: str, *, standing: bool = False, **fields: object) -> ChainInfo:
    """A chain with its schema, address and nothing else, open for bookings.

    `standing` ones survive the end of a test.
    """
    schema = _new_schema()
    chain = _make_row(slug, schema, **fields)
    if standing:
        _standing[schema] = (chain.id, keep_row(CHAINS, chain.id))
        _addresses[chain.id] = _address(slug)
    return ChainInfo.of(chain)


def lend_chain(slug: str, **fields: object) -> ChainInfo:
    """The same for a test that leaves a schema's structure alone: its schema had another test's chain in it before.

    Row, slug and address are the test's own; the chain's id goes with the schema. No row is in that, and in Valkey
    nothing of what was counted there.
    """
    schema = next((one for one in _lent if one not in _taken), None) or _new_schema()
    _taken.add(schema)
    sweep(tables_to_empty(schema))
    cache.clear()
    chain = _make_row(slug, schema, id=_lent.get(schema) or new_id(), **fields)
    _lent[schema] = chain.id
    return ChainInfo.of(chain)


def _new_schema() -> str:
    schema = new_schema_name()
    with owner_connection() as owner:
        build_schema(owner, schema, pooled=False)
    return schema


def _make_row(slug: str, schema: str, **fields: object) -> Chain:
    with platform_scope():
        chain: Chain = Chain.objects.create(
            slug=slug,
            schema_name=schema,
            **{"name": slug.title(), "state": ChainState.TRIAL, "opened_at": NOW, **fields},
        )
        Domain.objects.create(domain=_address(slug), tenant=chain, is_primary=True)
    return chain


def _address(slug: str) -> str:
    from django.conf import settings

    return f"{slug}.{settings.BASE_HOST}"


def empty_chain(chain: ChainInfo) -> None:
    """Remove every row a test left in a standing chain; content types and migrations stay."""
    sweep(tables_to_empty(chain.schema_name))
    superuser().execute("DELETE FROM public.chains_duework WHERE schema = %s", (chain.schema_name,))


def tables_to_empty(schema: str) -> tuple[str, ...]:
    """The tables of a standing chain in which a test may leave rows."""
    return tables_of(schema, but=("django_migrations", "django_content_type"))


def empty_public() -> None:
    """Remove the public rows and the chains that a test left; standing chains stay, as they were made."""
    standing = sorted(_standing)
    connection = superuser()
    gone = connection.execute(
        "SELECT schema_name FROM public.chains_chain WHERE schema_name <> ALL(%s)"
        " UNION SELECT schema FROM public.chains_pooledschema",
        (standing,),
    ).fetchall()
    sweep(with_referring(LEFT))
    connection.execute(
        "DELETE FROM public.chains_domain WHERE tenant_id IN"
        " (SELECT id FROM public.chains_chain WHERE schema_name <> ALL(%s))",
        (standing,),
    )
    connection.execute("DELETE FROM public.chains_chain WHERE schema_name <> ALL(%s)", (standing,))
    _taken.clear()
    if dropped := [schema for (schema,) in gone if schema not in _lent]:
        with owner_connection() as owner:
            for schema in dropped:
                _drop_in_use(owner, schema)
    # a test that closes or opens chains must not be felt by those that come after it in this worker
    for chain_id, row in _standing.values():
        put_back(CHAINS, chain_id, row)
        connection.execute(
            "INSERT INTO public.chains_domain (domain, is_primary, tenant_id) VALUES (%s, true, %s)"
            " ON CONFLICT DO NOTHING",
            (_addresses[chain_id], chain_id),
        )


def _drop_in_use(owner: OwnerConnection, schema: str) -> None:
    """Drop a schema that a web process may still be answering from: a page's last request outlives its test."""
    for attempt in range(5):
        try:
            drop_schema(owner, schema)
        except DeadlockDetected:
            if attempt == 4:
                raise
        else:
            return
