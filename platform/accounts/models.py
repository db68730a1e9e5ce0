"""The sign-in identity. One model: operators in public, employees in each chain's schema."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from accounts.ids import new_id


class UserManager(BaseUserManager["User"]):
    """Makes users with a normalised address; nothing else."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user of the active scope. Without a password the account cannot sign in by one."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Look-up for sign-in, ignoring case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """An e-mail address and a password. What the person may do hangs elsewhere (roles on nodes)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    locale = models.CharField(max_length=16, blank=True)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Django's admin asks for this; only operators, who live in public, ever have it."""
        return self.is_operator

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """The console is open to operators as a whole."""
        return self.is_active and self.is_operator

    def has_perms(self, perms: list[str], obj: object | None = None) -> bool:
        """As has_perm: all of them or none."""
        return self.is_active and self.is_operator

    def has_module_perms(self, app_label: str) -> bool:
        """As has_perm, for every app alike."""
        return self.is_active and self.is_operator
