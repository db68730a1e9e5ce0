"""What a chain sells over time: services, and where they are offered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from tenants.people.models import Skill
from tenants.stores.models import Store


class BookedAs(models.TextChoices):
    """What booking a service means: a time of one's own, a seat in a session, or goods in a pickup window."""

    TIME = "time"
    SESSION = "session"
    PICKUP = "pickup"


class Service(models.Model):
    """What is done for a member over time. Minutes are whole; the price is in minor units."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    category = models.CharField(max_length=60, blank=True)
    translations = models.JSONField(default=dict, blank=True)
    minutes = models.PositiveSmallIntegerField()
    prepare = models.PositiveSmallIntegerField(default=0)
    clean_up = models.PositiveSmallIntegerField(default=0)
    price_amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    booked_as = models.CharField(
        max_length=8, choices=BookedAs.choices, default=BookedAs.TIME, db_default=BookedAs.TIME
    )
    skills = models.ManyToManyField(Skill, blank=True, related_name="services")
    step = models.PositiveSmallIntegerField(default=30, help_text="minutes between offered starts")
    lead = models.PositiveIntegerField(default=0, help_text="minutes between booking and start")
    horizon_days = models.PositiveSmallIntegerField(default=60)
    notice = models.PositiveIntegerField(
        default=240, help_text="minutes before the start until which a member may cancel or move"
    )
    online = models.BooleanField(default=True)
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=5, minutes__lte=1440), name="service_lasts"),
            models.CheckConstraint(condition=Q(price_amount__gte=0), name="service_price_not_negative"),
            models.CheckConstraint(
                condition=Q(booked_as__in=BookedAs.values), name="service_booked_as_known"
            ),
            models.CheckConstraint(condition=Q(step__gte=5, step__lte=240), name="service_step_sane"),
        ]

    def __str__(self) -> str:
        return self.name


class Offer(models.Model):
    """A service is offered at a store, at the store's price where the brand leaves that open."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="offers")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="offers")
    price_amount = models.BigIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("service", "store", name="offer_once"),
            models.CheckConstraint(
                condition=Q(price_amount__isnull=True) | Q(price_amount__gte=0),
                name="offer_price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} at {self.store_id}"


class Product(models.Model):
    """What is sold by the piece. Price in minor units; how many a store has is the store's stock."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    translations = models.JSONField(default=dict, blank=True)
    price_amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(price_amount__gte=0), name="product_price_not_negative")
        ]

    def __str__(self) -> str:
        return self.name
