"""A day of 500 bookings through the workbench's own views, in process; prints what it measured as JSON."""

import json
import random
import re
import statistics
import time
from datetime import UTC, datetime, timedelta

import django

django.setup()

from django.test import Client

from accounts.models import User
from bench.three_years import Years, gather_figures, make_bookings, make_members
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema
from chains.scope import chain_scope, platform_scope
from tenants.booking.models import Booking
from tenants.catalogue.models import Offer, Service
from tenants.people.models import Employee, Role, RoleGrant, WeeklyShift
from tenants.stores.models import OpeningHours, Resource, ResourceKind, Store

HOST = "day.tessera.test"
PEOPLE, ROUNDS = 40, 15
now = datetime.now(UTC)
midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)

schema = new_schema_name()
with owner_connection() as owner:
    build_schema(owner, schema, pooled=False)
with platform_scope():
    chain = Chain.objects.create(
        slug="day", name="Day", schema_name=schema, state=ChainState.ACTIVE, opened_at=now
    )
    Domain.objects.create(domain=HOST, tenant=chain, is_primary=True)
with chain_scope(chain):
    store = Store.objects.create(name="One day", time_zone="UTC", currency="CNY", country="CN")
    OpeningHours.objects.bulk_create(
        OpeningHours(store=store, weekday=day, opens=480, closes=1320) for day in range(1, 8)
    )
    staff = []
    for number in range(PEOPLE):
        resource = Resource.objects.create(kind=ResourceKind.PRACTITIONER, name=f"P{number}")
        user = User.objects.create(email=f"p{number}@day.example")
        person = Employee.objects.create(user=user, name=f"P{number}", resource=resource)
        WeeklyShift.objects.bulk_create(
            WeeklyShift(employee=person, store=store, weekday=day, starts=480, ends=1320)
            for day in range(1, 8)
        )
        staff.append(person.id)
    service = Service.objects.create(name="深层补水护理", minutes=50, price_amount=39800, currency="CNY")
    Offer.objects.create(service=service, store=store)
    clerk = User.objects.create(email="clerk@day.example")
    RoleGrant.objects.create(
        employee=Employee.objects.create(user=clerk, name="Clerk"), role=Role.CLERK, store=store
    )
    members = make_members(1000, now=now, rng=random.Random(3))
    make_bookings(
        Years(midnight=midnight, days=1, ahead=1, per_day=526),
        store=store.id,
        services=[service.id],
        staff=staff,
        members=[member.id for member in members],
    )
    tomorrow = (midnight + timedelta(days=1)).date()
    changed = str(Booking.objects.filter(status="confirmed").order_by("starts_at", "id")[250].id)
    client = Client(HTTP_HOST=HOST)
    client.force_login(clerk, backend="allauth.account.auth_backends.AuthenticationBackend")
gather_figures(schema)


def measure(path: str) -> tuple[float, float, bytes]:
    """Median milliseconds of wall clock and of CPU, and the last answer."""
    walls, cpus = [], []
    content = b""
    for number in range(ROUNDS + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = client.get(path, HTTP_HX_REQUEST="true")
        assert answer.status_code == 200, answer.status_code
        content = answer.content
        if number:
            walls.append((time.perf_counter() - wall) * 1000)
            cpus.append((time.process_time() - cpu) * 1000)
    return statistics.median(walls), statistics.median(cpus), content


base = f"/workbench/{store.id}"
day, cpu, html = measure(f"{base}/day/?on={tomorrow}&view=people")
one, _cpu, _html = measure(f"{base}/changed/{changed}/?on={tomorrow}&view=people")
print(
    json.dumps(
        {
            "day": day,
            "cpu": cpu,
            "changed": one,
            "bookings": len(re.findall(rb'class="block ', html)),
            "elements": len(re.findall(rb"<[a-z]", html)),
            "kilobytes": len(html) // 1024,
        }
    )
)
