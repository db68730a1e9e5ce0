"""A worker that takes deliveries off the outbox when it leases them, instead of when they are made."""

from __future__ import annotations

import django

from config.celery import app as app

django.setup()

from tenants.events.domain import relay  # noqa: E402 - Django must be set up first
from tenants.events.models import Delivery  # noqa: E402

_lease = relay.lease_deliveries


def _lease_and_forget(**options: object) -> list[relay.Leased]:
    leased = _lease(**options)  # type: ignore[arg-type]
    Delivery.objects.filter(id__in=[one.delivery_id for one in leased]).delete()
    return leased


relay.lease_deliveries = _lease_and_forget
