"""What operators ask of the public tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from chains.domain.lifecycle import UnknownChain
from chains.models import Chain, ChainState, DueWork, PooledSchema, SchemaMigration, Signup
from chains.schemas.template import current_version


def find_chain(name: str) -> Chain:
    """The chain called so: its address (of an open one), its schema, or its id. Raises UnknownChain."""
    chain = (
        Chain.objects.exclude(state=ChainState.CLOSED).filter(slug=name).first()
        or Chain.objects.filter(schema_name=name).first()
        or _by_id(name)
    )
    if chain is None:
        raise UnknownChain
    return chain


def _by_id(name: str) -> Chain | None:
    try:
        found: Chain | None = Chain.objects.filter(id=UUID(name)).first()
    except ValueError:
        return None
    return found


@dataclass(frozen=True, slots=True)
class PlatformFigures:
    """How the platform stands; all from public tables. `pool_ready` counts what a sign-up can take now."""

    chains: dict[ChainState, int]
    signups_this_week: int
    due_now: int
    oldest_due_at: datetime | None
    pool_ready: int
    failed_migrations: int


def platform_figures(*, now: datetime) -> PlatformFigures:
    """Counts for the console's first page; a fixed number of queries."""
    by_state = dict(Chain.objects.values_list("state").annotate(Count("id")).order_by())
    due = DueWork.objects.filter(due_at__lte=now)
    return PlatformFigures(
        chains={state: by_state.get(state.value, 0) for state in ChainState},
        signups_this_week=Signup.objects.filter(created_at__gt=now - timedelta(days=7)).count(),
        due_now=due.count(),
        oldest_due_at=due.order_by("due_at").values_list("due_at", flat=True).first(),
        pool_ready=PooledSchema.objects.filter(version=current_version()).count(),
        failed_migrations=SchemaMigration.objects.filter(state="failed").count(),
    )
