"""What the REST API keeps in each chain's schema: tokens and idempotency keys."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from tenants.members.models import Member
from tenants.people.models import Employee


class Token(models.Model):
    """A bearer token of one employee or one member of this chain. Only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_hash = models.CharField(max_length=64)
    employee = models.ForeignKey(Employee, null=True, on_delete=models.CASCADE, related_name="tokens")
    member = models.ForeignKey(Member, null=True, on_delete=models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("token_hash", name="token_once"),
            models.CheckConstraint(
                condition=Q(employee__isnull=False, member__isnull=True)
                | Q(employee__isnull=True, member__isnull=False),
                name="token_of_one_person",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class IdempotencyKey(models.Model):
    """The first answer to a request, repeated for at least 24 hours.

    `scope` is a hash of caller, method, path and key (an anonymous caller's also of the body);
    `fingerprint` a keyed hash of the body.
    """

    scope = models.CharField(max_length=64, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=80)
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.scope[:12]
