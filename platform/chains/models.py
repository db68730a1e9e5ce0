"""The public schema: chains, their addresses, sign-ups, ready schemas, and what is due."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Replace
from django_tenants.models import DomainMixin, TenantMixin

from accounts.ids import new_id

# RFC 4648 base32 in lower case: no two letters differ only in case, nothing needs quoting.
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def new_schema_name() -> str:
    """An opaque schema name: t_ and ten base32 characters (50 bits). Never renamed, says nothing."""
    return "t_" + "".join(secrets.choice(_BASE32) for _ in range(10))


# How a slug reads at a glance (domain/slugs.py): pairs first, in this order, then single characters.
SKELETON_PAIRS = (("-", ""), ("rn", "m"), ("vv", "w"))
SKELETON_LETTERS = ("01i58", "ollsb")


def _skeleton_of_slug() -> models.GeneratedField:
    """The slug's skeleton, computed by the database, so that look-alikes are found by an index."""
    text: Any = F("slug")
    for pair, reading in SKELETON_PAIRS:
        text = Replace(text, Value(pair), Value(reading))
    before, after = SKELETON_LETTERS
    return models.GeneratedField(
        expression=Func(text, Value(before), Value(after), function="translate"),
        output_field=models.CharField(max_length=40),
        db_persist=True,
    )


class ChainState(models.TextChoices):
    """What a chain may do; see domain/lifecycle.py for the transitions."""

    PROVISIONING = "provisioning"
    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    READ_ONLY = "read_only"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Chain(TenantMixin):
    """A tenant: one brand, one schema."""

    auto_create_schema = False
    auto_drop_schema = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    schema_name = models.CharField(max_length=63)
    slug = models.CharField(max_length=40)
    slug_skeleton = _skeleton_of_slug()
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=16, choices=ChainState.choices, default=ChainState.PROVISIONING)
    state_reason = models.CharField(max_length=300, blank=True)
    # suspended by an operator's hand: paying does not open it, only the operator does
    held = models.BooleanField(default=False)
    verticals = ArrayField(models.CharField(max_length=40), default=list)
    locale = models.CharField(max_length=16, default="zh-Hans")
    time_zone = models.CharField(max_length=64, default="Asia/Shanghai")
    currency = models.CharField(max_length=3, default="CNY")
    country = models.CharField(max_length=2, default="CN")
    plan = models.CharField(max_length=40, blank=True)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    entitlements = models.JSONField(default=dict)
    accent = models.CharField(max_length=7, default="#2C7A66")
    accent_tokens = models.JSONField(default=dict)
    tagline = models.CharField(max_length=120, blank=True)
    figures = models.JSONField(default=dict)
    opened_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("schema_name", name="chain_schema_once"),
            models.UniqueConstraint(
                "slug", name="chain_slug_once", condition=~models.Q(state=ChainState.CLOSED)
            ),
            models.CheckConstraint(condition=models.Q(state__in=ChainState.values), name="chain_state_known"),
        ]
        indexes = [models.Index(fields=["slug_skeleton"], name="chain_by_skeleton")]

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host name that leads to a chain, lower case, without port."""

    domain = models.CharField(max_length=253)
    tenant = models.ForeignKey(Chain, on_delete=models.CASCADE, related_name="domains")

    class Meta:
        constraints = [models.UniqueConstraint("domain", name="domain_once")]

    def __str__(self) -> str:
        return self.domain


class SignupState(models.TextChoices):
    """How far a sign-up has come."""

    VERIFY_EMAIL = "verify_email"
    PROVISIONING = "provisioning"
    READY = "ready"
    FAILED = "failed"


class Signup(models.Model):
    """A brand's wish to become a chain, until it is one. The slug is taken only when verified."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    brand = models.CharField(max_length=120)
    slug = models.CharField(max_length=40)
    slug_skeleton = _skeleton_of_slug()
    email = models.CharField(max_length=254)
    password_hash = models.CharField(max_length=256)
    owner_name = models.CharField(max_length=120, blank=True)
    verticals = ArrayField(models.CharField(max_length=40))
    locale = models.CharField(max_length=16)
    time_zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16, choices=SignupState.choices, default=SignupState.VERIFY_EMAIL)
    problem = models.JSONField(null=True)
    steps = models.JSONField(default=list)
    code_hash = models.CharField(max_length=128, blank=True)
    code_sent_at = models.DateTimeField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    browser_hash = models.CharField(max_length=64, blank=True)
    chain = models.ForeignKey(Chain, null=True, on_delete=models.SET_NULL)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["leased_until"],
                name="signup_to_provision",
                condition=models.Q(state=SignupState.PROVISIONING),
            )
        ]
        constraints = [
            # the slug belongs to the first verified sign-up, until it is a chain's own or has failed
            models.UniqueConstraint(
                "slug",
                name="signup_slug_once",
                condition=models.Q(state=SignupState.PROVISIONING),
            ),
            # and so does everything that reads like it
            models.UniqueConstraint(
                "slug_skeleton",
                name="signup_skeleton_once",
                condition=models.Q(state=SignupState.PROVISIONING),
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=SignupState.values), name="signup_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} ({self.state})"


class PlatformAnswer(models.Model):
    """The first answer to a write on the platform's host, by idempotency key (see api/idempotency.py).

    A chain keeps the answers of its own host in its own schema.
    """

    scope = models.CharField(max_length=64, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=80)
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="platform_answer_age")]

    def __str__(self) -> str:
        return self.scope[:12]


class PooledSchema(models.Model):
    """A ready schema that no chain owns yet."""

    schema = models.CharField(max_length=63, primary_key=True)
    version = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.schema


class ChainTemplate(models.Model):
    """The SQL that makes a chain's schema, with the version of the migrations it stands for."""

    version = models.CharField(max_length=64, primary_key=True)
    statements = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.version


class SchemaMigration(models.Model):
    """How one migration fares in one schema; written by the batch migrator."""

    schema = models.CharField(max_length=63)
    app = models.CharField(max_length=64)
    name = models.CharField(max_length=128)
    state = models.CharField(max_length=8, choices=[("done", "done"), ("failed", "failed")])
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("schema", "app", "name", name="schema_migration_once")]

    def __str__(self) -> str:
        return f"{self.schema} {self.app}.{self.name}: {self.state}"


class DueWork(models.Model):
    """That a chain, or the platform (schema `public`), has something of a kind due from a time on.

    Rows are only added and taken away.

    The one public table that a chain's transaction touches, through the function mark_due alone.
    """

    id = models.BigAutoField(primary_key=True)
    schema = models.CharField(max_length=63)
    kind = models.CharField(max_length=40)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="due_work_due_at")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.schema} at {self.due_at:%F %T}"


class OperatorAct(models.Model):
    """What an operator did to a chain. Append-only; the chain can read its own."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    operator_id = models.UUIDField()
    operator_email = models.CharField(max_length=254)
    chain_id = models.UUIDField()
    schema = models.CharField(max_length=63)
    act = models.CharField(max_length=40)
    reason = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["schema", "-at"], name="operator_act_by_chain")]

    def __str__(self) -> str:
        return f"{self.act} by {self.operator_email}"
