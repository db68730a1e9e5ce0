"""Bar 29, the half about sign-ups: many at once, provisioners killed: no half chain, the name free or ready."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from chains.domain import provisioning
from chains.domain.pooling import drop_remains
from chains.domain.provisioning import run_once, step_names
from chains.domain.signup import verify_signup
from chains.domain.slugs import check_slug
from chains.hosts import ChainInfo
from chains.models import Chain, ChainState, Domain, PooledSchema, Signup, SignupState, new_schema_name
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema, claim_schema, drop_schema
from chains.scope import chain_scope, platform_scope
from tenants.people.models import RoleGrant
from tenants.stores.models import OpeningHours, Store
from tests.bars import SEED, record, size
from tests.chains.signups import empty_outbox, newest_code, started, verified

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("committed")]
ROOT = Path(__file__).resolve().parents[2]
STANDING = ("alpha", "beta")


def _chain_schemas() -> set[str]:
    with owner_connection() as owner:
        rows = owner.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'").fetchall()
    return {row[0] for row in rows}


def halves(standing: set[str]) -> list[str]:
    """What is neither whole nor gone: a sentence each. `standing` are the schemas from before."""
    found: list[str] = []
    with platform_scope():
        signups = list(Signup.objects.select_related("chain"))
        pooled = set(PooledSchema.objects.values_list("schema", flat=True))
        chains = list(Chain.objects.exclude(slug__in=STANDING))
        domains = set(Domain.objects.exclude(tenant__slug__in=STANDING).values_list("domain", flat=True))
    orphans = _chain_schemas() - standing - pooled - {chain.schema_name for chain in chains}
    found.extend(f"schema {schema} belongs to nobody" for schema in sorted(orphans))
    for signup in signups:
        if signup.state == SignupState.READY:
            found.extend(_missing_of(signup))
        elif signup.state == SignupState.FAILED:
            with platform_scope():
                check_slug(signup.slug)
        else:
            found.append(f"{signup.slug} is {signup.state}")
    if len(domains) != len([each for each in signups if each.state == SignupState.READY]):
        found.append(f"{len(domains)} addresses")
    return found


def _missing_of(signup: Signup) -> list[str]:
    chain = signup.chain
    if chain is None or chain.state != ChainState.TRIAL:
        return [f"{signup.slug} is ready without a chain on trial"]
    with chain_scope(ChainInfo.of(chain)):
        counts = (
            User.objects.filter(email=signup.email).count(),
            RoleGrant.objects.filter(role="owner").count(),
            Store.objects.count(),
            OpeningHours.objects.count(),
        )
    whole = [] if counts == (1, 1, 1, 7) else [f"{signup.slug} has {counts}"]
    names = [step["name"] for step in signup.steps]
    return whole if names == step_names() else [*whole, f"{signup.slug} went through {names}"]


class Provisioner:
    """A provisioner process of its own, killed without warning."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "provisioner", "--lease-seconds=2"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "POOL_TARGET": "0"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("provisioner is waiting")

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self._gone()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self._gone()

    def _gone(self) -> int:
        status = self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def _sign_up_all(count: int) -> None:
    """Start `count` sign-ups and verify them all at once; every fourth wants the slug of its neighbour."""
    now = timezone.now()
    slugs = [f"brand-{chr(97 + i // 26)}{chr(97 + i % 26)}x" for i in range(count)]
    wanted = [slugs[i - 1] if i % 4 == 3 else slugs[i] for i in range(count)]
    signups = [started(slug, email=f"owner{i}@race.example", now=now) for i, slug in enumerate(wanted)]
    barrier = threading.Barrier(count)

    def verify(signup: Signup) -> None:
        code = newest_code(signup.email)
        barrier.wait()
        try:
            with platform_scope():
                verify_signup(signup.id, code=code, now=now)
        except Exception as refusal:
            assert getattr(refusal, "code", "") in {"slug_taken", "slug_confusable"}, refusal
            with platform_scope():
                Signup.objects.filter(id=signup.id).delete()
        finally:
            connection.close()

    threads = [threading.Thread(target=verify, args=(signup,)) for signup in signups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _until_all_is_said(provisioners: list[Provisioner], kills: int) -> int:
    """Kill provisioners at random moments, replace them, and wait until nothing is on the way; how many kills hit."""
    dice = random.Random(SEED)
    hits = 0
    deadline = time.monotonic() + 240
    while True:
        with platform_scope():
            leased = Signup.objects.filter(state=SignupState.PROVISIONING, leased_until__gt=timezone.now())
            busy, left = leased.count(), Signup.objects.filter(state=SignupState.PROVISIONING).count()
        if left == 0:
            return hits
        assert time.monotonic() < deadline, f"{left} sign-ups are still on the way"
        if hits < kills and busy:
            time.sleep(dice.uniform(0, 0.15))
            provisioners.pop().kill()
            hits += 1
            provisioners.append(Provisioner())
        elif hits == kills and len(provisioners) == 1:
            provisioners.append(Provisioner())  # killed alone, so that each kill lands in its work
        else:
            time.sleep(0.02)


@contextmanager
def _provisioners(count: int) -> Iterator[list[Provisioner]]:
    processes = [Provisioner() for _ in range(count)]
    try:
        yield processes
    finally:
        for each in processes:
            if each.process.poll() is None:
                each.kill()


def test_no_half_chain_after_provisioners_were_killed(two_chains_standing: object) -> None:
    empty_outbox()
    standing = _chain_schemas()
    count, kills = size(20, 100), size(2, 10)
    _sign_up_all(count)
    with _provisioners(1) as processes:
        hits = _until_all_is_said(processes, kills)
        assert {each.stop() for each in processes} == {0}
    drop_remains(now=timezone.now())
    assert halves(standing) == []
    with platform_scope():
        ready = Signup.objects.filter(state=SignupState.READY).count()
    assert hits == kills
    assert ready == count - count // 4
    record(29, signups=count, killed=hits, ready=ready)


@pytest.mark.mutant
def test_bar_notices_a_schema_claimed_outside_the_transaction_of_its_chain(
    two_chains_standing: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_outbox()
    standing = _chain_schemas()
    now = timezone.now()
    verified("brand-mutant", now=now)

    real_own = provisioning._own

    def claim_first(lease: provisioning.Lease) -> Signup:
        real_own(lease)
        claim_schema()
        connection.connection.commit()
        raise KeyboardInterrupt

    monkeypatch.setattr(provisioning, "_own", claim_first)
    with owner_connection() as owner:
        build_schema(owner, new_schema_name())
    with pytest.raises(KeyboardInterrupt):
        run_once(now=now)
    monkeypatch.undo()
    run_once(now=now + timedelta(minutes=1))
    assert any("belongs to nobody" in sentence for sentence in halves(standing))
    with owner_connection() as owner:
        for schema in _chain_schemas() - standing - set(Chain.objects.values_list("schema_name", flat=True)):
            drop_schema(owner, schema)
