"""Where a chain works: regions, stores, hours, closures, resources."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id

MINUTES_A_DAY = 24 * 60


class SetUp(models.Model):
    """A token of how the chain is set up; several where it was changed at the same time. Triggers write them.

    Set-up is what changes seldom and decides about every booking: stores, hours, people, their skills and rotas,
    what is offered, policies. See decision 45.
    """

    read_only = True

    token = models.UUIDField(primary_key=True)

    class Meta:
        verbose_name_plural = "set-up"

    def __str__(self) -> str:
        return str(self.token)


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
    latitude = models.FloatField(null=True, blank=True, help_text="degrees north, WGS 84")
    longitude = models.FloatField(null=True, blank=True, help_text="degrees east, WGS 84")
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    calendar_version = models.PositiveIntegerField(default=1, help_text="of hours and closures")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(ownership__in=Ownership.values), name="store_ownership_known"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="store_stands_on_the_globe",
            ),
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
    """What only one booking can hold at a time. A practitioner's belongs to no single store.

    `min_party` to `capacity` people may use it; a service's need asks for `tags` such as "double room".
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(
        Store, null=True, blank=True, on_delete=models.CASCADE, related_name="resources"
    )
    kind = models.CharField(max_length=16, choices=ResourceKind.choices)
    name = models.CharField(max_length=120)
    capacity = models.PositiveSmallIntegerField(default=1)
    min_party = models.PositiveSmallIntegerField(default=1)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ResourceKind.values), name="resource_kind_known"),
            models.CheckConstraint(
                condition=Q(min_party__gte=1, min_party__lte=F("capacity")), name="resource_party_in_order"
            ),
            models.CheckConstraint(
                condition=Q(kind=ResourceKind.PRACTITIONER, store__isnull=True)
                | (~Q(kind=ResourceKind.PRACTITIONER) & Q(store__isnull=False)),
                name="resource_has_its_place",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ResourceCombination(models.Model):
    """Resources of one store and kind that serve one larger party together: tables pushed together."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="combinations")
    name = models.CharField(max_length=120, blank=True)
    members = models.ManyToManyField(Resource, related_name="combinations")
    min_party = models.PositiveSmallIntegerField(default=1)
    max_party = models.PositiveSmallIntegerField()
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["max_party", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(min_party__gte=1, min_party__lte=F("max_party")),
                name="combination_party_in_order",
            )
        ]

    def __str__(self) -> str:
        return self.name or f"for {self.max_party}"


class Travel(models.Model):
    """Minutes a practitioner needs from one store to another; a row each way, none means no time at all."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, db_index=False, related_name="travels")
    other = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    minutes = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("store", "other", name="travel_once"),
            models.CheckConstraint(condition=~Q(store=F("other")), name="travel_between_two_stores"),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=720), name="travel_takes_time"),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min"
