"""A shop that is always open, with twenty practitioners, for bench.traffic; prints what it made as JSON."""

import json
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import django

django.setup()

from accounts.models import User
from api.domain.tokens import issue_token
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema
from chains.scope import chain_scope, platform_scope
from tenants.booking.domain.codes import draw_code
from tenants.booking.models import Booking
from tenants.catalogue.models import Offer, Service
from tenants.members.models import Member
from tenants.people.models import Employee, Role, RoleGrant, WeeklyShift
from tenants.stores.models import OpeningHours, Resource, ResourceKind, Store

PEOPLE, MEMBERS, REDEEM = 20, 2200, 2100
now = datetime.now(UTC)
rng = random.Random(7)

schema = new_schema_name()
with owner_connection() as owner:
    build_schema(owner, schema, pooled=False)
with platform_scope():
    chain = Chain.objects.create(
        slug="traffic",
        name="Traffic",
        schema_name=schema,
        state=ChainState.ACTIVE,
        opened_at=now,
        time_zone="UTC",
    )
    Domain.objects.create(domain="traffic.tessera.test", tenant=chain, is_primary=True)

with chain_scope(chain):
    store = Store.objects.create(name="Always", time_zone="UTC", currency="CNY", country="CN")
    OpeningHours.objects.bulk_create(
        OpeningHours(store=store, weekday=day, opens=0, closes=1440) for day in range(1, 8)
    )
    service = Service.objects.create(
        name="Half an hour", minutes=30, price_amount=100, currency="CNY", step=30, horizon_days=60
    )
    Offer.objects.create(service=service, store=store)
    practitioners = []
    for number in range(PEOPLE):
        resource = Resource.objects.create(kind=ResourceKind.PRACTITIONER, name=f"P{number}")
        user = User.objects.create(email=f"p{number}@traffic.example", name=f"P{number}")
        person = Employee.objects.create(user=user, name=f"P{number}", resource=resource)
        WeeklyShift.objects.bulk_create(
            WeeklyShift(employee=person, store=store, weekday=day, starts=0, ends=1440) for day in range(1, 8)
        )
        RoleGrant.objects.create(employee=person, role=Role.PRACTITIONER, store=store)
        practitioners.append(person)
    clerk = Employee.objects.create(user=User.objects.create(email="clerk@traffic.example"), name="Clerk")
    RoleGrant.objects.create(employee=clerk, role=Role.CLERK, store=store)
    members = Member.objects.bulk_create(
        Member(name=f"M{number}", phone=f"+86138{number:08d}", created_at=now) for number in range(MEMBERS)
    )
    codes = {draw_code(randbelow=rng.randrange) for _ in range(REDEEM + 50)}
    codes = sorted(codes)[:REDEEM]
    Booking.objects.bulk_create(
        Booking(
            code=code, status="confirmed", store=store, service=service, member=member, practitioner=practitioners[0],
            starts_at=now + timedelta(minutes=5), ends_at=now + timedelta(minutes=35), price_amount=100, currency="CNY",
            channel="api", notice=0, created_at=now,
        )
        for code, member in zip(codes, members[100:], strict=True)
    )  # fmt: skip
    tokens = [issue_token(member_id=member.id, now=now) for member in members[:PEOPLE]]
    clerk_token = issue_token(employee_id=clerk.id, now=now)

midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
slots = [(midnight + timedelta(minutes=30 * number)).isoformat() for number in range(48 * 40)]


def text(value: UUID) -> str:
    return str(value)


print(
    json.dumps(
        {
            "schema": schema,
            "store": text(store.id),
            "service": text(service.id),
            "practitioners": [text(person.id) for person in practitioners],
            "resources": [text(person.resource.id) for person in practitioners if person.resource],
            "members": [text(member.id) for member in members[:100]],
            "tokens": tokens,
            "clerk": clerk_token,
            "codes": codes,
            "slots": slots,
        }
    )
)
