"""Notes of who saw or changed what is watched; they are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tenants.people.domain.rights import Actor
from tenants.people.models import AccessNote


def note_access(
    by: Actor,
    act: str,
    subject_kind: str,
    subject_id: UUID,
    *,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note in the running transaction that an employee did `act` to a subject."""
    AccessNote.objects.create(
        employee_id=by.employee_id,
        act=act,
        subject_kind=subject_kind,
        subject_id=subject_id,
        detail=dict(detail or {}),
        at=now,
    )
