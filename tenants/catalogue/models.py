"""What a chain sells over time: services, and where they are offered."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value

from accounts.ids import new_id
from tenants.people.models import Skill
from tenants.stores.models import ResourceKind, Store


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


class Need(models.Model):
    """A stretch of a service for which it needs a person or thing. A service without any needs one
    practitioner for its whole length.

    Minutes count from the start of the service; `prepare` and `clean_up` lie around the stretch. Needs of
    one `role` are served by the very same, those of different roles by different ones. The first
    practitioner's role is the main one: the service's own skills are asked of it as well.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="needs")
    position = models.PositiveSmallIntegerField(default=0)
    role = models.CharField(max_length=40)
    kind = models.CharField(max_length=16, choices=ResourceKind.choices)
    skills = models.ManyToManyField(Skill, blank=True, related_name="needs")
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    from_minute = models.PositiveSmallIntegerField(default=0)
    minutes = models.PositiveSmallIntegerField()
    prepare = models.PositiveSmallIntegerField(default=0)
    clean_up = models.PositiveSmallIntegerField(default=0)
    count = models.PositiveSmallIntegerField(default=1, help_text="how many different ones at once")
    fits_party = models.BooleanField(default=False, help_text="whether it must suit the party's size")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("service", "position", name="need_position_once"),
            models.CheckConstraint(condition=Q(kind__in=ResourceKind.values), name="need_kind_known"),
            models.CheckConstraint(
                condition=Q(minutes__gte=5, minutes__lte=1440, from_minute__lt=1440), name="need_lasts"
            ),
            models.CheckConstraint(
                condition=Q(from_minute=Func(F("from_minute"), Value(5), function="DIV") * 5),
                name="need_begins_on_five_minutes",
            ),
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=20), name="need_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.from_minute}+{self.minutes}"
