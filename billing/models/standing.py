"""Where chains stand by their payments, what their owners are told, what they pay a month, what they used."""

from __future__ import annotations

from django.db import models

from accounts.ids import new_id
from chains.models import ChainState


class ChainStanding(models.Model):
    """The rung a chain stands on (domain/standing.py), and when the next step is due; None: none by itself."""

    chain_id = models.UUIDField(primary_key=True)
    state = models.CharField(max_length=16, choices=ChainState.choices)
    since = models.DateTimeField()
    cause = models.CharField(max_length=16, blank=True)
    next_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ChainState.values), name="billing_standing_known"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_at"], name="billing_standing_due", condition=models.Q(next_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} since {self.since:%F}"


class StandingStep(models.Model):
    """One step of a chain from one rung to another. Append-only; `detail` keeps the addresses of a closed one."""

    append_only = True

    id = models.BigAutoField(primary_key=True)
    chain_id = models.UUIDField()
    before = models.CharField(max_length=16)
    after = models.CharField(max_length=16)
    cause = models.CharField(max_length=16, blank=True)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["chain_id", "-at"], name="billing_step_by_chain")]

    def __str__(self) -> str:
        return f"{self.before} to {self.after}"


class RevenueChange(models.Model):
    """From `at` on a chain pays `amount` (minor units of `currency`) an `interval`. Append-only; 0 is nothing."""

    append_only = True

    id = models.BigAutoField(primary_key=True)
    chain_id = models.UUIDField()
    plan = models.CharField(max_length=40)
    interval = models.CharField(max_length=5)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="billing_revenue_positive"),
            models.CheckConstraint(
                condition=models.Q(interval__in=("month", "year")), name="billing_revenue_interval_known"
            ),
        ]
        indexes = [
            models.Index(fields=["chain_id", "-id"], name="billing_revenue_by_chain"),
            models.Index(fields=["at", "id"], name="billing_revenue_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} a {self.interval}"


class Notice(models.Model):
    """What a chain's owners must be told, once; kept until it has been sent, and a while after."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    chain_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=160)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("key", name="billing_notice_once")]
        indexes = [
            models.Index(
                fields=["due_at"], name="billing_notice_due", condition=models.Q(sent_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.chain_id}"


class UsageMonth(models.Model):
    """How much of a metric a chain used in a month of its own calendar, as it told us last."""

    id = models.BigAutoField(primary_key=True)
    chain_id = models.UUIDField()
    metric = models.CharField(max_length=40)
    month = models.DateField()
    count = models.PositiveBigIntegerField()
    pushed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("chain_id", "month", "metric", name="billing_usage_once")]

    def __str__(self) -> str:
        return f"{self.metric} {self.month:%Y-%m}: {self.count}"
