"""The API of the platform's host: plans and sign-up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from chains.domain.provisioning import run_once, step_names
from chains.models import PlatformAnswer, Signup
from tests.chains.signups import PASSWORD, empty_outbox, newest_code

pytestmark = pytest.mark.usefixtures("committed", "outbox")

WISH = {
    "brand": "栖白",
    "slug": "qibai",
    "email": "su@qibai.example",
    "password": PASSWORD,
    "verticals": ["beauty"],
    "locale": "zh-Hans",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
}


@pytest.fixture()
def outbox() -> None:
    empty_outbox()


def _call(method: str, path: str, body: Any = None, **headers: str) -> Any:
    headers.setdefault("Accept-Language", "en")
    return Client(HTTP_HOST="tessera.test", raise_request_exception=False).generic(
        method,
        f"/api/v1/{path}",
        b"" if body is None else json.dumps(body),
        content_type="application/json",
        headers=headers,
    )


def _start(**fields: Any) -> dict[str, Any]:
    answer = _call("POST", "signups", {**WISH, **fields})
    assert answer.status_code == 202, answer.content
    document: dict[str, Any] = answer.json()
    return document


def _provision() -> None:
    from django.utils import timezone

    assert run_once(now=timezone.now()) is True


def test_plans_come_with_prices_and_limits_in_the_callers_language() -> None:
    answer = _call("GET", "plans")
    assert answer.status_code == 200
    plans = answer.json()["results"]
    assert [(plan["code"], plan["name"], plan["trial_days"]) for plan in plans] == [
        ("starter", "Starter", 14),
        ("growth", "Growth", 14),
        ("brand", "Brand", 14),
    ]
    starter = {price["currency"]: price for price in plans[0]["prices"]}
    assert starter["CNY"]["month"] == {"amount": 19900, "currency": "CNY"}
    assert starter["CNY"]["year"] == {"amount": 199000, "currency": "CNY"}
    assert set(starter) >= {"CNY", "USD", "EUR", "JPY"}
    assert plans[2]["limits"]["stores"] is None
    chinese = _call("GET", "plans", **{"Accept-Language": "zh-Hans"}).json()["results"]
    assert [plan["name"] for plan in chinese] == ["起步", "成长", "品牌"]


def test_from_a_wish_to_a_ready_chain() -> None:
    started = _start()
    assert started["state"] == "verify_email"
    assert started["status_url"] == f"http://tessera.test/api/v1/signups/{started['id']}"
    assert "email" not in started and "password" not in json.dumps(started)
    path = f"signups/{started['id']}"
    verified = _call("POST", f"{path}/verify", {"code": newest_code("su@qibai.example")})
    assert (verified.status_code, verified.json()["state"]) == (200, "provisioning")
    _provision()
    ready = _call("GET", path).json()
    assert (ready["state"], ready["chain_url"]) == ("ready", "http://qibai.tessera.test")
    assert [step["name"] for step in ready["steps"]] == step_names()


@pytest.mark.parametrize(
    ("slug", "status", "code"),
    [("www", 422, "slug_reserved"), ("a--b", 422, "slug_invalid"), ("adm1n", 422, "slug_confusable")],
)
def test_address_is_refused_with_a_problem(slug: str, status: int, code: str) -> None:
    answer = _call("POST", "signups", {**WISH, "slug": slug})
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["errors"][0]["field"] == "slug"
    assert problem["detail"] and problem["fix"]
    assert Signup.objects.count() == 0


def test_second_sign_up_of_one_slug_is_told_409_at_verification_and_at_the_start() -> None:
    first, second = _start(), _start(email="he@qibai.example")
    code = {"code": newest_code("su@qibai.example")}
    assert _call("POST", f"signups/{first['id']}/verify", code).status_code == 200
    lost = _call("POST", f"signups/{second['id']}/verify", {"code": newest_code("he@qibai.example")})
    assert (lost.status_code, lost.json()["code"]) == (409, "slug_taken")
    late = _call("POST", "signups", {**WISH, "email": "third@qibai.example"})
    assert (late.status_code, late.json()["code"]) == (409, "slug_taken")


def test_wrong_codes_are_counted_although_each_is_refused() -> None:
    started = _start()
    right = newest_code("su@qibai.example")
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    codes = [
        _call("POST", f"signups/{started['id']}/verify", {"code": wrong}).json()["code"] for _ in range(5)
    ]
    assert codes == ["code_wrong"] * 5
    dead = _call("POST", f"signups/{started['id']}/verify", {"code": right})
    assert (dead.status_code, dead.json()["code"]) == (422, "code_expired")


def test_fresh_code_too_soon_says_when() -> None:
    started = _start()
    answer = _call("POST", f"signups/{started['id']}/code")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(answer["Retry-After"]) <= 61


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"verticals": "beauty"}, 400, "verticals"),
        ({"email": None}, 400, "email"),
        ({"surplus": 1}, 400, "surplus"),
        ({"verticals": ["mining"]}, 422, "verticals"),
        ({"time_zone": "Mars/Olympus"}, 422, "time_zone"),
        ({"password": "short"}, 422, "password"),
    ],
)
def test_wrong_field_is_named(change: dict[str, Any], status: int, field: str) -> None:
    answer = _call("POST", "signups", {**WISH, **change})
    assert answer.status_code == status
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert Signup.objects.count() == 0


@pytest.mark.parametrize("path", ["signups/nonsense", "signups/01a2008d-50ed-7616-91b7-92abfa5e2c8f"])
def test_unknown_sign_up_is_404(path: str) -> None:
    answer = _call("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_same_key_and_body_is_one_sign_up_and_one_code() -> None:
    first = _call("POST", "signups", WISH, **{"Idempotency-Key": "k1"})
    again = _call("POST", "signups", WISH, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert (Signup.objects.count(), PlatformAnswer.objects.count()) == (1, 1)


def test_free_address_is_said_to_be_free_and_a_taken_one_why_not() -> None:
    free = _call("GET", "slugs/Qibai").json()
    assert free == {"slug": "qibai", "address": "http://qibai.tessera.test", "free": True}
    refused = _call("GET", "slugs/www").json()
    assert (refused["free"], refused["problem"]["code"]) == (False, "slug_reserved")


def test_failed_sign_up_says_why() -> None:
    started = _start()
    Signup.objects.filter(id=started["id"]).update(state="failed", problem={"code": "provisioning_failed"})
    shown = _call("GET", f"signups/{started['id']}").json()
    assert (shown["state"], shown["problem"]["code"]) == ("failed", "provisioning_failed")
    assert "qibai" in shown["problem"]["detail"]
