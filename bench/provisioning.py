"""A new chain: ours from the template and from the pool, beside django-tenants' migrate and clone."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from bench.ground import ROOT, Ground, Row

OURS = """
import json, time, django
django.setup()
from chains.models import new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema, claim_schema
from chains.scope import platform_scope
built, claimed = [], []
with owner_connection() as owner:
    for _ in range(8):
        begun = time.perf_counter()
        build_schema(owner, new_schema_name())
        built.append((time.perf_counter() - begun) * 1000)
for _ in range(8):
    begun = time.perf_counter()
    with platform_scope():
        assert claim_schema()
    claimed.append((time.perf_counter() - begun) * 1000)
print(json.dumps({"built": built, "claimed": claimed}))
"""

STOCK = """
import json, time, django
django.setup()
from django.db import connection
from django_tenants.clone import CloneSchema
from chains.models import new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.stock import migrate_one
migrated, cloned = [], []
first = None
with owner_connection() as owner:
    for _ in range(3):
        name = new_schema_name()
        first = first or name
        owner.execute(f'CREATE SCHEMA "{name}"')
        begun = time.perf_counter()
        migrate_one(name)
        migrated.append((time.perf_counter() - begun) * 1000)
    for _ in range(3):
        name = new_schema_name()
        begun = time.perf_counter()
        CloneSchema().clone_schema(first, name, "DATA", set_connection=False)
        cloned.append((time.perf_counter() - begun) * 1000)
print(json.dumps({"migrated": migrated, "cloned": cloned}))
"""


def run(ground: Ground) -> list[Row]:
    """Medians; ours includes role and grants."""
    ours = python(ground, OURS)
    stock = python(ground, STOCK, DATABASE_LOGIN="owner")
    built, claimed = statistics.median(ours["built"]), statistics.median(ours["claimed"])
    migrated, cloned = statistics.median(stock["migrated"]), statistics.median(stock["cloned"])
    return [
        Row.times("new chain from the template", built, migrated, aim="≥ 15 ×", versus="migrate_schemas"),
        Row.times("new chain from the template", built, cloned, aim="≥ 4 ×", versus="clone_schema"),
        Row(
            "new chain from the warm pool",
            f"{claimed:,.1f} ms",
            f"{migrated:,.0f} ms (migrate_schemas)",
            migrated / claimed,
            "< 50 ms",
        ),
    ]


def python(ground: Ground, script: str, **extra: str) -> dict[str, list[float]]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT,
        env=ground.environment(**extra),
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])
