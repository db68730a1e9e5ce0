"""From a verified sign-up to a chain, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection

from accounts.models import User
from chains import ports
from chains.domain import provisioning
from chains.domain.pooling import drop_remains, keep_house, top_up_pool
from chains.domain.provisioning import MAX_ATTEMPTS, run_once, step_names
from chains.domain.signup import ProvisioningFailed, find_signup, signup_problem
from chains.domain.slugs import SlugTaken, check_slug
from chains.hosts import ChainInfo, chain_at
from chains.models import Chain, ChainState, Domain, PooledSchema, new_schema_name
from chains.outgoing import DevOutbox, Message, sent_messages, wait_for_post
from chains.ports import ChainStart, StartStep, start_steps
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema
from chains.scope import chain_scope, platform_scope, role_of
from tenants.people.models import Employee, RoleGrant
from tenants.stores.models import OpeningHours, Store
from tests.chains.signups import NOW, PASSWORD, empty_outbox, started, verified

pytestmark = pytest.mark.usefixtures("committed", "outbox")


@pytest.fixture()
def outbox() -> None:
    empty_outbox()


@pytest.fixture()
def crash_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the step of that name fail after it has written, until the test ends or another is named."""
    real = dict(ports._steps)

    def choose(name: str) -> None:
        def crash(start: ChainStart) -> None:
            if name in real:
                real[name].run(start)
            raise OSError("crashed on purpose")

        steps = dict(real)
        if name:
            steps[name] = StartStep(name, real[name].order, crash)
        monkeypatch.setattr(ports, "_steps", steps)

    return choose


def _schemas() -> set[str]:
    with owner_connection() as owner:
        return {
            row[0]
            for row in owner.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' AND NOT EXISTS"
                " (SELECT 1 FROM public.chains_chain WHERE schema_name = nspname AND slug IN ('alpha', 'beta'))"
            ).fetchall()
        }


def _roles(schema: str) -> int:
    with owner_connection() as owner:
        row = owner.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", (role_of(schema),)).fetchone()
        assert row is not None
        return int(row[0])


def _run(after: timedelta = timedelta(0)) -> bool:
    return run_once(now=NOW + after)


def test_nothing_waits_nothing_happens() -> None:
    started()
    assert _run() is False


def test_verified_sign_up_becomes_a_chain_on_trial() -> None:
    signup = verified()
    assert _run() is True
    kept = find_signup(signup.id)
    assert kept.state == "ready"
    assert kept.password_hash == ""
    chain = kept.chain
    assert chain is not None
    assert (chain.slug, chain.name, chain.state) == ("qibai", "栖白", "trial")
    assert (chain.verticals, chain.locale, chain.time_zone) == (["beauty"], "zh-Hans", "Asia/Shanghai")
    assert (chain.currency, chain.country) == ("CNY", "CN")
    assert chain.plan == "growth"
    assert chain.trial_ends_at == NOW + timedelta(days=14)
    assert chain.entitlements["stores"] == 10
    assert list(Domain.objects.values_list("domain", flat=True).filter(tenant=chain)) == [
        "qibai.tessera.test"
    ]


def test_owner_and_first_store_stand_in_the_chain() -> None:
    verified(owner_name="苏禾")
    _run()
    with chain_scope(ChainInfo.of(Chain.objects.get(slug="qibai"))):
        user = User.objects.get()
        assert (user.email, user.name, user.is_operator) == ("su@qibai.example", "苏禾", False)
        assert check_password(PASSWORD, user.password)
        assert list(Employee.objects.values_list("name", "user_id")) == [("苏禾", user.id)]
        assert [(grant.role, grant.store_id) for grant in RoleGrant.objects.all()] == [("owner", None)]
        store = Store.objects.get()
        assert (store.name, store.time_zone, store.currency, store.country) == (
            "栖白",
            "Asia/Shanghai",
            "CNY",
            "CN",
        )
        assert list(OpeningHours.objects.values_list("weekday", "opens", "closes")) == [
            (weekday, 600, 1260) for weekday in range(1, 8)
        ]


def test_owner_without_a_name_is_called_by_the_address() -> None:
    verified()
    _run()
    with chain_scope(ChainInfo.of(Chain.objects.get(slug="qibai"))):
        assert Employee.objects.get().name == "su"


def test_true_steps_are_recorded_in_order_with_their_seconds() -> None:
    signup = verified()
    _run()
    steps = find_signup(signup.id).steps
    assert [step["name"] for step in steps] == step_names()
    assert all(0 <= step["seconds"] < 60 for step in steps)
    assert step_names()[0] == "space" and step_names()[-1] == "opening"


def test_owner_is_told_by_e_mail() -> None:
    verified()
    empty_outbox()
    _run()
    wait_for_post()
    (message,) = sent_messages()
    assert (message["to"], message["chain"], message["code"]) == ("su@qibai.example", "qibai", None)
    assert "http://qibai.tessera.test/staff/login/" in message["text"]


def test_a_mail_server_that_hangs_does_not_keep_the_next_sign_up_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers, real = Event(), DevOutbox.send

    def hang(channel: DevOutbox, message: Message, *, chain: str | None, at: datetime) -> None:
        assert answers.wait(60)
        real(channel, message, chain=chain, at=at)

    signups = [verified("qibai"), verified("hetang", email="he@hetang.example")]
    empty_outbox()
    monkeypatch.setattr(DevOutbox, "send", hang)
    try:
        assert [_run(), _run()] == [True, True]
        assert [find_signup(signup.id).state for signup in signups] == ["ready", "ready"]
        assert sent_messages() == []
    finally:
        answers.set()
    wait_for_post()
    assert {each["to"] for each in sent_messages()} == {"su@qibai.example", "he@hetang.example"}


def test_ready_schema_out_of_the_pool_is_taken() -> None:
    schema = new_schema_name()
    with owner_connection() as owner:
        build_schema(owner, schema)
    signup = verified()
    _run()
    chain = find_signup(signup.id).chain
    assert chain is not None and chain.schema_name == schema
    assert PooledSchema.objects.count() == 0


def test_empty_pool_builds_one_inline() -> None:
    assert PooledSchema.objects.count() == 0
    signup = verified()
    _run()
    assert find_signup(signup.id).state == "ready"


def test_address_leads_nowhere_before_and_to_the_chain_when_ready() -> None:
    assert chain_at("qibai.tessera.test") is None
    verified()
    _run()
    from chains.hosts import forget_hosts

    forget_hosts()
    found = chain_at("qibai.tessera.test")
    assert found is not None and found.state == ChainState.TRIAL


@pytest.mark.parametrize("name", [step.name for step in start_steps()])
def test_crash_in_a_step_is_taken_up_where_it_stopped(name: str, crash_at: Callable[[str], None]) -> None:
    signup = verified()
    crash_at(name)
    assert _run() is True
    half = find_signup(signup.id)
    assert (half.state, half.attempts) == ("provisioning", 1)
    assert name not in [step["name"] for step in half.steps]
    crash_at("")
    assert _run() is False, "it waits before the next attempt"
    assert _run(timedelta(seconds=2)) is True
    whole = find_signup(signup.id)
    assert whole.state == "ready"
    assert [step["name"] for step in whole.steps] == step_names()
    assert Chain.objects.filter(slug="qibai").count() == 1
    with chain_scope(ChainInfo.of(Chain.objects.get(slug="qibai"))):
        assert (User.objects.count(), Employee.objects.count(), RoleGrant.objects.count()) == (1, 1, 1)
        assert (Store.objects.count(), OpeningHours.objects.count()) == (1, 7)


def test_step_that_wrote_and_was_not_recorded_may_run_again() -> None:
    signup = verified()
    _run()
    info = ChainInfo.of(Chain.objects.get(slug="qibai"))
    start = ChainStart(info, signup.email, "hash", "su", NOW)
    for step in start_steps():
        with chain_scope(info):
            step.run(start)
    with chain_scope(info):
        assert (User.objects.count(), RoleGrant.objects.count(), Store.objects.count()) == (1, 1, 1)


def test_killed_before_the_first_commit_leaves_the_schema_in_the_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schema = new_schema_name()
    with owner_connection() as owner:
        build_schema(owner, schema)
    signup = verified()

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Domain.objects, "create", die)
    with pytest.raises(KeyboardInterrupt):
        _run()
    assert list(PooledSchema.objects.values_list("schema", flat=True)) == [schema]
    assert not Chain.objects.filter(slug="qibai").exists()
    monkeypatch.undo()
    assert _run() is False, "the lease of the dead process still runs"
    assert _run(timedelta(seconds=15)) is True
    assert find_signup(signup.id).state == "ready"


def test_process_that_lost_its_lease_writes_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    signup = verified()
    real = provisioning._run_step
    taken: list[str] = []

    def slow(step: StartStep, start: ChainStart) -> float:
        seconds = real(step, start)
        if not taken:
            taken.append(step.name)
            assert run_once(now=NOW + timedelta(seconds=16)) is True  # another takes over and finishes
        return seconds

    monkeypatch.setattr(provisioning, "_run_step", slow)
    assert _run() is True
    whole = find_signup(signup.id)
    assert (whole.state, whole.attempts) == ("ready", 2)
    assert [step["name"] for step in whole.steps] == step_names()


def test_stop_between_steps_gives_the_work_back_at_once() -> None:
    signup = verified()
    assert run_once(now=NOW, stopping=lambda: True) is True
    assert find_signup(signup.id).state == "provisioning"
    assert _run() is True
    assert find_signup(signup.id).state == "ready"


def test_after_the_last_attempt_nothing_is_left_and_the_address_is_free(
    crash_at: Callable[[str], None],
) -> None:
    before = _schemas()
    signup = verified()
    crash_at("owner")
    for attempt in range(MAX_ATTEMPTS):
        assert _run(timedelta(seconds=30 * attempt)) is True
    half = find_signup(signup.id)
    assert half.chain is not None
    schema = half.chain.schema_name
    with pytest.raises(SlugTaken):
        check_slug("qibai")
    assert _run(timedelta(hours=1)) is True
    failed = find_signup(signup.id)
    assert (failed.state, failed.password_hash) == ("failed", "")
    assert isinstance(signup_problem(failed), ProvisioningFailed)
    check_slug("qibai")
    assert drop_remains(now=NOW) == 1
    assert drop_remains(now=NOW) == 0
    assert (schema in _schemas(), _roles(schema)) == (False, 0)
    assert _schemas() == before
    assert not Chain.objects.filter(slug="qibai").exists()
    assert find_signup(signup.id).chain is None
    crash_at("")
    again = verified()
    assert _run(timedelta(hours=2)) is True
    assert find_signup(again.id).state == "ready"


def test_chain_that_took_the_address_behind_the_claim_makes_the_sign_up_fail_as_taken() -> None:
    signup = verified()
    with platform_scope():
        Chain.objects.create(
            slug="qibai", name="Qibai", schema_name=new_schema_name(), state=ChainState.TRIAL
        )
    before = PooledSchema.objects.count()
    assert _run() is True
    failed = find_signup(signup.id)
    assert failed.state == "failed" and failed.chain is None
    assert isinstance(signup_problem(failed), SlugTaken)
    assert PooledSchema.objects.count() == before + 1, "the schema built for it waits for the next"


def test_pool_is_topped_up_to_its_target_one_at_a_time() -> None:
    assert [top_up_pool(target=2) for _ in range(3)] == [True, True, False]
    assert PooledSchema.objects.count() == 2


def test_schemas_of_another_version_are_replaced_after_a_while() -> None:
    top_up_pool(target=1)
    with platform_scope():
        old = PooledSchema.objects.get()
        PooledSchema.objects.update(version="before")
    assert drop_remains(now=old.created_at) == 0
    assert drop_remains(now=old.created_at + timedelta(minutes=11)) == 1
    assert old.schema not in _schemas()
    assert top_up_pool(target=1) is True


def test_house_is_kept_in_one_round(settings: object) -> None:
    settings.POOL_TARGET = 1  # type: ignore[attr-defined]
    assert [keep_house(now=NOW), keep_house(now=NOW)] == [True, False]


def test_sign_ups_are_taken_in_turn_and_by_one_at_a_time() -> None:
    first, second = verified("qibai"), verified("hetang", email="he@hetang.example")
    with platform_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM chains_signup ORDER BY id")
        assert [row[0] for row in cursor.fetchall()] == [first.id, second.id]
    _run()
    assert (find_signup(first.id).state, find_signup(second.id).state) == ("ready", "provisioning")
    _run()
    assert find_signup(second.id).state == "ready"
