"""Who works for a chain: employees, roles on nodes, skills, shifts, leave, invitations."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from accounts.ids import new_id
from tenants.stores.models import MINUTES_A_DAY, Resource, Store


class Skill(models.Model):
    """Something a practitioner can do and a service needs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("name", name="skill_name_once")]

    def __str__(self) -> str:
        return self.name


class Employee(models.Model):
    """A person who works for a chain. With a resource, the person can be booked (a practitioner)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="employee")
    name = models.CharField(max_length=120)
    translations = models.JSONField(default=dict, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    title = models.CharField(max_length=80, blank=True)
    resource = models.OneToOneField(
        Resource, null=True, blank=True, on_delete=models.PROTECT, related_name="employee"
    )
    skills = models.ManyToManyField(Skill, blank=True, related_name="employees")
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    plan_version = models.PositiveIntegerField(default=1, help_text="of shifts and leave")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What an employee is, on a node; domain/rights.py says what each may do."""

    OWNER = "owner"
    BRAND_MANAGER = "brand_manager"
    STORE_MANAGER = "store_manager"
    CLERK = "clerk"
    PRACTITIONER = "practitioner"
    CASHIER = "cashier"
    READ_ONLY = "read_only"


class RoleGrant(models.Model):
    """An employee holds a role, at one store or (store null) in the whole chain."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=Role.choices)
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "role", "store"], name="role_grant_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_known"),
            models.CheckConstraint(
                condition=~Q(role__in=["owner", "brand_manager"]) | Q(store__isnull=True),
                name="role_of_the_brand_is_chain_wide",
            ),
        ]

    def __str__(self) -> str:
        return self.role


class WeeklyShift(models.Model):
    """Works every such weekday at a store, local wall time; from a date on, until one (exclusive)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="weekly_shifts")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="weekly_shifts")
    weekday = models.PositiveSmallIntegerField(help_text="ISO: 1 is Monday, 7 Sunday")
    starts = models.PositiveSmallIntegerField(help_text="minutes after local midnight")
    ends = models.PositiveSmallIntegerField(help_text="minutes after local midnight, exclusive")
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="shift_weekday_iso"),
            models.CheckConstraint(
                condition=Q(starts__lt=F("ends"), ends__lte=MINUTES_A_DAY), name="shift_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts}-{self.ends}"


class DayShift(models.Model):
    """Works on one date at a store; a date with any day shift has no weekly one. `starts` null: a day off."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="day_shifts")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="day_shifts")
    on = models.DateField()
    starts = models.PositiveSmallIntegerField(null=True, blank=True)
    ends = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["on", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True)
                | Q(starts__lt=F("ends"), ends__lte=MINUTES_A_DAY),
                name="day_shift_in_order",
            ),
        ]
        indexes = [models.Index(fields=["store", "on"], name="day_shift_by_store_day")]

    def __str__(self) -> str:
        return f"{self.on} {self.starts}-{self.ends}"


class Leave(models.Model):
    """A practitioner is away, aware UTC, half-open."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="leaves")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="leave_in_order")]
        indexes = [models.Index(fields=["employee", "starts_at"], name="leave_by_employee")]

    def __str__(self) -> str:
        return f"{self.starts_at} to {self.ends_at}"


class Invitation(models.Model):
    """An employee's way in: a link by e-mail to choose a password, used once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("token_hash", name="invitation_token_once")]

    def __str__(self) -> str:
        return f"for {self.employee_id}"


class AccessNote(models.Model):
    """Who saw or changed something that is watched (a phone revealed, rights changed). Append-only."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    employee = models.ForeignKey(Employee, null=True, on_delete=models.DO_NOTHING, db_constraint=True)
    act = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_id", "-at"], name="access_note_by_subject")]

    def __str__(self) -> str:
        return self.act


class ArrivalUse(models.Model):
    """That the owner of a sign-up has arrived by a link; `token_hash` is the hash of the sign-up's id.

    One row ends every link of the sign-up: those that were made, and those that would be.
    """

    write_once = True

    token_hash = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return "used"


class RequestState(models.TextChoices):
    """Where a wish of an employee stands. Only a swap is accepted by a colleague in between."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class LeaveRequest(models.Model):
    """An employee asks to be away, aware UTC, half-open; approved, it is a Leave."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="leave_requests")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.ASKED)
    answer = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        Employee, null=True, on_delete=models.SET_NULL, db_index=False, related_name="leave_decisions"
    )
    leave = models.OneToOneField(Leave, null=True, on_delete=models.SET_NULL, related_name="request")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="leave_request_in_order"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "approved", "declined", "withdrawn"]),
                name="leave_request_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at__isnull=True)
                | (~Q(state="asked") & Q(decided_at__isnull=False)),
                name="leave_request_decided_when",
            ),
            ExclusionConstraint(
                name="leave_request_asked_once",
                expressions=[
                    ("employee", RangeOperators.EQUAL),
                    (Func("starts_at", "ends_at", function="tstzrange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(state="asked"),
            ),
        ]
        indexes = [models.Index(fields=["state", "asked_at"], name="leave_request_by_state")]

    def __str__(self) -> str:
        return f"{self.state}: {self.starts_at} to {self.ends_at}"


class ShiftSwap(models.Model):
    """An employee asks a colleague to take over a day at a store, perhaps for a day of theirs.

    `gives_on` is the asker's day, `takes_on` the colleague's that the asker works instead (null: none).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, db_index=False)
    asker = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="swaps_asked")
    colleague = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="swaps_offered")
    gives_on = models.DateField()
    takes_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.ASKED)
    answer = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        Employee, null=True, on_delete=models.SET_NULL, db_index=False, related_name="swap_decisions"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="swap_state_known"),
            models.CheckConstraint(condition=~Q(asker=F("colleague")), name="swap_between_two"),
            models.UniqueConstraint(
                fields=["asker", "store", "gives_on"],
                condition=Q(state__in=["asked", "accepted"]),
                name="swap_asked_once",
            ),
        ]
        indexes = [models.Index(fields=["store", "state"], name="swap_by_store_state")]

    def __str__(self) -> str:
        return f"{self.state}: {self.gives_on}"
