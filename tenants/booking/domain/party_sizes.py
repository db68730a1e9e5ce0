"""Which services are booked for several people at once: those that need a room or table to suit the party."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from tenants.catalogue.models import Need, Service
from tenants.extension.calls import extra_needs
from tenants.extension.hooks import NeedsAsked
from tenants.extension.registry import plugins_on

MOST_PEOPLE = 99


def services_for_parties(service_ids: Collection[UUID], *, verticals: Collection[str]) -> set[UUID]:
    """Those of the services whose place depends on the party's size, by their own needs or those of a store's verticals.

    One query, one more where a vertical adds needs.
    """
    found = set(
        Need.objects.filter(service_id__in=service_ids, fits_party=True).values_list("service_id", flat=True)
    )
    plugins = [plugin for plugin in plugins_on(verticals) if plugin.hooks.needs is not None]
    if plugins and service_ids:
        lengths = Service.objects.filter(id__in=service_ids).values_list("id", "minutes")
        found |= {
            key
            for key, minutes in lengths
            if any(need.fits_party for need in extra_needs(plugins, NeedsAsked(key, minutes)))
        }
    return found
