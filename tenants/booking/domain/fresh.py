"""Claims of a booking that is written together with them, in as few messages as there can be.

The order of locks and the checks are those of claims.py: the resources by id, then what stands against them,
read behind the lock; pools by id, last of all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from chains.anew import writes_may_wait
from chains.postgresql.ask import Question, ask_all, done, insertion_of
from tenants.booking.models import Claim

from .against import against_question
from .claims import PoolClaim, ResourceClaim, Wanted, claim_columns, lock_question, none_against, pool_full


def lock_free(holder_id: UUID, wanted: Sequence[ResourceClaim]) -> None:
    """Lock the resources, then raise as check_free; nothing stays locked where it raises. One message."""
    with transaction.atomic():
        locks = lock_question(want.resource_id for want in wanted)
        none_against(ask_all([locks, against_question(wanted, but=holder_id)])[1], wanted)


def new_claims(booking_id: UUID, wanted: Sequence[Wanted]) -> list[Question[Any]]:
    """What writes all claims of a booking that is written with them, resources that lock_free has locked and pools.

    The answer of a pool without that many units left is its refusal, and the caller undoes the whole message; where
    writes may wait it is the constraint's, and the act is begun anew.
    Pools come last, by id: whoever wants the same ones waits only until this transaction ends.
    """
    if not wanted:
        return []
    units = Counter[UUID]()
    for want in wanted:
        if isinstance(want, PoolClaim):
            units[want.pool_id] += want.units
    resources = [want for want in wanted if isinstance(want, ResourceClaim)]
    pools = [PoolClaim(pool_id, count) for pool_id, count in sorted(units.items())]
    each: list[Wanted] = [*resources, *pools]
    rows = [claim_columns(booking_id, "booking", want) for want in each]
    return [insertion_of(Claim, rows), *(_take_question(pool) for pool in pools)]


def _take_question(pool: PoolClaim) -> Question[None]:
    """Where nobody will read the answer, the check constraint says that there are not that many."""

    def read(rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            raise pool_full(pool.pool_id, pool.units)

    if writes_may_wait():
        return Question(
            "UPDATE booking_pool SET taken = taken + %s WHERE id = %s", (pool.units, pool.pool_id), done
        )
    return Question(
        "UPDATE booking_pool SET taken = taken + %s WHERE id = %s AND taken <= capacity - %s RETURNING id",
        (pool.units, pool.pool_id, pool.units),
        read,
    )
