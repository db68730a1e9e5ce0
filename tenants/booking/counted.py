"""What is counted, as rows: sessions, pickup windows and their plan, stock with its log, passes, payments."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id
from tenants.catalogue.models import Product, Service
from tenants.members.models import Member
from tenants.people.models import Employee
from tenants.stores.models import MINUTES_A_DAY, Resource, Store


class SessionState(models.TextChoices):
    """Whether a session takes place; that it is over follows from its end."""

    SCHEDULED = "scheduled"
    CALLED_OFF = "called_off"


class Session(models.Model):
    """A scheduled occurrence with seats. Its pool counts them; by claims it holds its practitioner and room."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, db_index=False, related_name="sessions")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False)
    practitioner = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, db_index=False)
    resource = models.ForeignKey(Resource, null=True, on_delete=models.PROTECT, db_index=False)
    pool = models.OneToOneField("booking.Pool", on_delete=models.PROTECT, related_name="session")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    minimum = models.PositiveSmallIntegerField(
        default=0, help_text="people without whom it may be called off"
    )
    state = models.CharField(max_length=12, choices=SessionState.choices, default=SessionState.SCHEDULED)
    reason = models.CharField(max_length=200, blank=True, help_text="why it was called off")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="session_in_order"),
            models.CheckConstraint(condition=Q(state__in=SessionState.values), name="session_state_known"),
        ]
        indexes = [
            models.Index(fields=["store", "starts_at"], name="session_by_store_day"),
            models.Index(fields=["service", "starts_at"], name="session_by_service_day"),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.starts_at:%F %R}"


class PickupPlan(models.Model):
    """A span of a store's week, in local wall time, cut into pickup windows of `minutes` with `cap` orders each."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="pickup_plan")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False)
    weekday = models.PositiveSmallIntegerField(help_text="ISO: 1 is Monday, 7 Sunday")
    starts = models.PositiveSmallIntegerField(help_text="minutes after local midnight")
    ends = models.PositiveSmallIntegerField(help_text="minutes after local midnight, exclusive")
    minutes = models.PositiveSmallIntegerField(help_text="length of a window")
    cap = models.PositiveSmallIntegerField(help_text="orders in one window")

    class Meta:
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="pickup_weekday_iso"),
            models.CheckConstraint(
                condition=Q(starts__lt=F("ends"), ends__lte=MINUTES_A_DAY, minutes__gte=5),
                name="pickup_plan_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts}-{self.ends}"


class PickupWindow(models.Model):
    """A range of time with a cap of pickups, counted by its pool. One that is not open takes no order."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, db_index=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False)
    pool = models.OneToOneField("booking.Pool", on_delete=models.PROTECT, related_name="pickup_window")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="pickup_window_in_order"),
            models.UniqueConstraint("store", "starts_at", "ends_at", name="pickup_window_once"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%F %R}"


class Stock(models.Model):
    """A product at a store. The pool's capacity is what is there, its `taken` what is reserved of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="stocks")
    pool = models.OneToOneField("booking.Pool", on_delete=models.PROTECT, related_name="stock")

    class Meta:
        constraints = [models.UniqueConstraint("store", "product", name="stock_once")]

    def __str__(self) -> str:
        return f"{self.product_id} at {self.store_id}"


class StockReason(models.TextChoices):
    """Why the number of units changed."""

    DELIVERED = "delivered"
    COUNTED = "counted"
    DAMAGED = "damaged"
    RETURNED = "returned"
    OTHER = "other"
    HANDED_OVER = "handed_over"


class StockChange(models.Model):
    """The units of a stock changed: by how many, why, by whom. Append-only; their sum is what is there."""

    append_only = True

    id = models.BigAutoField(primary_key=True)
    stock = models.ForeignKey(Stock, on_delete=models.DO_NOTHING, related_name="changes")
    units = models.IntegerField()
    reason = models.CharField(max_length=12, choices=StockReason.choices)
    note = models.CharField(max_length=200, blank=True)
    booking = models.ForeignKey("booking.Booking", null=True, on_delete=models.DO_NOTHING, db_index=False)
    by = models.ForeignKey(Employee, null=True, on_delete=models.DO_NOTHING, db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(units=0), name="stock_change_changes"),
            models.CheckConstraint(condition=Q(reason__in=StockReason.values), name="stock_reason_known"),
        ]

    def __str__(self) -> str:
        return f"{self.units:+d} {self.reason}"


class BookingItem(models.Model):
    """Units of a product that belong to a booking, at the price each had then. Written once."""

    write_once = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    booking = models.ForeignKey("booking.Booking", on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, db_index=False)
    stock = models.ForeignKey(Stock, on_delete=models.PROTECT, db_index=False)
    quantity = models.PositiveSmallIntegerField()
    price_amount = models.BigIntegerField(help_text="of one, in minor units of the booking's currency")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("booking", "product", name="booking_item_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="booking_item_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"


class MemberPass(models.Model):
    """Visits a member has bought ahead, counted by a pool: capacity is what was bought and not used up."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="passes")
    name = models.CharField(max_length=120)
    services = models.ManyToManyField(Service, blank=True, related_name="+", help_text="none: for all")
    pool = models.OneToOneField("booking.Pool", on_delete=models.PROTECT, related_name="member_pass")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class CreditLine(models.Model):
    """What happened to credits of a pass because of a booking. Append-only."""

    append_only = True

    id = models.BigAutoField(primary_key=True)
    member_pass = models.ForeignKey(MemberPass, on_delete=models.DO_NOTHING, related_name="lines")
    booking_id = models.UUIDField(db_index=True)
    kind = models.CharField(
        max_length=10,
        choices=[(kind, kind) for kind in ("reserved", "consumed", "restored", "returned", "forfeited")],
    )
    units = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.units}"
