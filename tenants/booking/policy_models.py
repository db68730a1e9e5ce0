"""Policies of a chain, and what came of them: penalties and who let one off."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from tenants.catalogue.models import Service
from tenants.members.models import Member
from tenants.people.models import Employee
from tenants.stores.models import Store


class History(models.TextChoices):
    """How a member has kept their bookings so far; "" in a policy is anybody."""

    NEW = "new"
    REGULAR = "regular"
    MISSED = "missed"


class Consequence(models.TextChoices):
    """What a late cancellation or a no-show brings. The value is minor units, a percentage, n or days."""

    NONE = "none"
    FIXED = "fixed"
    PERCENT = "percent"
    CREDITS = "credits"
    POINTS = "points"
    PAUSE = "pause"


def _sane(field: str) -> Q:
    """A kind and the value that goes with it; money that is fixed names its currency."""
    kind, value = f"{field}_kind", f"{field}_value"
    return (
        Q(**{kind: "none", value: 0})
        | Q(**{kind: "percent", f"{value}__gte": 1, f"{value}__lte": 100})
        | (Q(**{kind: "fixed", f"{value}__gte": 1}) & ~Q(currency=""))
        | Q(**{f"{kind}__in": ["credits", "points"], f"{value}__gte": 1})
        | Q(**{kind: "pause", f"{value}__gte": 1, f"{value}__lte": 365})
    )


class Policy(models.Model):
    """Terms for the bookings it fits; what it leaves open (null, "") fits all. One row per combination.

    Notices are minutes before the start; null leaves them to the service.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    service = models.ForeignKey(Service, null=True, on_delete=models.CASCADE, db_index=False)
    store = models.ForeignKey(Store, null=True, on_delete=models.CASCADE, db_index=False)
    tier = models.CharField(max_length=40, blank=True)
    history = models.CharField(max_length=8, choices=History.choices, blank=True)
    cancel_notice = models.PositiveIntegerField(null=True)
    move_notice = models.PositiveIntegerField(null=True)
    deposit_kind = models.CharField(max_length=8, choices=Consequence.choices, default=Consequence.NONE)
    deposit_value = models.PositiveBigIntegerField(default=0)
    late_kind = models.CharField(max_length=8, choices=Consequence.choices, default=Consequence.NONE)
    late_value = models.PositiveBigIntegerField(default=0)
    no_show_kind = models.CharField(max_length=8, choices=Consequence.choices, default=Consequence.NONE)
    no_show_value = models.PositiveBigIntegerField(default=0)
    grace = models.PositiveSmallIntegerField(default=0, help_text="no-shows that are forgiven")
    grace_days = models.PositiveSmallIntegerField(default=180, help_text="the days among which they count")
    currency = models.CharField(max_length=3, blank=True, help_text="of the sums that are fixed")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                fields=["service", "store", "tier", "history"], name="policy_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(deposit_kind__in=["none", "fixed", "percent"]) & _sane("deposit"),
                name="policy_deposit_sane",
            ),
            models.CheckConstraint(condition=_sane("late"), name="policy_late_sane"),
            models.CheckConstraint(condition=_sane("no_show"), name="policy_no_show_sane"),
        ]

    def __str__(self) -> str:
        return f"policy {self.id}"


class Cause(models.TextChoices):
    """What a penalty is for."""

    LATE_CANCEL = "late_cancel"
    NO_SHOW = "no_show"


class PenaltyKind(models.TextChoices):
    """What a penalty takes: money, credits of a pass, points, or online booking for a time."""

    FEE = "fee"
    CREDITS = "credits"
    POINTS = "points"
    PAUSE = "pause"


class Penalty(models.Model):
    """A consequence that came about, as it was promised at booking. Append-only.

    `amount` is minor units of `currency`, credits, points, or days until `until`.
    """

    append_only = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    booking = models.ForeignKey(
        "booking.Booking", on_delete=models.DO_NOTHING, db_index=False, related_name="penalties"
    )
    member = models.ForeignKey(Member, on_delete=models.DO_NOTHING, db_index=False)
    cause = models.CharField(max_length=12, choices=Cause.choices)
    kind = models.CharField(max_length=8, choices=PenaltyKind.choices)
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    until = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "penalties"
        constraints = [
            models.UniqueConstraint("booking", "cause", name="penalty_once"),
            models.CheckConstraint(
                condition=Q(kind="pause", until__isnull=False) | ~Q(kind="pause"),
                name="penalty_pause_ends",
            ),
        ]
        indexes = [models.Index(fields=["member", "until"], name="penalty_by_member")]

    def __str__(self) -> str:
        return f"{self.cause}: {self.kind} {self.amount}"


class PenaltyWaiver(models.Model):
    """That somebody let a penalty off, once: who, when, why. Append-only."""

    append_only = True

    penalty = models.OneToOneField(
        Penalty, primary_key=True, on_delete=models.DO_NOTHING, related_name="waiver"
    )
    by = models.ForeignKey(Employee, on_delete=models.DO_NOTHING, db_index=False)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"waiver of {self.penalty_id}"
