"""Bookings that belong together: a party with one payer, a series that returns."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from tenants.catalogue.models import Service
from tenants.members.models import Member
from tenants.people.models import Employee
from tenants.stores.models import Store


class BookingGroup(models.Model):
    """Bookings of one party, made all or none; the payer sees, moves and cancels them all."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, db_index=False)
    payer = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="groups_paid")
    made_by = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, db_index=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"group {self.id}"


class BookingSeries(models.Model):
    """Bookings of one member that return every `interval_days` at the same wall time, with the same person."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, db_index=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="series")
    practitioner = models.ForeignKey(Employee, null=True, on_delete=models.PROTECT, db_index=False)
    interval_days = models.PositiveSmallIntegerField()
    made_by = models.ForeignKey(
        Employee, null=True, on_delete=models.PROTECT, db_index=False, related_name="series_made"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(interval_days__gte=1, interval_days__lte=91), name="series_returns"
            )
        ]

    def __str__(self) -> str:
        return f"every {self.interval_days} days"
