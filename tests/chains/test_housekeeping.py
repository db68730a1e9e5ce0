"""The platform's housekeeping: what is over goes, what lives stays, and every chain has its round."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from accounts.ids import new_id
from chains.chores import KIND
from chains.domain.housekeeping import (
    ANSWERS_KEPT,
    PLATFORM_KIND,
    SETTLED_KEPT,
    UNVERIFIED_KEPT,
    ensure_platform_round,
    keep_platform,
)
from chains.due import lease_due, run_due
from chains.models import Chain, ChainState, DueWork, OperatorAct, PlatformAnswer, Signup, SignupState
from chains.scope import PUBLIC, platform_scope
from tests.chains.signups import NOW, started, verified
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.usefixtures("committed")
SECOND = timedelta(seconds=1)


def _slugs() -> list[str]:
    return sorted(Signup.objects.values_list("slug", flat=True))


def _keep(now) -> None:
    with platform_scope():
        keep_platform(now=now)


def test_unverified_sign_ups_go_after_a_day() -> None:
    started("qibai")
    verified("hetang")
    _keep(NOW + UNVERIFIED_KEPT)
    assert _slugs() == ["hetang", "qibai"]
    _keep(NOW + UNVERIFIED_KEPT + SECOND)
    assert _slugs() == ["hetang"]


def test_settled_sign_ups_go_after_a_month_but_not_while_remains_of_a_failed_one_stand(
    two_chains: TwoChains,
) -> None:
    for slug, state, chain_id in (
        ("ready", SignupState.READY, two_chains.a.id),
        ("failed", SignupState.FAILED, None),
        ("remains", SignupState.FAILED, two_chains.b.id),
        ("waiting", SignupState.PROVISIONING, None),
    ):
        signup = verified(slug, email=f"{slug}@qibai.example")
        Signup.objects.filter(id=signup.id).update(state=state, chain_id=chain_id, created_at=NOW)
    _keep(NOW + SETTLED_KEPT)
    assert _slugs() == ["failed", "ready", "remains", "waiting"]
    _keep(NOW + SETTLED_KEPT + SECOND)
    assert _slugs() == ["remains", "waiting"]
    assert Chain.objects.filter(id=two_chains.a.id).exists()


def test_answers_and_sessions_go_when_their_time_is_over_and_operators_acts_never() -> None:
    for name, age in (("old", ANSWERS_KEPT + SECOND), ("young", ANSWERS_KEPT)):
        PlatformAnswer.objects.create(
            scope=name, fingerprint="", status=200, content_type="", body=b"", created_at=NOW - age
        )
    Session.objects.create(session_key="dead", session_data="", expire_date=NOW - SECOND)
    Session.objects.create(session_key="living", session_data="", expire_date=NOW)
    OperatorAct.objects.create(
        operator_id=new_id(), operator_email="o@tessera.example", chain_id=new_id(), schema="t_x",
        act="suspend", at=NOW - timedelta(days=4000),
    )  # fmt: skip
    _keep(NOW)
    assert list(PlatformAnswer.objects.values_list("scope", flat=True)) == ["young"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["living"]
    assert OperatorAct.objects.count() == 1


def test_every_living_chain_gets_one_round_and_the_platform_its_next(two_chains: TwoChains) -> None:
    Chain.objects.filter(id=two_chains.b.id).update(state=ChainState.PROVISIONING)
    try:
        _keep(NOW)
        _keep(NOW)
    finally:
        Chain.objects.filter(id=two_chains.b.id).update(state=ChainState.TRIAL)
    hour = NOW.replace(minute=0) + timedelta(hours=1)
    kept = DueWork.objects.filter(kind__startswith=KIND).order_by("id")
    assert list(kept.values_list("schema", "kind", "due_at")) == [
        (two_chains.a.schema_name, KIND, NOW),
        (PUBLIC, PLATFORM_KIND, hour),
        (PUBLIC, PLATFORM_KIND, hour),
    ]
    # both fall due together, and are one again
    for batch in lease_due(now=hour):
        if batch.schema == PUBLIC:
            run_due(batch, now=hour)
    assert DueWork.objects.filter(schema=PUBLIC, kind=PLATFORM_KIND).count() == 1


def test_the_platforms_round_is_marked_where_none_stands() -> None:
    with platform_scope():
        assert [ensure_platform_round(now=NOW), ensure_platform_round(now=NOW)] == [True, False]
    (batch,) = lease_due(now=NOW)
    run_due(batch, now=NOW)
    marked = DueWork.objects.filter(schema=PUBLIC, kind__startswith=KIND)
    assert list(marked.values_list("kind", flat=True)) == [PLATFORM_KIND]
