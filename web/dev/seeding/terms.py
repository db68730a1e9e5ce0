"""What the demo's services take beside their person, and what is paid ahead for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tenants.booking.domain.policies import write_policy
from tenants.catalogue.domain.needs import NeedSpec, replace_needs
from tenants.catalogue.models import Service
from tenants.extension.manifest import DemoChain, Manifest
from tenants.people.domain.rights import Actor, Grant
from tenants.people.models import Employee, Role
from tenants.stores.models import ResourceKind


def state_terms(
    demo: DemoChain, manifest: Manifest, services: Sequence[Service], *, owner: Employee, now: datetime
) -> None:
    """State the needs and deposits that the demo names, of services in the manifest's order."""
    by = Actor(employee_id=owner.id, name=owner.name, grants=(Grant(Role.OWNER, None),))
    for service, template in zip(services, manifest.services, strict=True):
        name = template.names["en"]
        if name in demo.takes:
            replace_needs(service, _needs(demo, service, demo.takes[name]), by=by)
        if name in demo.deposits:
            amount = demo.deposits[name]
            terms = {
                "service_id": service.id,
                "deposit_kind": "fixed",
                "deposit_value": amount,
                "late_kind": "fixed",
                "late_value": amount // 2,
                "no_show_kind": "fixed",
                "no_show_value": amount,
                "currency": demo.currency,
            }
            write_policy(terms, by=by, now=now)


def _needs(demo: DemoChain, service: Service, thing: str) -> list[NeedSpec]:
    """A person and a thing of that kind for all of the service."""
    person = NeedSpec(
        role="practitioner",
        kind=ResourceKind.PRACTITIONER,
        from_minute=0,
        minutes=service.minutes,
        prepare=service.prepare,
        clean_up=service.clean_up,
    )
    # where one guest is all that fits, nobody is asked how many come
    seats = any(one.kind == thing and one.capacity > 1 for store in demo.stores for one in store.things)
    return [person, replace(person, role=thing, kind=thing, fits_party=seats)]
