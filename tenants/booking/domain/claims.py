"""Claims: what a booking or a session holds. `set_claims` writes claims and what pools have taken; what a new
booking takes in the message that writes it, fresh.py does. There is no third door.

Order of locks, for every transaction that books, moves or lets go (docs/decisions/0006-claims.md):
the row of the session or window, the booking's or member's, then resources by id (`FOR NO KEY UPDATE`), then pools by id (a guarded
UPDATE). Then check, then write. The exclusion and check constraints stand behind it, for whatever
might one day write past this door.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.postgresql.ask import Question, ask, done
from chains.refusals import Refusal
from tenants.booking.models import Claim, Pool
from tenants.stores.models import Resource

from .against import OUTDATED, Against, AsRead, read_against
from .attempts import Raced
from .spans import Span


class SlotTaken(Refusal):
    """Another booking holds one of the resources at that time; `claims` are all that cannot be had."""

    code = "slot_taken"
    status = 409
    title = _("Just taken")
    detail = _("%(name)s is already booked at that time.")
    fix = _("Choose one of the other times.")
    claims: tuple[ResourceClaim, ...] = ()


class SessionFull(Refusal):
    """No seat is left in the session."""

    code = "session_full"
    status = 409
    title = _("Session full")
    detail = _("There are not enough places left.")
    fix = _("Choose another session.")


class WindowFull(Refusal):
    """The pickup window has no room for another order."""

    code = "window_full"
    status = 409
    title = _("Pickup window full")
    detail = _("No more orders can be picked up in that window.")
    fix = _("Choose another window.")


class OutOfStock(Refusal):
    """Fewer units are left than asked for."""

    code = "out_of_stock"
    status = 409
    title = _("Out of stock")
    detail = _("There are not enough left.")
    fix = _("Choose fewer, or something else.")


class PassUsedUp(Refusal):
    """Fewer credits are left on the pass than the booking takes."""

    code = "pass_used_up"
    status = 409
    title = _("Pass used up")
    detail = _("The pass has %(left)s visits left.")
    fix = _("Book without the pass, or choose another one.")


Full = SessionFull | WindowFull | OutOfStock | PassUsedUp
FULL = (SessionFull, WindowFull, OutOfStock, PassUsedUp)
# The kinds of pools that refuse in words of their own; any other is stock.
SESSION, WINDOW, STOCK, PASS = "session", "window", "stock", "pass"
_FULL: dict[str, type[SessionFull] | type[WindowFull] | type[OutOfStock] | type[PassUsedUp]] = {
    SESSION: SessionFull,
    WINDOW: WindowFull,
    PASS: PassUsedUp,
}
# Who a claim belongs to.
Holder = Literal["booking", "session"]


@dataclass(frozen=True, slots=True)
class ResourceClaim:
    """A resource over a range, its preparation and clean-up included, for the `role` of a service's need.

    `store_id` is where a practitioner will be: claims at other stores then stand against it for as long as
    the way there takes. `over`: by permission it is taken even where another booking holds it. `read` is
    what the choice was made from.
    """

    resource_id: UUID
    during: Span
    role: str = ""
    store_id: UUID | None = None
    over: bool = False
    read: AsRead | None = None


@dataclass(frozen=True, slots=True)
class PoolClaim:
    """`units` (at least 1) of a pool."""

    pool_id: UUID
    units: int = 1


Wanted = ResourceClaim | PoolClaim


def set_claims(
    holder_id: UUID,
    *,
    wanted: Sequence[Wanted],
    fresh: bool = False,
    holder: Holder = "booking",
    used_up: frozenset[str] = frozenset(),
) -> None:
    """Make `wanted` exactly what the booking (or session) holds: all of it, or nothing changes.

    Takes, moves and lets go in one: nothing wanted releases everything. A resource that stays is
    updated in place, so that a holder never clashes with itself, and what is new is taken before what
    is old is let go. Needs a transaction whose caller holds the booking or its member. Raises SlotTaken,
    SessionFull, WindowFull, OutOfStock or PassUsedUp, naming the claims that failed; then the caller's
    transaction can go on as if nothing was asked. `fresh` says that the holder is new and holds nothing
    yet. What is let go of a pool whose kind is in `used_up` does not come back: its capacity shrinks.
    """
    resources = [want for want in wanted if isinstance(want, ResourceClaim)]
    pools = [want for want in wanted if isinstance(want, PoolClaim)]
    try:
        with transaction.atomic():
            if resources:
                lock_resources(want.resource_id for want in resources)
                check_free(holder_id, [want for want in resources if not want.over])
                resources = _over_only_where_taken(holder_id, resources)
            held = [] if fresh else _held(holder_id, holder)
            _write_resources(holder_id, holder, [claim for claim in held if claim.resource_id], resources)
            _write_pools(holder_id, holder, [claim for claim in held if claim.pool_id], pools, used_up)
    except IntegrityError as error:
        raise _refusal_of(error, resources, pools) from error


def _held(holder_id: UUID, holder: Holder) -> list[Claim]:
    return list(Claim.objects.select_related("pool").filter(**{f"{holder}_id": holder_id}, active=True))


def release_claims(
    holder_id: UUID, *, holder: Holder = "booking", used_up: frozenset[str] = frozenset()
) -> None:
    """Let go of all that the booking or session holds. Giving back needs no lock but the pools' rows."""
    set_claims(holder_id, wanted=(), holder=holder, used_up=used_up)


def active_claims(booking_id: UUID) -> list[UUID]:
    """The ids of what the booking holds now."""
    return [claim.id for claim in _held(booking_id, "booking")]


def claims_of(booking_id: UUID) -> tuple[Wanted, ...]:
    """What the booking holds now, as it would be wanted."""
    return wanted_of(_held(booking_id, "booking"))


def wanted_of(claims: Iterable[Claim]) -> tuple[Wanted, ...]:
    """The claims as they would be wanted again."""
    wanted: list[Wanted] = []
    for claim in claims:
        if claim.pool_id is not None:
            wanted.append(PoolClaim(claim.pool_id, claim.units))
        elif claim.resource_id is not None and claim.starts_at is not None and claim.ends_at is not None:
            span = Span(claim.starts_at, claim.ends_at)
            wanted.append(ResourceClaim(claim.resource_id, span, claim.role, over=claim.overbooked))
    return tuple(wanted)


def lock_resources(resource_ids: Iterable[UUID]) -> None:
    """Whoever wants one of these waits until our transaction ends. Late, once, in the order of ids."""
    ask(lock_question(resource_ids))


def lock_question(resource_ids: Iterable[UUID]) -> Question[None]:
    """What lock_resources asks."""
    return Question(
        "SELECT id FROM stores_resource WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        (sorted(set(resource_ids)),),
        done,
    )


def lock_practitioner_question(practitioner_id: UUID) -> Question[UUID | None]:
    """Lock the resource of the practitioner, as lock_resources would; which it is, None where there is none."""
    return Question(
        "SELECT id FROM stores_resource WHERE id = (SELECT resource_id FROM people_employee WHERE id = %s)"
        " FOR NO KEY UPDATE",
        (practitioner_id,),
        lambda rows: rows[0][0] if rows else None,
    )


def check_free(holder_id: UUID, wanted: Sequence[ResourceClaim]) -> None:
    """Raise SlotTaken, with every claim that another booking or session stands against; Raced, see AsRead."""
    if wanted:
        none_against(read_against(wanted, but=holder_id), wanted)


def none_against(against: Sequence[Against], wanted: Sequence[ResourceClaim]) -> None:
    """Raise as check_free for what was read."""
    conflicts = _conflicts(against, wanted)
    if conflicts:
        refusal = slot_taken(conflicts[0].resource_id)
        refusal.claims = tuple(conflicts)
        raise refusal


def _over_only_where_taken(holder_id: UUID, wanted: list[ResourceClaim]) -> list[ResourceClaim]:
    """Claims that may be taken over others, marked so only where another really stands against them."""
    if not any(want.over for want in wanted):
        return wanted
    against = set(_conflicts(read_against(wanted, but=holder_id), wanted))
    return [replace(want, over=want in against) for want in wanted]


def _conflicts(against: Sequence[Against], wanted: Sequence[ResourceClaim]) -> list[ResourceClaim]:
    """Those of `wanted` that others stand against, in their order; Raced where one was read from an old plan."""
    places = dict.fromkeys(place for place, _booking in against)
    if OUTDATED in places:
        raise Raced
    return [wanted[place - 1] for place in places]


def held_resources(booking_id: UUID) -> set[UUID]:
    """The resources that the booking holds now."""
    held = Claim.objects.filter(booking_id=booking_id, active=True, resource__isnull=False)
    return set(held.values_list("resource_id", flat=True))


def holders_of(wanted: Sequence[Wanted], *, but: UUID) -> list[UUID]:
    """The other bookings that hold any of the resources then, or units of any of the pools."""
    resources = [want for want in wanted if isinstance(want, ResourceClaim)]
    pools = [want.pool_id for want in wanted if isinstance(want, PoolClaim)]
    against = read_against(resources, but=but) if resources else []
    found = {booking for _place, booking in against if booking is not None}
    if pools:
        holding = Claim.objects.filter(active=True, pool_id__in=pools).exclude(booking_id=but)
        found.update(holding.values_list("booking_id", flat=True))
    return sorted(found)


def _write_resources(holder_id: UUID, holder: Holder, held: list[Claim], wanted: list[ResourceClaim]) -> None:
    old: dict[UUID, list[Claim]] = defaultdict(list)
    for claim in held:
        assert claim.resource_id is not None
        old[claim.resource_id].append(claim)
    new: list[Claim] = []
    counts = Counter(want.resource_id for want in wanted)
    for want in wanted:
        stays = old.get(want.resource_id, [])
        if len(stays) == 1 and counts[want.resource_id] == 1:
            Claim.objects.filter(id=stays.pop().id).update(**_row(want))
        else:
            # several segments of one resource may pass through each other: its own old ones go first
            _deactivate(old.pop(want.resource_id, []))
            new.append(new_claim(holder_id, holder, want))
    Claim.objects.bulk_create(new)
    _deactivate([claim for claims in old.values() for claim in claims])


def new_claim(holder_id: UUID, holder: Holder, want: Wanted) -> Claim:
    """The row, still to be written."""
    return Claim(**claim_columns(holder_id, holder, want))


def claim_columns(holder_id: UUID, holder: Holder, want: Wanted) -> dict[str, Any]:
    """The columns of new_claim."""
    of = {"id": new_id(), f"{holder}_id": holder_id}
    if isinstance(want, PoolClaim):
        return {**of, "pool_id": want.pool_id, "units": want.units}
    return {**of, "resource_id": want.resource_id, **_row(want)}


def _row(want: ResourceClaim) -> dict[str, Any]:
    span = want.during
    return {
        "during": DateTimeTZRange(span.start, span.end),
        "starts_at": span.start,
        "ends_at": span.end,
        "role": want.role,
        "overbooked": want.over,
    }


def _deactivate(claims: Sequence[Claim]) -> None:
    if claims:
        Claim.objects.filter(id__in=[claim.id for claim in claims]).update(active=False)


def _write_pools(
    holder_id: UUID, holder: Holder, held: list[Claim], wanted: list[PoolClaim], used_up: frozenset[str]
) -> None:
    """Move every pool by the difference, in the order of their ids; then the claims follow."""
    old = Counter[UUID]()
    spent = set[UUID]()
    for claim in held:
        assert claim.pool_id is not None and claim.pool is not None
        old[claim.pool_id] += claim.units
        if claim.pool.kind in used_up:
            spent.add(claim.pool_id)
    new = Counter[UUID]()
    for want in wanted:
        new[want.pool_id] += want.units
    for pool_id in sorted(old.keys() | new.keys()):
        more = new[pool_id] - old[pool_id]
        if more and not take_units(pool_id, more, used_up=pool_id in spent):
            raise pool_full(pool_id, more)
    gone = [claim for claim in held if claim.pool_id is not None and old[claim.pool_id] != new[claim.pool_id]]
    _deactivate(gone)
    Claim.objects.bulk_create(
        new_claim(holder_id, holder, PoolClaim(pool_id, units))
        for pool_id, units in sorted(new.items())
        if units != old[pool_id]
    )


def take_units(pool_id: UUID, units: int, *, used_up: bool = False) -> bool:
    """Take `units` of a pool (give back where negative), unless it would hold fewer: the guard is the WHERE.

    What is given back used up leaves the capacity too.
    """
    changes = {"taken": F("taken") + units}
    if used_up and units < 0:
        changes["capacity"] = F("capacity") + units
    return bool(Pool.objects.filter(id=pool_id, taken__lte=F("capacity") - units).update(**changes))


def slot_taken(resource_id: UUID) -> SlotTaken:
    """The refusal that names the resource."""
    resource = Resource.objects.filter(id=resource_id).values("name", "kind").first()
    named = resource or {"name": "", "kind": ""}
    return SlotTaken(
        params={"name": named["name"]},
        extra={
            "claim": {"resource": str(resource_id), "resource_name": named["name"], "kind": named["kind"]}
        },
    )


def pool_full(pool_id: UUID, units: int) -> Full:
    """The refusal that names the pool, by its kind."""
    pool = Pool.objects.filter(id=pool_id).only("id", "name", "kind", "capacity", "taken").first()
    if pool is None:
        return OutOfStock(extra={"claim": {"pool": str(pool_id), "units": units, "left": 0}})
    return refusal_of_pool(pool, units)


def refusal_of_pool(pool: Pool, units: int) -> Full:
    """As pool_full, of a pool as it was read."""
    left = max(0, pool.capacity - pool.taken)
    claim = {"pool": str(pool.id), "pool_name": pool.name, "kind": pool.kind, "units": units, "left": left}
    return _FULL.get(pool.kind, OutOfStock)(params={"left": left, "name": pool.name}, extra={"claim": claim})


def _refusal_of(error: IntegrityError, resources: list[ResourceClaim], pools: list[PoolClaim]) -> Exception:
    """What a constraint said, as the refusal a person understands; other errors stay what they are."""
    constraint = constraint_of(error)
    if constraint == "claim_resource_once_at_a_time" and resources:
        return slot_taken(resources[0].resource_id)
    if constraint == "pool_never_oversold" and pools:
        return pool_full(pools[0].pool_id, pools[0].units)
    return error


def constraint_of(error: BaseException) -> str:
    """The name of the constraint that a database error came from; empty where it came from none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", None) or "")
