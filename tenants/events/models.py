"""What happened (append-only) and what must still be told about it."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One thing that happened, written in the transaction in which it happened. Never changed."""

    append_only = True

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    store_id = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=0)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class Delivery(models.Model):
    """That one subscriber has not been told of one event yet. Removed when told."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, db_index=False)
    subscriber = models.CharField(max_length=64)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("event", "subscriber", name="delivery_once")]
        indexes = [models.Index(fields=["due_at"], name="delivery_due_at")]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.event_id} to {self.subscriber}"


class Effect(models.Model):
    """That an effect with this key has been brought about; a repeat does nothing."""

    write_once = True

    key = models.CharField(max_length=160, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class Usage(models.Model):
    """How much of one thing happened in one month of the chain's own calendar; what a plan may limit.

    Counted in the transaction that notes the effect, so a repeated delivery counts nothing. `pushed` is what
    the platform was told of it last.
    """

    id = models.BigAutoField(primary_key=True)
    metric = models.CharField(max_length=40)
    month = models.DateField(help_text="its first day, in the chain's zone")
    count = models.PositiveBigIntegerField(default=0)
    pushed = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("metric", "month", name="usage_once"),
            models.CheckConstraint(
                condition=models.Q(pushed__lte=models.F("count")), name="usage_pushed_was_counted"
            ),
        ]
        verbose_name_plural = "usage"

    def __str__(self) -> str:
        return f"{self.metric} {self.month:%Y-%m}: {self.count}"
