"""The calendar of a person's bookings, read under a secret address."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from tenants.members.models import Member
from tenants.people.models import Employee


class CalendarFeed(models.Model):
    """A secret address under which a person's bookings are read as a calendar; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_hash = models.CharField(max_length=64)
    employee = models.OneToOneField(
        Employee, null=True, on_delete=models.CASCADE, related_name="calendar_feed"
    )
    member = models.OneToOneField(Member, null=True, on_delete=models.CASCADE, related_name="calendar_feed")
    language = models.CharField(max_length=10, choices=[("en", "en"), ("zh-hans", "zh-hans")])
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("token_hash", name="calendar_feed_token_once"),
            models.CheckConstraint(
                condition=Q(employee__isnull=False, member__isnull=True)
                | Q(employee__isnull=True, member__isnull=False),
                name="calendar_feed_of_one_person",
            ),
        ]

    def __str__(self) -> str:
        return f"of {self.employee_id or self.member_id}"
