"""What the provisioner does between sign-ups: the pool of ready schemas, and what failures left behind.

Everything here needs the owner's login and may be stopped and started anew at any point.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings

from chains.domain.housekeeping import ensure_platform_round
from chains.models import (
    Chain,
    ChainState,
    PooledSchema,
    SignupState,
    new_schema_name,
)
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema, drop_failed, drop_pooled
from chains.schemas.template import current_version
from chains.scope import platform_scope

log = structlog.get_logger("provisioner")

# Ready schemas of another version: the batch migrator brings them along, or they go after this time.
STALE_AFTER = timedelta(minutes=10)


def top_up_pool(*, target: int | None = None) -> bool:
    """Build one schema if fewer than `target` (default: settings.POOL_TARGET) are ready; whether it did.

    One at a time, so that a sign-up never waits for more than one. Of several provisioners one builds.
    """
    wanted = settings.POOL_TARGET if target is None else target
    with platform_scope():
        ready = PooledSchema.objects.filter(version=current_version()).count()
    if ready >= wanted:
        return False
    with owner_connection() as owner:
        (free,) = owner.execute("SELECT pg_try_advisory_lock(hashtext('tessera.pool'))").fetchone() or (
            False,
        )
        if free:
            build_schema(owner, new_schema_name())
    return bool(free)


def drop_remains(*, now: datetime) -> int:
    """Drop the schemas of failed sign-ups, forget their chains, drop stale ready schemas; how many went."""
    with platform_scope():
        failed = list(
            Chain.objects.filter(
                signup__state=SignupState.FAILED, state=ChainState.CLOSED, opened_at__isnull=True
            ).values_list("id", "schema_name")
        )
        stale = list(
            PooledSchema.objects.exclude(version=current_version())
            .filter(created_at__lt=now - STALE_AFTER)
            .values_list("schema", flat=True)
        )
    if not failed and not stale:
        return 0
    with owner_connection() as owner:
        # the lists may be old by now: each drop looks again, in its own transaction
        gone = {chain_id: schema for chain_id, schema in failed if drop_failed(owner, schema)}
        dropped = [schema for schema in stale if drop_pooled(owner, schema, keep=current_version())]
    for schema in [*gone.values(), *dropped]:
        log.info("schema_dropped", schema=schema)
    with platform_scope():
        Chain.objects.filter(id__in=gone, state=ChainState.CLOSED).delete()
    return len(gone) + len(dropped)


def keep_house(*, now: datetime) -> bool:
    """One round of all of it; whether there may be more to do at once.

    What needs no owner's login is the platform's housekeeping; here it is only seen that it runs.
    """
    drop_remains(now=now)
    with platform_scope():
        ensure_platform_round(now=now)
    return top_up_pool()
