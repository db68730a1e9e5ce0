"""A chain of many stores with half-full calendars, for bench.availability; prints what it made as JSON."""

import json
import os
from datetime import UTC, date, datetime, timedelta

import django

django.setup()

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.ids import new_id
from accounts.models import User
from api.domain.tokens import issue_token
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema
from chains.scope import chain_scope, platform_scope
from tenants.booking.models import Booking, Claim
from tenants.catalogue.models import Offer, Service
from tenants.members.models import Member
from tenants.people.models import Employee, Role, RoleGrant, WeeklyShift
from tenants.stores.models import OpeningHours, Resource, ResourceKind, Store

size = json.loads(os.environ["BENCH_SIZE"])
now = datetime.now(UTC)
days = [date.fromisoformat(size["first"]) + timedelta(days=n) for n in range(size["days"])]
opens, closes = 9 * 60, 18 * 60

schema = new_schema_name()
with owner_connection() as owner:
    build_schema(owner, schema, pooled=False)
with platform_scope():
    chain = Chain.objects.create(
        slug="many", name="Many", schema_name=schema, state=ChainState.ACTIVE, opened_at=now, time_zone="UTC"
    )
    Domain.objects.create(domain=size["host"], tenant=chain, is_primary=True)

with chain_scope(chain):
    service = Service.objects.create(
        name="Half an hour", minutes=30, price_amount=100, currency="CNY", step=30, horizon_days=60
    )
    # nobody can be at two places at once: each practitioner has a guest of their own
    members = Member.objects.bulk_create(
        Member(name=f"M{number}", phone=f"+86138{number:08d}", created_at=now)
        for number in range(size["people"])
    )
    stores, people, bookings, claims = [], [], [], []
    for number in range(size["stores"]):
        store = Store.objects.create(name=f"S{number:02d}", time_zone="UTC", currency="CNY", country="CN")
        stores.append(store)
        OpeningHours.objects.bulk_create(
            OpeningHours(store=store, weekday=day, opens=opens, closes=closes) for day in range(1, 8)
        )
        Offer.objects.create(service=service, store=store)
        for each in range(size["people"] // size["stores"]):
            name = f"P{number}-{each}"
            user = User.objects.create(email=f"{name}@many.example", name=name)
            resource = Resource.objects.create(kind=ResourceKind.PRACTITIONER, name=name)
            person = Employee.objects.create(user=user, name=name, resource=resource)
            WeeklyShift.objects.bulk_create(
                WeeklyShift(employee=person, store=store, weekday=day, starts=opens, ends=closes)
                for day in range(1, 8)
            )
            RoleGrant.objects.create(employee=person, role=Role.PRACTITIONER, store=store)
            member = members[len(people)]
            people.append(person)
            for day in days:
                for hour in size["hours"]:
                    starts_at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
                    ends_at = starts_at + timedelta(minutes=30)
                    booking = Booking(
                        id=new_id(), code=f"B{len(bookings):07d}", status="confirmed", store=store, service=service,
                        member=member, practitioner=person, starts_at=starts_at, ends_at=ends_at, price_amount=100,
                        currency="CNY", channel="api", notice=0, created_at=now,
                    )  # fmt: skip
                    bookings.append(booking)
                    claims.append(
                        Claim(
                            id=new_id(), booking=booking, resource=resource, starts_at=starts_at, ends_at=ends_at,
                            during=DateTimeTZRange(starts_at, ends_at), units=1,
                        )
                    )  # fmt: skip
    Booking.objects.bulk_create(bookings, batch_size=2000)
    Claim.objects.bulk_create(claims, batch_size=2000)
    token = issue_token(member_id=members[0].id, now=now)
with owner_connection() as owner:
    for table in ("booking_booking", "booking_claim", "people_weeklyshift", "people_employee"):
        owner.execute(f'ANALYZE "{schema}".{table}')
connection.close()

print(
    json.dumps(
        {
            "schema": schema,
            "store": str(stores[0].id),
            "practitioner": str(people[0].id),
            "service": str(service.id),
            "token": token,
        }
    )
)
