"""What goes out to the payment provider and comes in from it: intents, events, and differences found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id


class EventState(models.TextChoices):
    """What became of an event."""

    RECEIVED = "received"
    HANDLED = "handled"
    UNKNOWN = "unknown_customer"  # nobody of ours: kept, and nothing else
    FAILED = "failed"  # tried often; an operator may replay it


class StripeEvent(models.Model):
    """A signed event, stored before anything else is done with it. What it says is never used, only what it is about.

    `payload` is what an operator may read of it: the few fields that the adapter lets through, no card data.
    """

    id = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField()
    live = models.BooleanField(default=False)
    chain_id = models.UUIDField(null=True)
    stripe_customer = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=64, blank=True)
    payload = models.JSONField()
    state = models.CharField(max_length=16, choices=EventState.choices, default=EventState.RECEIVED)
    # which look at the customer covers it (Customer.asked when it came)
    ticket = models.BigIntegerField(default=0)
    deliveries = models.PositiveIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)
    replays = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "payment events"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=EventState.values), name="billing_event_state_known")
        ]
        indexes = [
            models.Index(fields=["-received_at"], name="billing_event_newest"),
            models.Index(fields=["chain_id", "-received_at"], name="billing_event_by_chain"),
            models.Index(fields=["state"], name="billing_event_waiting", condition=~Q(state="handled")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.state})"


class IntentState(models.TextChoices):
    """How far an intent has come."""

    OPEN = "open"  # not answered yet; asked again with the same key
    DONE = "done"
    REFUSED = "refused"  # the provider said no: final
    ABANDONED = "abandoned"  # never answered, and nobody waits for it any more


class Intent(models.Model):
    """A wish to change something at the provider, written and committed before the call.

    Its id is the call's idempotency key: whoever asks again, for however long, asks with the same one.
    `turn` counts keys that the provider spent on a failure of its own; the next one is `id.turn`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    chain_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    # what is asked, as JSON, and a digest of it: the same wish twice is one intent while it is open
    wish = models.JSONField()
    digest = models.CharField(max_length=64)
    # repeated in the background until it is answered, or only by whoever asked
    persists = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=IntentState.choices, default=IntentState.OPEN)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    turn = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "chain_id", "digest", name="billing_intent_open_once", condition=Q(state="open")
            ),
            models.CheckConstraint(
                condition=Q(state__in=IntentState.values), name="billing_intent_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["chain_id", "-created_at"], name="billing_intent_by_chain"),
            models.Index(fields=["due_at"], name="billing_intent_due", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.chain_id} ({self.state})"

    @property
    def key(self) -> str:
        """The idempotency key to ask with."""
        return f"{self.id}.{self.turn}" if self.turn else str(self.id)


class Difference(models.Model):
    """Where our mirror and the provider did not agree when reconciliation compared them."""

    chain_id = models.UUIDField(null=True)
    subject = models.CharField(max_length=64)
    field = models.CharField(max_length=40)
    ours = models.CharField(max_length=200, blank=True)
    theirs = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField()
    # when a later comparison found it gone
    mended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                "subject", "field", name="billing_difference_open_once", condition=Q(mended_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.subject


class Round(models.Model):
    """When the last round of a kind that came to its end began: from there the next one goes on."""

    kind = models.CharField(max_length=40, primary_key=True)
    began_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.began_at:%Y-%m-%d %H:%M}"
