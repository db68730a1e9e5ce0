"""Passes kept as pools: the credits port as this app itself can serve it, with a line for whatever happens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.refusals import Refusal
from tenants.booking.models import Booking, CreditLine, MemberPass, Pool
from tenants.catalogue.models import Service
from tenants.people.domain.rights import Actor, NotSeen

from .claims import PASS, PoolClaim, Wanted
from .credits import UsablePass


class PassNotForThis(Refusal):
    """The pass pays for other services."""

    code = "pass_not_for_this"
    status = 422
    title = _("Not with this pass")
    detail = _("“%(name)s” is not for this service.")
    fix = _("Book without the pass, or choose another one.")


def give_pass(
    member_id: UUID, *, name: str, credits: int, now: datetime, service_ids: tuple[UUID, ...] = ()
) -> MemberPass:
    """A new pass of so many credits (at least 1) for the services; for all where none is named."""
    pool = Pool.objects.create(id=new_id(), kind=PASS, name=name, capacity=credits)
    found = MemberPass.objects.create(member_id=member_id, name=name, pool=pool, created_at=now)
    found.services.set(Service.objects.filter(id__in=service_ids))
    return found


def _left(found: QuerySet[MemberPass]) -> list[UsablePass]:
    return [
        UsablePass(one.id, one.name, one.pool.capacity - one.pool.taken)
        for one in found.order_by("created_at", "id")
    ]


class PoolCredits:
    """See credits.Credits. A credit that is reserved or used up is claimed until its booking ends."""

    def usable(self, member_id: UUID, service_id: UUID) -> list[UsablePass]:
        """The member's passes for the service, or for all, with something left in their pools."""
        found = MemberPass.objects.select_related("pool").filter(
            Q(services=service_id) | Q(services__isnull=True),
            member_id=member_id,
            pool__taken__lt=F("pool__capacity"),
        )
        return _left(found)

    def balances(self, member_id: UUID) -> list[UsablePass]:
        """What the pools of the member's passes still hold."""
        found = MemberPass.objects.select_related("pool")
        return _left(found.filter(member_id=member_id, pool__taken__lt=F("pool__capacity")))

    def name_of(self, pass_id: UUID) -> str:
        """The name it was given."""
        return MemberPass.objects.filter(id=pass_id).values_list("name", flat=True).first() or ""

    def reserve(self, booking: Booking, *, units: int, by: Actor, now: datetime) -> Wanted:
        """The claim on the pass's pool."""
        found = MemberPass.objects.filter(id=booking.pass_id, member_id=booking.member_id)
        mine = found.prefetch_related("services").first()
        if mine is None:
            raise NotSeen
        allowed = {service.id for service in mine.services.all()}
        if allowed and booking.service_id not in allowed:
            raise PassNotForThis(params={"name": mine.name})
        self._note(booking, "reserved", now=now, units=units)
        return PoolClaim(mine.pool_id, units)

    def consume(self, booking: Booking, *, now: datetime) -> None:
        """A line: the claim stays until the booking is over, and is used up then."""
        self._note(booking, "consumed", now=now)

    def restore(self, booking: Booking, *, now: datetime) -> None:
        """A line: the claim has stayed."""
        self._note(booking, "restored", now=now)

    def give_back(self, booking: Booking, *, forfeit: bool, now: datetime) -> None:
        """A line: the claim is let go of with the booking."""
        self._note(booking, "forfeited" if forfeit else "returned", now=now)

    def _note(self, booking: Booking, kind: str, *, now: datetime, units: int | None = None) -> None:
        if units is None:
            lines = CreditLine.objects.filter(booking_id=booking.id, kind="reserved")
            units = lines.order_by("-id").values_list("units", flat=True).first() or 1
        CreditLine.objects.create(
            member_pass_id=booking.pass_id, booking_id=booking.id, kind=kind, units=units, at=now
        )
