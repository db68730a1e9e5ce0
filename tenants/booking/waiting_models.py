"""The waiting list: wishes, what was offered to them, and each store's rules."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id
from tenants.catalogue.models import Service
from tenants.members.models import Member
from tenants.people.models import Employee
from tenants.stores.models import MINUTES_A_DAY, Store


class WishStatus(models.TextChoices):
    """Where a wish stands. `waiting` and `offered` are open; the others are its end."""

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    LEFT = "left"
    OVER = "over"


class Wish(models.Model):
    """A member would take any place that fits: of these services, by these people (empty: anybody), in
    one of its windows; or a seat of one session, whose time is then its window.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, db_index=False, related_name="wishes")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, db_index=False)
    services = ArrayField(models.UUIDField(), default=list)
    practitioners = ArrayField(models.UUIDField(), default=list, blank=True)
    session = models.ForeignKey("booking.Session", null=True, on_delete=models.PROTECT, db_index=False)
    party_size = models.PositiveSmallIntegerField(default=1)
    auto_accept = models.BooleanField(default=False, help_text="the member agreed to be booked at once")
    status = models.CharField(max_length=8, choices=WishStatus.choices, default=WishStatus.WAITING)
    ends_at = models.DateTimeField(help_text="after the last window nothing can fit any more")
    version = models.PositiveIntegerField(default=1)
    joined_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "wishes"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=WishStatus.values), name="wish_status_known"),
            models.CheckConstraint(condition=Q(party_size__gte=1), name="wish_has_people"),
            models.UniqueConstraint(
                "member",
                "session",
                condition=Q(status__in=["waiting", "offered"], session__isnull=False),
                name="wish_once_a_session",
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "joined_at"],
                name="wish_queue",
                condition=Q(status__in=["waiting", "offered"]),
            ),
            models.Index(fields=["member", "-joined_at"], name="wish_by_member"),
            models.Index(fields=["ends_at"], name="wish_end"),
        ]

    def __str__(self) -> str:
        return f"wish {self.id}"


class WishWindow(models.Model):
    """A span within which the whole service must lie. Aware UTC, half-open."""

    id = models.BigAutoField(primary_key=True)
    wish = models.ForeignKey(Wish, on_delete=models.CASCADE, related_name="windows")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="wish_window_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.starts_at} to {self.ends_at}"


class OfferState(models.TextChoices):
    """What became of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class WaitingOffer(models.Model):
    """A freed place, held for a wish: its booking is a hold of the member until `expires_at`.

    A wish has one open offer, and never the same place twice: both are unique keys.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    wish = models.ForeignKey(Wish, on_delete=models.CASCADE, db_index=False, related_name="offers")
    booking = models.OneToOneField("booking.Booking", on_delete=models.CASCADE, related_name="waiting_offer")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False)
    practitioner = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, db_index=False)
    starts_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=OfferState.choices, default=OfferState.OPEN)
    because = models.CharField(max_length=16, default="joined_first")
    ahead = models.PositiveSmallIntegerField(
        default=0, help_text="how many had joined earlier and could not take this place"
    )
    made_at = models.DateTimeField()
    tell_at = models.DateTimeField(help_text="not before the quiet hours end")
    told_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OfferState.values), name="waiting_offer_state_known"
            ),
            models.UniqueConstraint("wish", condition=Q(state="open"), name="waiting_offer_one_open_a_wish"),
            models.UniqueConstraint(
                fields=["wish", "service", "practitioner", "starts_at"],
                name="waiting_offer_place_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(
                fields=["tell_at"], name="waiting_offer_untold", condition=Q(state="open", told_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"offer {self.id}"


class WaitingRules(models.Model):
    """How a store's waiting list goes about it; a store without a row has the defaults.

    Quiet hours are minutes after the store's local midnight and may run over it; two equal ones are none.
    """

    store = models.OneToOneField(Store, primary_key=True, on_delete=models.CASCADE)
    offer_minutes = models.PositiveSmallIntegerField(default=30, help_text="a place is kept this long")
    auto_until = models.PositiveSmallIntegerField(
        default=240, help_text="minutes before the start from which nobody is booked unasked"
    )
    per_day = models.PositiveSmallIntegerField(default=3, help_text="offers a member and local day")
    quiet_from = models.PositiveSmallIntegerField(default=22 * 60)
    quiet_to = models.PositiveSmallIntegerField(default=8 * 60)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "waiting rules"
        constraints = [
            models.CheckConstraint(
                condition=Q(offer_minutes__gte=5, offer_minutes__lte=1440), name="waiting_offer_lasts"
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__lt=MINUTES_A_DAY, quiet_to__lt=MINUTES_A_DAY),
                name="waiting_quiet_is_of_the_day",
            ),
        ]

    def __str__(self) -> str:
        return f"waiting rules of {self.store_id}"
