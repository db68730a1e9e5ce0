"""The same key repeats the first answer."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.utils import timezone

from api.idempotency import fingerprint_of, forget_answers, scope_of
from api.models import IdempotencyKey
from chains.scope import chain_scope
from tenants.people.domain.rights import NOBODY
from tenants.stores.models import Region
from tests.api.conftest import Program, employee_program

pytestmark = pytest.mark.usefixtures("framework")


@pytest.fixture()
def nobody(two_chains):
    return Program(two_chains.a)


def regions(program):
    with chain_scope(program.chain):
        return Region.objects.count()


def test_the_first_answer_is_repeated_and_the_work_done_once(nobody):
    first = nobody.post("regions", {"name": "x"}, key="k")
    again = nobody.post("regions", b'{ "name" : "x" }', key="k")
    assert (first.status_code, "Idempotent-Replayed" in first) == (201, False)
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert regions(nobody) == 1


def test_a_rules_refusal_is_kept_though_its_work_is_undone(nobody):
    first = nobody.post("regions", {"name": "x", "then": "refuse"}, key="k")
    again = nobody.post("regions", {"name": "x", "then": "refuse"}, key="k")
    assert (again.status_code, again["Idempotent-Replayed"]) == (409, "true")
    assert again.content == first.content
    assert again["Content-Type"] == "application/problem+json"
    assert regions(nobody) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"name": "x", "then": "forbid"}, 403), ({"name": "x", "then": "break"}, 500)],
)
def test_other_answers_are_not_kept(nobody, body, status):
    for _ in range(2):
        answer = nobody.post("regions", body, key="k")
        assert (answer.status_code, "Idempotent-Replayed" in answer) == (status, False)
    with chain_scope(nobody.chain):
        assert IdempotencyKey.objects.count() == 0


def test_another_body_is_refused_but_a_strangers_is_another_key(cast):
    clerk, nobody = employee_program(cast.alpha, "clerk"), Program(cast.alpha.info)
    assert clerk.post("regions", {"name": "x"}, key="k").status_code == 201
    answer = clerk.post("regions", {"name": "y"}, key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert [nobody.post("regions", {"name": name}, key="k").status_code for name in "xy"] == [201, 201]


def test_the_key_of_another_caller_path_or_chain_is_another_key(cast):
    for program in (
        employee_program(cast.alpha, "clerk"),
        employee_program(cast.alpha, "owner"),
        Program(cast.alpha.info),
        Program(cast.beta.info),
    ):
        answer = program.post("regions", {"name": "x"}, key="k")
        assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)
    answer = employee_program(cast.alpha, "clerk").post("own", {"name": "x"}, key="k")
    assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)


def test_a_twin_in_flight_is_told_to_wait(nobody):
    with chain_scope(nobody.chain):
        scope = scope_of(
            "k",
            actor=NOBODY,
            method="POST",
            path="/api/v1/regions",
            fingerprint=fingerprint_of(b'{"name": "x"}'),
        )
    lock = int.from_bytes(bytes.fromhex(scope[:16]), "big", signed=True)
    with psycopg.connect(settings.ENV.database_url.get_secret_value()) as twin:
        twin.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
        answer = nobody.post("regions", {"name": "x"}, key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_flight")
    assert nobody.post("regions", {"name": "x"}, key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_too_long_or_empty_is_malformed(nobody, key):
    answer = nobody.post("regions", {"name": "x"}, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_malformed")


def test_answers_are_forgotten_after_a_day_not_before(nobody):
    nobody.post("regions", {"name": "x"}, key="k")
    kept = timezone.now()
    for later, left in ((timedelta(hours=23, minutes=59), 1), (timedelta(hours=24, minutes=1), 0)):
        with chain_scope(nobody.chain):
            forget_answers(now=kept + later)
            assert IdempotencyKey.objects.count() == left


def test_fingerprint_of_a_body_is_keyed_since_a_body_may_hold_a_password(settings):
    body = json.dumps({"password": "a-long-passphrase"}, sort_keys=True).encode()
    kept = fingerprint_of(body)
    assert kept == fingerprint_of(b' {"password":"a-long-passphrase"}')
    assert kept != hashlib.sha256(body).hexdigest()
    settings.SECRET_KEY = "another-another-another-another-another-another"
    assert fingerprint_of(body) != kept
