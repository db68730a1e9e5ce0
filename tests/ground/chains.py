"""Chains to test with, cloned from the run's one template."""

from __future__ import annotations

from dataclasses import dataclass

from chains.hosts import ChainInfo
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema, drop_schema
from chains.scope import platform_scope
from tests.ground.cast import NOW


@dataclass(frozen=True)
class TwoChains:
    """Two chains with nothing in them."""

    a: ChainInfo
    b: ChainInfo


# Chains that stand for the whole run of a worker, as they were made.
_standing: dict[str, Chain] = {}
_KEPT = [field.name for field in Chain._meta.concrete_fields if not field.primary_key and not field.generated]


def make_chain(slug: str, *, standing: bool = False, **fields: object) -> ChainInfo:
    """A chain with its schema, address and nothing else, open for bookings.

    `standing` ones survive the end of a test.
    """
    from django.conf import settings

    schema = new_schema_name()
    with owner_connection() as owner:
        build_schema(owner, schema, pooled=False)
    with platform_scope():
        chain = Chain.objects.create(
            slug=slug,
            schema_name=schema,
            **{"name": slug.title(), "state": ChainState.TRIAL, "opened_at": NOW, **fields},
        )
        Domain.objects.create(domain=f"{slug}.{settings.BASE_HOST}", tenant=chain, is_primary=True)
    if standing:
        _standing[schema] = chain
    return ChainInfo.of(chain)


def empty_chain(chain: ChainInfo) -> None:
    """Remove every row a test left in a chain; content types and migrations stay."""
    from psycopg import sql

    with owner_connection() as owner:
        tables = owner.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s"
            " AND tablename NOT IN ('django_migrations', 'django_content_type')",
            (chain.schema_name,),
        ).fetchall()
        owner.execute(
            sql.SQL("TRUNCATE {} CASCADE").format(
                sql.SQL(", ").join(sql.Identifier(chain.schema_name, name) for (name,) in tables)
            )
        )
        owner.execute("DELETE FROM public.chains_duework WHERE schema = %s", (chain.schema_name,))


def empty_public() -> None:
    """Remove the public rows and the chains that a test left; standing chains stay, as they were made."""
    with owner_connection() as owner:
        gone = owner.execute(
            "SELECT schema_name FROM public.chains_chain WHERE schema_name <> ALL(%s)"
            " UNION SELECT schema FROM public.chains_pooledschema",
            (sorted(_standing),),
        ).fetchall()
        owner.execute(
            "TRUNCATE public.chains_signup, public.chains_platformanswer, public.chains_duework, public.chains_operatoract,"
            " public.chains_schemamigration, public.accounts_user, public.django_session CASCADE"
        )
        owner.execute(
            "DELETE FROM public.chains_domain WHERE tenant_id IN"
            " (SELECT id FROM public.chains_chain WHERE schema_name <> ALL(%s))",
            (sorted(_standing),),
        )
        owner.execute("DELETE FROM public.chains_chain WHERE schema_name <> ALL(%s)", (sorted(_standing),))
        for (schema,) in gone:
            drop_schema(owner, schema)
    # a test that closes or opens chains must not be felt by those that come after it in this worker
    with platform_scope():
        restored = Chain.objects.bulk_update(_standing.values(), _KEPT) if _standing else 0
    assert restored == len(_standing)
