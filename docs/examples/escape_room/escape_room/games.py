"""Games and results: the rules of this industry, as plain functions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.ports import ChainStart
from chains.refusals import Refusal
from escape_room.models import Game, Result
from tenants.booking.models import Booking, Status
from tenants.catalogue.models import Service
from tenants.people.domain.rights import Action, Actor, NotSeen, require

CODE = "escape_room"


class TeamSize(Refusal):
    """The game is not made for a team of that size."""

    code = "team_size"
    status = 422
    title = _("Not for a team of this size")
    detail = _("This game takes %(least)s to %(most)s players.")
    fix = _("Change the number of players, or choose another game.")


class NotPlayed(Refusal):
    """Only a team that has come has a result."""

    code = "not_played"
    status = 409
    title = _("Not played yet")
    detail = _("The team has not come yet.")
    fix = _("Redeem the booking first.")


def start_games(start: ChainStart) -> None:
    """A new chain's services of this industry's templates are games. Idempotent; nothing at other chains."""
    from escape_room.manifest import services

    if CODE not in start.chain.verticals:
        return
    names = [name for template in services for name in template.names.values()]
    Game.objects.bulk_create(
        [
            Game(service_id=service)
            for service in Service.objects.filter(name__in=names).values_list("id", flat=True)
        ],
        ignore_conflicts=True,
    )


def game_of(service_id: UUID) -> Game | None:
    """The game that a service is; None for any other service of the shop."""
    return Game.objects.filter(service_id=service_id).first()


def set_game(service_id: UUID, *, least: int, most: int, reset_minutes: int, by: Actor) -> Game:
    """Make the service a game, or change it. Raises Forbidden, NotSeen for a service that is not there."""
    require(by, Action.MANAGE_CATALOGUE)
    if not Service.objects.filter(id=service_id).exists():
        raise NotSeen
    fields = {"least": least, "most": most, "reset_minutes": reset_minutes}
    return Game.objects.update_or_create(service_id=service_id, defaults=fields)[0]


def record_result(booking_id: UUID, *, minutes: int, escaped: bool, by: Actor, now: datetime) -> Result:
    """Note how the team did; a second time corrects the first. Raises NotSeen, Forbidden, NotPlayed."""
    booking = Booking.objects.filter(id=booking_id).first()
    if booking is None or game_of(booking.service_id) is None:
        raise NotSeen
    require(by, Action.COMPLETE_BOOKING, store_id=booking.store_id)
    if booking.status not in (Status.ARRIVED, Status.COMPLETED):
        raise NotPlayed
    fields = {"store_id": booking.store_id, "at": now, "minutes": minutes, "escaped": escaped}
    return Result.objects.update_or_create(booking_id=booking_id, defaults=fields)[0]
