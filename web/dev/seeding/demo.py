"""The whole demo: an operator, every chain that the verticals' manifests name, and the list of logins."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import User
from chains.domain.accent import make_accent
from chains.hosts import ChainInfo
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.ports import trial_terms
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema, drop_schema
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.figures import push_figures
from tenants.booking.models import Status, Transition
from tenants.events.domain.usage import BOOKINGS, count_usage, month_of
from tenants.extension.manifest import DemoChain, Manifest, words
from tenants.extension.registry import verticals
from tenants.members.models import Member
from tenants.people.models import RoleGrant
from web.dev.seeding.chain import PASSWORD, ChainSeeder, Login

OPERATOR = "operator@tessera.example"


def seed_demo(*, now: datetime, seed: int, tell: Callable[[str], object]) -> None:
    """Make what is missing of the demo; a chain that was begun and not finished is made anew."""
    with platform_scope():
        if not User.objects.filter(email=OPERATOR).exists():
            User.objects.create_user(OPERATOR, PASSWORD, name="Demo operator", is_operator=True)
    logins: list[dict[str, Any]] = [_login(None, Login(role="operator", store=None, email=OPERATOR))]
    chains: list[dict[str, Any]] = []
    for manifest in verticals():
        for demo in manifest.demo:
            chain = _seed_chain(manifest, demo, now=now, seed=seed, tell=tell)
            with chain_scope(chain):
                logins += [_login(demo, login) for login in read_logins()]
            chains.append(
                {
                    "slug": demo.slug,
                    "name": words(demo.names, demo.locale),
                    "url": _url(demo),
                    "locale": demo.locale,
                    "time_zone": demo.time_zone,
                }
            )
    # written at every start: the port may be another one than last time
    path = Path(settings.DATA) / "demo.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"chains": chains, "logins": logins}, ensure_ascii=False, indent=1))


def read_logins() -> list[Login]:
    """Every seeded employee's way in, and two members'; read back from the active chain."""
    grants = RoleGrant.objects.select_related("employee__user", "store").filter(
        employee__user__email__endswith=".example", employee__active=True
    )
    employees = [
        Login(
            role=grant.role, store=grant.store.name if grant.store else None, email=grant.employee.user.email
        )
        for grant in grants.order_by("employee__created_at", "employee_id")
    ]
    members = Member.objects.filter(phone__isnull=False).order_by("created_at", "phone")[:2]
    return [*employees, *(Login(role="member", store=None, phone=member.phone) for member in members)]


def _url(demo: DemoChain | None) -> str:
    host = settings.BASE if demo is None else f"{demo.slug}.{settings.BASE}"
    return f"{settings.SCHEME}://{host}/"


def _login(demo: DemoChain | None, login: Login) -> dict[str, Any]:
    area = {"operator": "console/", "member": "", "owner": "manage/", "brand_manager": "manage/"}
    row: dict[str, Any] = {
        "chain": demo.slug if demo else None,
        "role": login.role,
        "store": login.store,
        "url": _url(demo) + area.get(login.role, "workbench/"),
    }
    if login.phone:
        return row | {"phone": login.phone}
    return row | {"email": login.email, "password": PASSWORD}


def _seed_chain(
    manifest: Manifest, demo: DemoChain, *, now: datetime, seed: int, tell: Callable[[str], object]
) -> Chain:
    with platform_scope():
        standing: Chain | None = Chain.objects.filter(slug=demo.slug).exclude(state=ChainState.CLOSED).first()
    if standing is not None and standing.state != ChainState.PROVISIONING:
        return standing
    if standing is not None:
        _remove(standing)
    chain = _make_chain(manifest, demo, now=now)
    with chain_scope(chain):
        done = ChainSeeder(ChainInfo.of(chain), demo, manifest, now=now, seed=seed).seed()
        push_figures(now=now)
        _count_bookings(ZoneInfo(demo.time_zone), now=now)
    with platform_scope():
        terms = trial_terms(now=now)
        Chain.objects.filter(id=chain.id).update(
            state=ChainState.TRIAL,
            plan=terms.plan,
            trial_ends_at=terms.ends_at,
            entitlements=terms.entitlements,
            opened_at=now - timedelta(days=100),
        )
    tell(f"{words(demo.names, demo.locale)}: {done.bookings} bookings")
    return chain


def _count_bookings(zone: ZoneInfo, *, now: datetime) -> None:
    """Count every seeded booking in the month in which it was confirmed, as its event would have."""
    confirmed = Transition.objects.filter(after=Status.CONFIRMED).values_list("at", flat=True)
    months = Counter(month_of(at, zone) for at in confirmed)
    for month, count in sorted(months.items()):
        count_usage(BOOKINGS, at=datetime.combine(month, time(12), zone), now=now, more=count)


def _make_chain(manifest: Manifest, demo: DemoChain, *, now: datetime) -> Chain:
    schema = new_schema_name()
    with owner_connection() as owner:
        build_schema(owner, schema, pooled=False)
    with platform_scope():
        chain: Chain = Chain.objects.create(
            schema_name=schema,
            slug=demo.slug,
            name=words(demo.names, demo.locale),
            tagline=words(demo.taglines, demo.locale),
            state=ChainState.PROVISIONING,
            verticals=[manifest.code],
            locale=demo.locale,
            time_zone=demo.time_zone,
            currency=demo.currency,
            country=demo.country,
            accent=demo.accent,
            accent_tokens=asdict(make_accent(demo.accent)),
        )
        Domain.objects.create(domain=f"{demo.slug}.{settings.BASE_HOST}", tenant=chain, is_primary=True)
    return chain


def _remove(chain: Chain) -> None:
    with platform_scope():
        Domain.objects.filter(tenant=chain).delete()
        Chain.objects.filter(id=chain.id).delete()
    with owner_connection() as owner:
        drop_schema(owner, chain.schema_name)
