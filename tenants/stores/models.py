"""Where a chain works: regions, stores, hours, closures, resources."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id

MINUTES_A_DAY = 24 * 60


class Region(models.Model):
    """A node between chain and store."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Ownership(models.TextChoices):
    """Whose shop it is."""

    OWN = "own"
    FRANCHISE = "franchise"


class Store(models.Model):
    """A place of a chain, with its zone, hours and resources."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    translations = models.JSONField(default=dict, blank=True)
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.SET_NULL)
    ownership = models.CharField(max_length=10, choices=Ownership.choices, default=Ownership.OWN)
    verticals = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    time_zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    phone = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=300, blank=True)
    directions = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    calendar_version = models.PositiveIntegerField(default=1, help_text="of hours and closures")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(ownership__in=Ownership.values), name="store_ownership_known")
        ]

    def __str__(self) -> str:
        return self.name


class OpeningHours(models.Model):
    """One span of a weekly timetable in local wall time; `closes` may be 24:00 (1440)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(help_text="ISO: 1 is Monday, 7 Sunday")
    opens = models.PositiveSmallIntegerField(help_text="minutes after local midnight")
    closes = models.PositiveSmallIntegerField(help_text="minutes after local midnight, exclusive")

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="hours_weekday_iso"),
            models.CheckConstraint(
                condition=Q(opens__lt=F("closes"), closes__lte=MINUTES_A_DAY), name="hours_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}-{self.closes}"


class Closure(models.Model):
    """Days on which a store is closed, half-open: [starts_on, ends_on)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="closures")
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(starts_on__lt=F("ends_on")), name="closure_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} to {self.ends_on}"


class ResourceKind(models.TextChoices):
    """What only one booking can hold at a time."""

    PRACTITIONER = "practitioner"
    ROOM = "room"
    TABLE = "table"
    STATION = "station"
    EQUIPMENT = "equipment"


class Resource(models.Model):
    """What only one booking can hold at a time. A practitioner's belongs to no single store."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(
        Store, null=True, blank=True, on_delete=models.CASCADE, related_name="resources"
    )
    kind = models.CharField(max_length=16, choices=ResourceKind.choices)
    name = models.CharField(max_length=120)
    capacity = models.PositiveSmallIntegerField(default=1)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ResourceKind.values), name="resource_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=ResourceKind.PRACTITIONER, store__isnull=True)
                | (~Q(kind=ResourceKind.PRACTITIONER) & Q(store__isnull=False)),
                name="resource_has_its_place",
            ),
        ]

    def __str__(self) -> str:
        return self.name
