"""Whom a chain serves: members, and the one-time codes they sign in with."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Collate, Reverse

from accounts.ids import new_id


class Member(models.Model):
    """A customer of a chain, known by one phone number (E.164) or, for a walk-in, by none."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=20, null=True, blank=True)
    locale = models.CharField(max_length=16, blank=True)
    note = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("phone", name="member_phone_once")]
        indexes = [
            models.Index(Collate(Reverse("phone"), "C"), name="member_by_phone_tail"),
        ]

    def __str__(self) -> str:
        return self.name or (self.phone or "")[-4:]


class NameIndex(models.Model):
    """What a member's name is found by (domain/names.py): beside the member, whom every list reads whole.

    `name` is the name the grams were made of and `scheme` the way they were made: where either is not
    today's, the round of the day makes them anew, and check_integrity says so.
    """

    member = models.OneToOneField(
        Member, primary_key=True, on_delete=models.CASCADE, related_name="name_index"
    )
    name = models.CharField(max_length=120)
    grams = ArrayField(models.TextField(), default=list)
    scheme = models.PositiveSmallIntegerField()

    class Meta:
        # without a list of pending entries, which every search would have to read too
        indexes = [GinIndex(fields=["grams"], name="name_by_grams", fastupdate=False)]

    def __str__(self) -> str:
        return self.name


class OneTimeCode(models.Model):
    """A six-digit code sent to a phone: valid 5 minutes, used once. Only its hash is kept.

    Its tries are counted in Valkey (accounts.guesses), where no rollback takes one back.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    phone = models.CharField(max_length=20)
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["phone", "-sent_at"], name="one_time_code_by_phone")]

    def __str__(self) -> str:
        return f"for …{self.phone[-4:]}"
