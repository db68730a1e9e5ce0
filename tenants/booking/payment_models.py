"""Money for bookings: what is paid for a hold, what goes back of it, and who let a deposit off."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id
from tenants.people.models import Employee


class PaymentState(models.TextChoices):
    """Where a payment for a hold stands; domain/payments.py tells the moves."""

    ASKED = "asked"
    DECLINED = "declined"
    BOOKED = "booked"
    CAPTURED = "captured"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


# A booking has at most one payment in these states: it is being paid, or paid.
COUNTING = (PaymentState.ASKED, PaymentState.BOOKED, PaymentState.CAPTURED)


class Means(models.TextChoices):
    """How it was paid: through the provider, or to a person at the desk."""

    ONLINE = "online"
    DESK = "desk"


class HoldPayment(models.Model):
    """A payment for what a booking keeps: its deposit, or its price. Minor units of `currency`.

    `returned` is the sum of its refunds, asked or done.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    booking = models.ForeignKey("booking.Booking", on_delete=models.PROTECT, related_name="payments")
    state = models.CharField(max_length=10, choices=PaymentState.choices, default=PaymentState.ASKED)
    means = models.CharField(max_length=6, choices=Means.choices, default=Means.ONLINE, db_default="online")
    amount = models.BigIntegerField()
    returned = models.BigIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=120, blank=True, help_text="the provider's name for it")
    taken_by = models.ForeignKey(
        Employee, null=True, on_delete=models.PROTECT, db_index=False, help_text="who took it at the desk"
    )
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PaymentState.values), name="payment_state_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_something"),
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("amount")), name="payment_returns_what_was_paid"
            ),
            models.CheckConstraint(
                condition=Q(means="online", taken_by__isnull=True) | Q(means="desk", taken_by__isnull=False),
                name="payment_at_the_desk_was_taken",
            ),
            models.UniqueConstraint(
                "booking",
                condition=Q(state__in=["asked", "booked", "captured"]),
                name="payment_one_that_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.amount}"


class RefundCause(models.TextChoices):
    """Why money goes back."""

    NO_PLACE = "no_place"
    ENDED = "ended"
    WAIVED = "waived"


class PaymentRefund(models.Model):
    """Money of a payment that goes back, once; its id is the provider's key. Minor units of the payment's currency."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(HoldPayment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    cause = models.CharField(max_length=8, choices=RefundCause.choices)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        Employee,
        null=True,
        on_delete=models.PROTECT,
        db_index=False,
        help_text="who gave it back at the desk",
    )

    class Meta:
        indexes = [models.Index(fields=["asked_at", "id"], condition=Q(done_at=None), name="refund_waits")]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_by__isnull=True) | Q(done_at__isnull=False), name="refund_done_by_was_done"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_something"),
            models.CheckConstraint(condition=Q(cause__in=RefundCause.values), name="refund_cause_known"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.amount}"


class DepositWaiver(models.Model):
    """That a booking stands without its deposit: who said so, when, why. Append-only."""

    append_only = True

    booking = models.OneToOneField(
        "booking.Booking", primary_key=True, on_delete=models.DO_NOTHING, related_name="deposit_waiver"
    )
    by = models.ForeignKey(Employee, on_delete=models.DO_NOTHING, db_index=False)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"deposit of {self.booking_id}"
