"""What we know of a chain at the payment provider. No card data, no foreign key to a chain: ids by value."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id


class Customer(models.Model):
    """A chain as the provider's customer, and how fresh our mirror of it is.

    `asked` counts what gave reason to look (events, redirects, reconciliation), `seen` is how far the
    last look covers. One look at a time holds the lease; what it read is written only while it still does.
    """

    chain_id = models.UUIDField(primary_key=True)
    stripe_id = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    # minor units that are taken off the next invoices, never negative
    credit = models.BigIntegerField(default=0)
    tax_ids = models.JSONField(default=list)
    deleted_at = models.DateTimeField(null=True)
    asked = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    refreshed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("stripe_id", name="billing_customer_once", condition=~Q(stripe_id="")),
            models.CheckConstraint(condition=Q(seen__lte=models.F("asked")), name="billing_seen_was_asked"),
            models.CheckConstraint(condition=Q(credit__gte=0), name="billing_credit_positive"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="billing_customer_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.stripe_id or str(self.chain_id)


class SubscriptionStatus(models.TextChoices):
    """How a subscription stands, in our words."""

    INCOMPLETE = "incomplete"  # the first payment is not through yet: nothing is granted
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"  # a renewal's payment failed; the provider tries again
    UNPAID = "unpaid"  # the provider has stopped trying
    PAUSED = "paused"
    CANCELED = "canceled"  # over


LIVE = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


class Interval(models.TextChoices):
    """How often a subscription renews."""

    MONTH = "month"
    YEAR = "year"


class Subscription(models.Model):
    """A chain's subscription; the newest one where it had several. Money in minor units of `currency`.

    It costs `plan_amount` + `store_amount` × `extra_stores` an `interval`; `recurring_amount` is that less
    lasting discounts, before tax. The period is half-open.
    """

    chain_id = models.UUIDField(primary_key=True)
    stripe_id = models.CharField(max_length=64)
    stripe_customer = models.CharField(max_length=64)
    plan = models.CharField(max_length=40)
    interval = models.CharField(max_length=5, choices=Interval.choices)
    currency = models.CharField(max_length=3)
    extra_stores = models.PositiveIntegerField(default=0)
    plan_amount = models.BigIntegerField()
    store_amount = models.BigIntegerField(default=0)
    recurring_amount = models.BigIntegerField()
    # when the first of the discounts that lower it ends; None where none does
    discount_ends_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=SubscriptionStatus.choices)
    current_period_start = models.DateTimeField()
    current_period_end = models.DateTimeField()
    trial_end = models.DateTimeField(null=True)
    cancel_at_period_end = models.BooleanField(default=False)
    cancel_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    # since when it has been past due or unpaid without a break; None while all is paid
    past_due_since = models.DateTimeField(null=True)
    version = models.PositiveBigIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("stripe_id", name="billing_subscription_once"),
            models.CheckConstraint(
                condition=Q(status__in=SubscriptionStatus.values), name="billing_subscription_status_known"
            ),
            models.CheckConstraint(
                condition=Q(interval__in=Interval.values), name="billing_subscription_interval_known"
            ),
            models.CheckConstraint(
                condition=Q(current_period_start__lte=models.F("current_period_end")),
                name="billing_period_in_order",
            ),
        ]
        indexes = [models.Index(fields=["status", "currency"], name="billing_subscription_status")]

    def __str__(self) -> str:
        return f"{self.plan} of {self.chain_id} ({self.status})"

    @property
    def is_live(self) -> bool:
        """Whether it grants what its plan allows (grace while past due is the lifecycle's to bound)."""
        return self.status in LIVE


class InvoiceState(models.TextChoices):
    """How an invoice stands, as the provider calls it."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


class Invoice(models.Model):
    """An invoice of a chain. Amounts in minor units of `currency`; the period is half-open."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    chain_id = models.UUIDField()
    stripe_id = models.CharField(max_length=64)
    stripe_subscription = models.CharField(max_length=64, blank=True)
    number = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=13, choices=InvoiceState.choices)
    reason = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    subtotal = models.BigIntegerField()
    discount = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    total = models.BigIntegerField()
    amount_due = models.BigIntegerField()
    amount_paid = models.BigIntegerField()
    amount_refunded = models.BigIntegerField(default=0)
    lines = models.JSONField(default=list)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    hosted_url = models.CharField(max_length=1000, blank=True)
    pdf_url = models.CharField(max_length=1000, blank=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.UniqueConstraint("stripe_id", name="billing_invoice_once"),
            models.CheckConstraint(
                condition=Q(state__in=InvoiceState.values), name="billing_invoice_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["chain_id", "-issued_at"], name="billing_invoice_by_chain"),
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id
