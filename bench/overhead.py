"""What being multi-tenant costs a request: the same view and tables on three backends, in process.

`plain` is Django's own PostgreSQL backend on one schema, same pool, same transaction; `stock` is
django-tenants' middleware and backend; `ours` is HostMiddleware and the wrapper with a role per chain.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from bench.ground import ROOT, Ground, Row

PREPARE = """
import json, django
django.setup()
from chains.models import Chain, ChainState, Domain, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema
from chains.scope import chain_scope, platform_scope
from tenants.stores.models import Store
schema = new_schema_name()
with owner_connection() as owner:
    build_schema(owner, schema, pooled=False)
with platform_scope():
    chain = Chain.objects.create(slug="overhead", name="Overhead", schema_name=schema, state=ChainState.ACTIVE)
    Domain.objects.create(domain="overhead.tessera.test", tenant=chain, is_primary=True)
with chain_scope(chain):
    Store.objects.bulk_create(Store(name=f"Store {n}", time_zone="UTC", currency="CNY", country="CN") for n in range(20))
print(json.dumps({"schema": schema}))
"""


def run(ground: Ground) -> list[Row]:
    """CPU of the process per request: 10 rounds of 300 requests each, interleaved, medians."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PREPARE],
        cwd=ROOT,
        env=ground.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    schema = json.loads(done.stdout.strip().splitlines()[-1])["schema"]
    spent: dict[str, list[float]] = {"plain": [], "stock": [], "ours": []}
    for _round in range(10):
        for variant in spent:
            spent[variant].append(_measure(ground, variant, schema))
    plain, stock, ours = (statistics.median(spent[name]) for name in ("plain", "stock", "ours"))
    return [
        Row(
            "a request, tenancy's share",
            f"{ours:.3f} ms CPU",
            f"{plain:.3f} ms CPU (plain view)",
            ours / plain,
            "≤ 1.15 ×",
        ),
        Row(
            "the same of django-tenants",
            f"{stock:.3f} ms CPU",
            f"{plain:.3f} ms CPU (plain view)",
            stock / plain,
            "–",
        ),
    ]


def _measure(ground: Ground, variant: str, schema: str) -> float:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.one_variant", "300"],
        cwd=ROOT,
        env=ground.environment(
            DJANGO_SETTINGS_MODULE="bench.variant_settings", BENCH_VARIANT=variant, BENCH_SCHEMA=schema
        ),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stdout.strip().splitlines()[-1])
