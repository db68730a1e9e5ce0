"""A chain's state changes by an operator's hand, once, and never unrecorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from chains.domain import lifecycle
from chains.domain.lifecycle import (
    STARTS_FROM,
    ReasonMissing,
    UnknownChain,
    WrongState,
    close_chain,
    reopen_chain,
    resume_chain,
    suspend_chain,
)
from chains.domain.operators import Operator
from chains.domain.slugs import SlugTaken, host_of
from chains.hosts import chain_at
from chains.models import Chain, ChainState, Domain, OperatorAct, new_schema_name

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BY = Operator(uuid4(), "op@tessera.test")


def _chain(state: ChainState = ChainState.TRIAL, slug: str = "gamma") -> Chain:
    chain: Chain = Chain.objects.create(slug=slug, schema_name=new_schema_name(), name=slug, state=state)
    Domain.objects.create(domain=f"{slug}.tessera.test", tenant=chain)
    return chain


def _acts(chain: Chain) -> list[tuple[str, str, str, dict, dict]]:
    rows = OperatorAct.objects.filter(chain_id=chain.id).order_by("at", "id")
    return [(row.act, row.operator_email, row.reason, row.before, row.after) for row in rows]


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(lifecycle.OPEN))
def test_suspend_then_resume_returns_to_the_state_before(state: ChainState) -> None:
    chain = _chain(state)
    suspended = suspend_chain(chain.id, reason="  unpaid since May ", by=BY, now=NOW)
    assert (suspended.state, suspended.state_reason) == (ChainState.SUSPENDED, "unpaid since May")
    resume_chain(chain.id, by=BY, now=NOW + timedelta(hours=1))
    chain.refresh_from_db()
    assert (chain.state, chain.state_reason) == (state, "")
    assert _acts(chain) == [
        ("suspend", BY.email, "unpaid since May", {"state": state, "reason": ""}, {"state": "suspended"}),
        ("resume", BY.email, "", {"state": "suspended", "reason": "unpaid since May"}, {"state": state}),
    ]


@pytest.mark.django_db
def test_resume_returns_to_the_state_before_the_last_of_several_suspensions() -> None:
    chain = _chain(ChainState.TRIAL)
    suspend_chain(chain.id, reason="first", by=BY, now=NOW)
    resume_chain(chain.id, by=BY, now=NOW + timedelta(hours=1))
    Chain.objects.filter(id=chain.id).update(state=ChainState.PAST_DUE)
    suspend_chain(chain.id, reason="second", by=BY, now=NOW + timedelta(hours=2))
    assert resume_chain(chain.id, by=BY, now=NOW + timedelta(hours=3)).state == ChainState.PAST_DUE


@pytest.mark.django_db
@pytest.mark.parametrize("act", sorted(STARTS_FROM))
@pytest.mark.parametrize("state", list(ChainState))
def test_every_step_is_refused_from_every_other_state(act: str, state: ChainState) -> None:
    if state in STARTS_FROM[act]:
        return
    chain = _chain(state)
    calls = {
        "suspend": lambda: suspend_chain(chain.id, reason="why", by=BY, now=NOW),
        "resume": lambda: resume_chain(chain.id, by=BY, now=NOW),
        "close": lambda: close_chain(chain.id, reason="why", by=BY, now=NOW),
        "reopen": lambda: reopen_chain(chain.id, reason="they asked", by=BY, now=NOW),
    }
    with pytest.raises(WrongState) as refused:
        calls[act]()
    assert refused.value.extra == {"state": state.value}
    chain.refresh_from_db()
    assert (chain.state, _acts(chain)) == (state, [])


@pytest.mark.django_db
def test_closing_frees_the_address_and_says_so_in_the_act() -> None:
    chain = _chain(ChainState.ACTIVE)
    close_chain(chain.id, reason="shop sold", by=BY, now=NOW)
    assert _chain(slug="gamma2").state == ChainState.TRIAL
    assert Domain.objects.filter(tenant=chain).count() == 0
    Chain.objects.create(slug="gamma", schema_name="t_bbbbbbbbbb", name="next", state=ChainState.TRIAL)
    before = {"state": "active", "reason": "", "domains": ["gamma.tessera.test"]}
    assert _acts(chain) == [("close", BY.email, "shop sold", before, {"state": "closed"})]


@pytest.mark.django_db
def test_a_closed_chain_is_given_its_address_back_where_it_is_still_free() -> None:
    chain = _chain(ChainState.ACTIVE)
    close_chain(chain.id, reason="shop sold", by=BY, now=NOW)
    other = _chain(slug="gamma")
    with pytest.raises(SlugTaken):
        reopen_chain(chain.id, reason="they asked", by=BY, now=NOW)
    other.delete()
    back = reopen_chain(chain.id, reason="they asked", by=BY, now=NOW)
    assert (back.state, back.held) == (ChainState.SUSPENDED, False)
    assert [row.domain for row in Domain.objects.filter(tenant=chain)] == [host_of("gamma")]
    assert [act[0] for act in _acts(chain)] == ["close", "reopen"]


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_a_suspension_without_a_readable_reason_is_refused(reason: str) -> None:
    chain = _chain()
    with pytest.raises(ReasonMissing):
        suspend_chain(chain.id, reason=reason, by=BY, now=NOW)


@pytest.mark.django_db
def test_an_unknown_chain_is_refused() -> None:
    with pytest.raises(UnknownChain):
        resume_chain(uuid4(), by=BY, now=NOW)


def test_a_suspension_is_seen_by_the_next_request_of_this_process(committed: None) -> None:
    chain = _chain()
    before = chain_at("gamma.tessera.test")
    suspend_chain(chain.id, reason="why", by=BY, now=NOW)
    after = chain_at("gamma.tessera.test")
    assert before is not None and after is not None
    assert (before.state, after.state, after.state_reason) == ("trial", "suspended", "why")


def _suspend(chain: Chain) -> str:
    try:
        suspend_chain(chain.id, reason="why", by=BY, now=NOW)
        return "suspended"
    except WrongState:
        return "refused"
    finally:
        connection.close()


@pytest.mark.race
def test_of_parallel_suspensions_one_is_made_and_recorded(committed: None) -> None:
    chain = _chain()
    with ThreadPoolExecutor(6) as threads:
        answers = sorted(threads.map(_suspend, [chain] * 6))
    assert answers == ["refused"] * 5 + ["suspended"]
    assert len(_acts(chain)) == 1


@pytest.mark.race
@pytest.mark.mutant
def test_control_without_the_row_lock_both_suspensions_are_recorded(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both read the state before either writes: two acts for one change."""
    chain = _chain()
    both = Barrier(2)
    real = Chain.objects.filter

    class Unlocked:
        def filter(self, **which: object) -> list[Chain]:
            found = _Rows(real(**which))
            both.wait(10)
            return found

    class _Rows(list[Chain]):
        def first(self) -> Chain | None:
            return self[0] if self else None

    class Patched:
        class objects:
            select_for_update = Unlocked

    monkeypatch.setattr(lifecycle, "Chain", Patched)
    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(_suspend, [chain] * 2))
    assert (answers, len(_acts(chain))) == (["suspended", "suspended"], 2)
