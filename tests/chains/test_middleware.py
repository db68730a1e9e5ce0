"""From a host to a scope; what a broken answer leaves behind; what a suspended chain says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from accounts.models import User
from chains.domain.lifecycle import resume_chain, suspend_chain
from chains.domain.operators import Operator
from chains.models import Chain, ChainState
from chains.refusals import Refusal
from chains.scope import chain_scope
from tenants.stores.models import Region
from tests.ground.chains import TwoChains

pytestmark = pytest.mark.usefixtures("committed")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BY = Operator(uuid4(), "op@tessera.test")
A = "alpha.tessera.test"


def writes(request: HttpRequest, how: str) -> HttpResponse:
    Region.objects.create(name=how)
    if how == "raises":
        raise RuntimeError
    if how == "refuses":
        raise Refusal
    return HttpResponse(status={"answers-500": 500, "answers-409": 409}.get(how, 200))


urlpatterns = [path("api/<str:how>", writes)]


@pytest.fixture()
def client(settings: Any, two_chains: TwoChains) -> Client:
    settings.CHAIN_URLCONF = __name__
    return Client(headers={"host": A}, raise_request_exception=False)


@pytest.mark.parametrize(
    ("how", "status", "kept"),
    [("answers", 200, True), ("answers-409", 409, True), ("answers-500", 500, False), ("raises", 500, False),
     ("refuses", 422, False)],
)  # fmt: skip
def test_what_an_answer_leaves_in_the_chain(
    client: Client, two_chains: TwoChains, how: str, status: int, kept: bool
) -> None:
    assert client.get(f"/api/{how}").status_code == status
    with chain_scope(two_chains.a):
        assert list(Region.objects.values_list("name", flat=True)) == ([how] if kept else [])


def test_health_needs_no_host(client: Client) -> None:
    for host in ("10.0.0.7:8000", "nobody.example"):
        assert client.get("/livez", headers={"host": host}).status_code == 200


@pytest.fixture()
def suspended(two_chains: TwoChains) -> Iterator[TwoChains]:
    suspend_chain(two_chains.a.id, reason="Unpaid since May.", by=BY, now=NOW)
    yield two_chains
    resume_chain(two_chains.a.id, by=BY, now=NOW)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Alpha is not taking bookings at the moment"), ("zh-Hans", "Alpha 暂停接受预约")],
)
def test_members_of_a_suspended_chain_see_a_polite_page_without_the_reason(
    suspended: TwoChains, language: str, sentence: str
) -> None:
    client = Client(headers={"host": A, "accept-language": language})
    for page in ("/", "/book", "/anything/at/all"):
        answer = client.get(page)
        text = answer.content.decode()
        assert (answer.status_code, sentence in text, "Unpaid" in text) == (403, True, False), page


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "The platform has suspended this shop"), ("zh-Hans", "平台已停用本店")],
)
def test_employees_of_a_suspended_chain_read_the_reason_after_signing_in(
    suspended: TwoChains, language: str, sentence: str
) -> None:
    client = Client(headers={"host": A, "accept-language": language})
    with chain_scope(suspended.a):
        user = User.objects.create_user("clerk@alpha.test", "a-long-passphrase")
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    text = client.get("/").content.decode()
    assert (sentence in text, "Unpaid since May." in text) == (True, True)
    assert client.get("/workbench/").status_code == 403


def test_employees_of_a_suspended_chain_reach_the_sign_in_page(suspended: TwoChains) -> None:
    assert Client(headers={"host": A}).get("/staff/login/").status_code == 200


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_programs_are_told_that_the_chain_is_suspended(suspended: TwoChains, method: str) -> None:
    answer = getattr(Client(headers={"host": A}), method)("/api/v1/stores")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert answer.json()["code"] == "chain_suspended"


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Alpha is being set up"), ("zh-Hans", "Alpha 正在开通")]
)
def test_a_chain_that_is_being_set_up_says_so_and_when_to_come_again(
    two_chains: TwoChains, language: str, sentence: str
) -> None:
    Chain.objects.filter(id=two_chains.a.id).update(state=ChainState.PROVISIONING)
    try:
        client = Client(headers={"host": A, "accept-language": language})
        page, call = client.get("/"), client.get("/api/v1/stores")
    finally:
        Chain.objects.filter(id=two_chains.a.id).update(state=ChainState.TRIAL)
    assert (page.status_code, page["Retry-After"], sentence in page.content.decode()) == (503, "5", True)
    assert (call.status_code, call["Retry-After"], call.json()["code"]) == (503, "5", "chain_setting_up")


def test_another_chain_is_not_touched_by_it(suspended: TwoChains) -> None:
    answer = Client(headers={"host": "beta.tessera.test"}).get("/api/v1/stores")
    assert answer.status_code == 200
