"""One migration over T chains: ours in batches, beside django-tenants' standard executor."""

from __future__ import annotations

import shutil

from bench.ground import HOME, Ground, Row
from bench.provisioning import python

ROOM_FOR_A_THOUSAND = 10 * 2**30

PREPARE = """
import json, django
django.setup()
from chains.models import Chain, ChainState, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema
from chains.scope import platform_scope
want = {count}
with platform_scope():
    have = Chain.objects.count()
with owner_connection() as owner:
    for number in range(have, want):
        schema = new_schema_name()
        build_schema(owner, schema, pooled=False)
        with platform_scope():
            Chain.objects.create(slug=f"bench-{{number}}", name="Bench", schema_name=schema, state=ChainState.ACTIVE)
print(json.dumps({{"have": [want]}}))
"""

# Both run the very migration of bench.stores_migrations over the same chains, one after the other. Ours writes
# its SQL within the time; the standard executor is called as its command calls it, without starting Django anew.
OURS = """
import json, time, django
django.setup()
from datetime import UTC, datetime
from chains.schemas.migrator import all_schemas, migrate_schemas
from chains.schemas.owner import owner_connection
with owner_connection() as owner:
    schemas = all_schemas(owner)[: {count}]
    begun = time.perf_counter()
    report = migrate_schemas(owner, schemas, now=datetime.now(UTC), wanted=[("stores", "bench_step")])
    spent = (time.perf_counter() - begun) * 1000
assert not report.failed and len(report.changed) == len(schemas), report
print(json.dumps({{"each": [spent / len(schemas)]}}))
"""

STOCK = """
import json, time, django
django.setup()
from chains.schemas.migrator import all_schemas
from chains.schemas.owner import owner_connection
from django_tenants.migration_executors.base import run_migrations
with owner_connection() as owner:
    schemas = all_schemas(owner)[: {count}]
options = dict(app_label=None, migration_name=None, database="default", interactive=False, fake=False,
    fake_initial=False, plan=False, run_syncdb=False, check_unapplied=False, prune=False, verbosity=0,
    skip_checks=True, force_color=False, no_color=True)
begun = time.perf_counter()
for schema in schemas:
    run_migrations([], options, "standard", schema)
spent = (time.perf_counter() - begun) * 1000
print(json.dumps({{"each": [spent / len(schemas)]}}))
"""

UNDO = """
import json, django
django.setup()
from chains.schemas.migrator import all_schemas
from chains.schemas.owner import owner_connection
with owner_connection() as owner:
    for schema in all_schemas(owner)[: {count}]:
        (there,) = owner.execute(
            f"SELECT count(*) FROM {{schema}}.django_migrations WHERE name = 'bench_step'").fetchone()
        assert there == 1, schema
        owner.execute(
            f"DROP TABLE {{schema}}.stores_benchvisit; ALTER TABLE {{schema}}.stores_store DROP COLUMN bench_note;"
            f" ALTER TABLE {{schema}}.stores_region DROP COLUMN bench_rank;"
            f" DELETE FROM {{schema}}.django_migrations WHERE name = 'bench_step'")
print(json.dumps({{"undone": [{count}]}}))
"""


def run(ground: Ground, *, full: bool) -> list[Row]:
    """Per chain, over 10 and 100 in full; over 1,000 only with `full`, the stock executor on 20 of them."""
    rows = [
        _compare(ground, count=10, stock=10, aim="–"),
        _compare(ground, count=100, stock=100, aim="≥ 50 ×"),
    ]
    if not full:
        return [*rows, _not_run("only with FULL=1")]
    if shutil.disk_usage(HOME).free < ROOM_FOR_A_THOUSAND:
        return [*rows, _not_run("a thousand schemas take 10 GB, and less is free on this disk")]
    return [*rows, _compare(ground, count=1000, stock=20, aim="≥ 200 ×")]


def _compare(ground: Ground, *, count: int, stock: int, aim: str) -> Row:
    python(ground, PREPARE.format(count=count))
    owner = {"DATABASE_LOGIN": "owner", "DJANGO_SETTINGS_MODULE": "bench.migration_settings"}
    ours = python(ground, OURS.format(count=count), **owner)["each"][0]
    python(ground, UNDO.format(count=count), **owner)
    theirs = python(ground, STOCK.format(count=stock), **owner)["each"][0]
    python(ground, UNDO.format(count=stock), **owner)
    note = "" if stock == count else f", {stock} of them"
    return Row.times(
        f"one migration, per chain of {count:,}", ours, theirs, aim=aim, versus=f"standard executor{note}"
    )


def _not_run(why: str) -> Row:
    return Row("one migration, per chain of 1,000", "not run", "not run", None, "≥ 200 ×", why)
