"""Three years of one store's bookings, and how long the search box takes over them; prints what it found as JSON."""

import json
import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import django

django.setup()

from django.db import connection
from django.test import Client

from accounts.models import User
from bench.three_years import Years, gather_figures, make_bookings, make_members
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema
from chains.scope import chain_scope, platform_scope
from config.steady import settle
from tenants.booking.models import Booking
from tenants.catalogue.models import Offer, Service
from tenants.people.models import Employee, Role, RoleGrant, WeeklyShift
from tenants.stores.models import Resource, ResourceKind, Store

rng = random.Random(7)
now = datetime.now(UTC)
HOST = "years.tessera.test"
STAFF = ("小雅", "林乔", "阿宁", "周苒", "Mia", *(f"技师{number}" for number in range(45)))
SERVICES = (
    "深层补水护理", "敏感肌舒缓", "紧致提拉", "清洁护理", "肩颈舒压", "眼周护理", "水光修护", "B5 舒缓导入", "Hot stone", "脊柱养护"
)  # fmt: skip
ROUNDS = 6


def prepare() -> tuple[Store, User]:
    """The chain, its store, and the clerk who searches."""
    schema = new_schema_name()
    with owner_connection() as owner:
        build_schema(owner, schema, pooled=False)
    with platform_scope():
        chain = Chain.objects.create(
            slug="years", name="Years", schema_name=schema, state=ChainState.ACTIVE, opened_at=now
        )
        Domain.objects.create(domain=HOST, tenant=chain, is_primary=True)
    with chain_scope(chain):
        store = Store.objects.create(name="静安", time_zone="Asia/Shanghai", currency="CNY", country="CN")
        staff = []
        for number, name in enumerate(STAFF):
            resource = Resource.objects.create(kind=ResourceKind.PRACTITIONER, name=name)
            user = User.objects.create(email=f"p{number}@years.example", name=name)
            person = Employee.objects.create(user=user, name=name, resource=resource)
            WeeklyShift.objects.create(employee=person, store=store, weekday=1, starts=540, ends=1260)
            RoleGrant.objects.create(employee=person, role=Role.PRACTITIONER, store=store)
            staff.append(person.id)
        services = [
            Service.objects.create(name=name, minutes=50, price_amount=39800, currency="CNY")
            for name in SERVICES
        ]
        Offer.objects.bulk_create(Offer(service=service, store=store) for service in services)
        clerk = User.objects.create(email="clerk@years.example")
        RoleGrant.objects.create(
            employee=Employee.objects.create(user=clerk, name="Clerk"), role=Role.CLERK, store=store
        )
        midnight = (now - timedelta(days=1)).replace(hour=16, minute=0, second=0, microsecond=0)
        years = Years(midnight=midnight)
        members = make_members(years.members, now=now, rng=rng)
        make_bookings(
            years,
            store=store.id,
            services=[service.id for service in services],
            staff=staff,
            members=[member.id for member in members],
        )
        codes = Booking.objects.order_by("code").values_list("code", "member__phone")
        sample = list(codes[1000:1040])
    queries.update(
        {
            "code": [code for code, _phone in sample],
            "code's beginning": [code[:5] for code, _phone in sample],
            "phone": [phone[-4:] for _code, phone in sample],
            "one character": list("王李张刘陈雅解单燕"),
            "two characters": ["小雅", "王小", "思远", "子涵", "文博", "陈可", "解晴", "雪梅"],
            "initials": ["wxy", "lzh", "zs", "xy", "cjh", "l", "oyn", "sq"],
            "pinyin": ["wang", "wangxiao", "lisiyuan", "shan", "zhang zi", "xiaoya"],
            "Latin": ["anna", "chen ke", "jose", "sch"],
            "staff": ["林乔", "mia", "技师 3", "阿宁"],
            "service": ["补水", "hot", "脊柱", "眼周护理"],
            "status": ["已取消", "no-show", "爽约", "confirmed", "held"],
            "together": ["王 补水", "林乔 取消", "wxy 已取消", "单 hot 爽约", "小雅 脊柱", "mia held"],
            "nothing": ["鑫鑫鑫", "zzzzz", "9999999"],
        }
    )
    gather_figures(schema)
    return store, clerk


queries: dict[str, list[str]] = {}
store, clerk = prepare()
client = Client(HTTP_HOST=HOST)
with chain_scope(Chain.objects.get(slug="years")):
    client.force_login(clerk, backend="allauth.account.auth_backends.AuthenticationBackend")
spent: dict[str, list[float]] = {kind: [] for kind in queries}
worked: dict[str, list[float]] = {kind: [] for kind in queries}
hits = 0


def work() -> float:
    """Milliseconds of CPU that this process and its PostgreSQL have used: what the machine's other load does not change."""
    with chain_scope(chain_row), connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    own = time.process_time() * 1000
    return own + int(Path(f"/proc/{backend}/schedstat").read_text().split()[0]) / 1e6


chain_row = Chain.objects.get(slug="years")
for number in range(ROUNDS + 1):
    if number == 1:
        settle()  # as a process does that serves
    for kind, texts in queries.items():
        for text in texts:
            before, begun = work(), time.perf_counter()
            answer = client.get(
                f"/workbench/{store.id}/find/?{urlencode({'q': text})}", HTTP_HX_REQUEST="true"
            )
            took = (time.perf_counter() - begun) * 1000
            assert answer.status_code == 200
            used = work() - before
            if number:  # the first round warms the caches
                spent[kind].append(took)
                worked[kind].append(used)
                hits += b"found-coming" in answer.content or b"found-past" in answer.content


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


print(
    json.dumps(
        {
            "p95": p95([one for times in spent.values() for one in times]),
            "median": statistics.median(one for times in spent.values() for one in times),
            "kinds": {kind: p95(times) for kind, times in spent.items()},
            "work": {kind: p95(times) for kind, times in worked.items()},
            "work_p95": p95([one for times in worked.values() for one in times]),
            "hits": hits,
        }
    )
)
