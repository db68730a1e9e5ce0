"""What an escape room keeps beside bookings: which services are games, and how the teams did.

Ids of the core are kept as plain UUIDs: a foreign key would make the core's tables wait for a package that may
be uninstalled one day.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Game(models.Model):
    """A service that is a game: how many may play it, and the minutes until its puzzles stand again."""

    service_id = models.UUIDField(primary_key=True)
    least = models.PositiveSmallIntegerField(default=2)
    most = models.PositiveSmallIntegerField(default=6)
    reset_minutes = models.PositiveSmallIntegerField(default=20)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(least__gte=1, least__lte=F("most")), name="game_team_in_order"
            ),
            models.CheckConstraint(condition=Q(reset_minutes__lte=180), name="game_reset_within_three_hours"),
        ]

    def __str__(self) -> str:
        return f"{self.least}-{self.most} players"


class Result(models.Model):
    """How a team did: whether it got out, and after how many minutes."""

    booking_id = models.UUIDField(primary_key=True)
    store_id = models.UUIDField()
    at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    escaped = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["store_id", "at"], name="result_by_store_time")]

    def __str__(self) -> str:
        return f"{'out' if self.escaped else 'locked in'} after {self.minutes} min"
