"""Bookings and the claims they are made of."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from accounts.ids import new_id
from tenants.booking.together import BookingGroup, BookingSeries
from tenants.catalogue.models import Service
from tenants.members.models import Member
from tenants.people.models import Employee
from tenants.stores.models import Resource, Store

from .counted import (
    BookingItem,
    CreditLine,
    MemberPass,
    PickupPlan,
    PickupWindow,
    Session,
    SessionState,
    Stock,
    StockChange,
    StockReason,
)
from .feed_models import CalendarFeed
from .payment_models import (
    COUNTING,
    DepositWaiver,
    HoldPayment,
    Means,
    PaymentRefund,
    PaymentState,
    RefundCause,
)
from .policy_models import Cause, Consequence, History, Penalty, PenaltyKind, PenaltyWaiver, Policy
from .waiting_models import OfferState, WaitingOffer, WaitingRules, Wish, WishStatus, WishWindow

# Models of one subject each; everybody reads them here.
__all__ = [
    "COUNTING",
    "LIVE",
    "Booking",
    "BookingItem",
    "CalendarFeed",
    "Cause",
    "Channel",
    "Claim",
    "Consequence",
    "CreditLine",
    "DepositWaiver",
    "History",
    "HoldPayment",
    "Means",
    "MemberPass",
    "OfferState",
    "PaymentRefund",
    "PaymentState",
    "Penalty",
    "PenaltyKind",
    "PenaltyWaiver",
    "PickupPlan",
    "PickupWindow",
    "Policy",
    "Pool",
    "Redemption",
    "RefundCause",
    "Session",
    "SessionState",
    "Status",
    "Stock",
    "StockChange",
    "StockReason",
    "Transition",
    "VisitorHold",
    "WaitingOffer",
    "WaitingRules",
    "Wish",
    "WishStatus",
    "WishWindow",
]


class Status(models.TextChoices):
    """Where a booking stands; domain/transitions.py holds the table of moves."""

    HELD = "held"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"


# The statuses in which a booking keeps its claims and its member's time.
LIVE = (Status.HELD, Status.CONFIRMED, Status.ARRIVED)


class Channel(models.TextChoices):
    """Which door a booking came through."""

    ONLINE = "online"
    STAFF = "staff"
    WALK_IN = "walk_in"
    API = "api"


class Booking(models.Model):
    """An atomic set of claims for a member at a store. Times are aware UTC, half-open; `details` are answers
    to what plug-ins asked, by their codes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # by bytes, so that the beginning of a code is found by the index that keeps it unique
    code = models.CharField(max_length=8, db_collation="C")
    status = models.CharField(max_length=10, choices=Status.choices)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, db_index=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False)
    # null only while a visitor holds a time and nobody knows them yet
    member = models.ForeignKey(
        Member, null=True, on_delete=models.PROTECT, db_index=False, related_name="bookings"
    )
    practitioner = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, db_index=False)
    resource = models.ForeignKey(Resource, null=True, on_delete=models.PROTECT, db_index=False)
    session = models.ForeignKey(Session, null=True, on_delete=models.PROTECT, related_name="bookings")
    pickup_window = models.ForeignKey(
        PickupWindow, null=True, on_delete=models.PROTECT, related_name="bookings"
    )
    pass_id = models.UUIDField(null=True, help_text="the pass whose credits it takes, as the port knows it")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    party_size = models.PositiveSmallIntegerField(default=1)
    price_amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=500, blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    made_by = models.ForeignKey(
        Employee, null=True, on_delete=models.PROTECT, db_index=False, related_name="bookings_made"
    )
    notice = models.PositiveIntegerField(
        help_text="minutes before the start until which the member may change it, as promised at booking"
    )
    terms = models.JSONField(null=True, help_text="as promised at booking: see domain/terms.py")
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict, blank=True)
    group = models.ForeignKey(
        BookingGroup, null=True, on_delete=models.PROTECT, db_index=False, related_name="bookings"
    )
    # of the group, repeated here so that a payer's bookings are found by an index
    payer = models.ForeignKey(
        Member, null=True, on_delete=models.PROTECT, db_index=False, related_name="bookings_paid"
    )
    series = models.ForeignKey(
        BookingSeries, null=True, on_delete=models.PROTECT, db_index=False, related_name="bookings"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("code", name="booking_code_once"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="booking_status_known"),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="booking_in_order"),
            models.CheckConstraint(condition=Q(party_size__gte=1), name="booking_has_people"),
            models.CheckConstraint(
                condition=Q(group__isnull=True, payer__isnull=True)
                | Q(group__isnull=False, payer__isnull=False),
                name="booking_of_a_group_has_its_payer",
            ),
            models.CheckConstraint(
                condition=Q(status="held", expires_at__isnull=False) | ~Q(status="held"),
                name="booking_hold_expires",
            ),
            models.CheckConstraint(
                condition=Q(member__isnull=False) | Q(status__in=["held", "expired"]),
                name="booking_has_a_member",
            ),
            ExclusionConstraint(
                name="booking_member_once_at_a_time",
                expressions=[
                    ("member", RangeOperators.EQUAL),
                    (
                        Func("starts_at", "ends_at", function="tstzrange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                # goods can be fetched on the way to something else
                condition=Q(status__in=[s.value for s in LIVE], pickup_window__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(session__isnull=True) | Q(pickup_window__isnull=True),
                name="booking_of_one_scheduled_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "starts_at"], name="booking_by_store_day"),
            models.Index(fields=["member", "-starts_at"], name="booking_by_member"),
            models.Index(fields=["practitioner", "-starts_at"], name="booking_by_practitioner"),
            models.Index(fields=["expires_at"], name="booking_hold_expiry", condition=Q(status="held")),
            models.Index(fields=["group"], name="booking_by_group", condition=Q(group__isnull=False)),
            models.Index(fields=["series"], name="booking_by_series", condition=Q(series__isnull=False)),
            models.Index(
                fields=["payer", "-starts_at"], name="booking_by_payer", condition=Q(payer__isnull=False)
            ),
            models.Index(fields=["starts_at", "id"], name="booking_by_start"),
            models.Index(fields=["service", "-starts_at"], name="booking_by_service"),
            # most are completed in the end: those are never rare, and what is rare is found by its status
            models.Index(
                fields=["store", "status", "-starts_at"],
                name="booking_by_status",
                condition=~Q(status="completed"),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class VisitorHold(models.Model):
    """A hold without a member belongs to one browser; of its key and address only hashes are kept."""

    booking = models.OneToOneField(
        Booking, primary_key=True, on_delete=models.CASCADE, related_name="visitor_hold"
    )
    visitor_hash = models.CharField(max_length=64)
    address_hash = models.CharField(max_length=64)
    extended = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint("visitor_hash", name="visitor_hold_one_each")]
        indexes = [models.Index(fields=["address_hash"], name="visitor_hold_by_address")]

    def __str__(self) -> str:
        return f"hold {self.booking_id}"


class Pool(models.Model):
    """Counted capacity: seats of a session, orders of a pickup window, units of stock, credits of a pass.

    A pass is of no store. `kind` decides the refusal of what is full: see domain/claims.py.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, null=True, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=120, blank=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("capacity")), name="pool_never_oversold"
            )
        ]
        indexes = [models.Index(fields=["store", "kind", "starts_at"], name="pool_by_store_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.taken}/{self.capacity}"


class Claim(models.Model):
    """A booking's hold on one resource over a range, or on n units of a pool; a session's on a resource.

    `during` of a resource includes preparation and clean-up. `starts_at` and `ends_at` repeat what the
    range says, for a btree that finds a store's day 13 times cheaper than a GiST scan. `role` names the
    service's need that it serves. An `overbooked` claim was taken over another by permission: it alone
    may overlap, and is as busy as any to whoever comes after.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    booking = models.ForeignKey(Booking, null=True, on_delete=models.CASCADE, related_name="claims")
    session = models.ForeignKey(Session, null=True, on_delete=models.CASCADE, related_name="claims")
    resource = models.ForeignKey(Resource, null=True, on_delete=models.PROTECT, db_index=False)
    during = DateTimeRangeField(null=True)
    pool = models.ForeignKey(Pool, null=True, on_delete=models.PROTECT)
    units = models.PositiveIntegerField(default=1)
    role = models.CharField(max_length=40, blank=True, default="", db_default="")
    overbooked = models.BooleanField(default=False, db_default=False)
    active = models.BooleanField(default=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(booking__isnull=False, session__isnull=True)
                | Q(booking__isnull=True, session__isnull=False, pool__isnull=True),
                name="claim_has_one_holder",
            ),
            models.CheckConstraint(
                condition=Q(
                    resource__isnull=False,
                    during__isnull=False,
                    starts_at__isnull=False,
                    ends_at__isnull=False,
                    pool__isnull=True,
                    units=1,
                )
                | Q(
                    resource__isnull=True,
                    during__isnull=True,
                    starts_at__isnull=True,
                    ends_at__isnull=True,
                    pool__isnull=False,
                    units__gte=1,
                ),
                name="claim_is_of_one_kind",
            ),
            ExclusionConstraint(
                name="claim_resource_once_at_a_time",
                expressions=[("resource", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(active=True, overbooked=False),
            ),
            models.CheckConstraint(
                condition=Q(overbooked=False) | Q(resource__isnull=False), name="claim_of_a_pool_never_over"
            ),
        ]
        indexes = [
            models.Index(
                fields=["resource", "starts_at"], name="claim_by_resource_time", condition=Q(active=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource_id or self.pool_id}"


class Transition(models.Model):
    """A booking went from one status to another: when, by whom, why. Append-only."""

    append_only = True

    id = models.BigAutoField(primary_key=True)
    booking = models.ForeignKey(Booking, on_delete=models.DO_NOTHING, related_name="transitions")
    before = models.CharField(max_length=10, blank=True)
    after = models.CharField(max_length=10, choices=Status.choices)
    at = models.DateTimeField()
    by_employee = models.ForeignKey(Employee, null=True, on_delete=models.DO_NOTHING, db_index=False)
    by_member = models.ForeignKey(Member, null=True, on_delete=models.DO_NOTHING, db_index=False)
    reason = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class Redemption(models.Model):
    """The shop accepted a booking's code, once: at which store, when, by whom."""

    booking = models.OneToOneField(
        Booking, primary_key=True, on_delete=models.CASCADE, related_name="redemption"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, db_index=False)
    at = models.DateTimeField()
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, db_index=False)
    means = models.CharField(
        max_length=8, choices=[("code", "code"), ("qr", "qr"), ("phone", "phone"), ("booking", "booking")]
    )

    def __str__(self) -> str:
        return f"{self.booking_id} at {self.at:%F %T}"


class RunningLate(models.Model):
    """A booking whose member has been told that it begins late, by how many minutes."""

    booking = models.OneToOneField(
        Booking, primary_key=True, on_delete=models.CASCADE, related_name="running_late"
    )
    minutes = models.PositiveSmallIntegerField()
    told_at = models.DateTimeField()
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=240), name="late_by_minutes")
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min"
