"""Bar 22: 200 tricks with hosts, headers, cookies and tokens: no session crosses, unknown hosts are 404."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import path
from rest_framework.request import Request

from accounts.models import User
from api.authentication import TokenAuthentication, TokenRefused
from api.domain.tokens import issue_token
from chains import middleware
from chains.hosts import ChainInfo, chain_at
from chains.scope import chain_scope, current, platform_scope
from tenants.members.models import Member
from tests.bars import record
from tests.ground.chains import TwoChains

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
A, B, BASE = "alpha.tessera.test", "beta.tessera.test", "tessera.test"


def who(request: HttpRequest) -> JsonResponse:
    """Whose data this request runs on, and as whom."""
    call = Request(request)
    call.now = NOW
    try:
        found = TokenAuthentication().authenticate(call)
        bearer = str(found[1].token_id) if found else None
    except TokenRefused:
        bearer = "refused"
    return JsonResponse(
        {
            "chain": getattr(getattr(request, "chain", None), "slug", None),
            "schema": current().schema,
            "user": getattr(request.user, "email", None),
            "bearer": bearer,
        }
    )


urlpatterns = [path("who", who)]

FULLWIDTH = "ａｌｐｈａ.tessera.test"
# Host → 404 (a name, but nobody's), 400 (no host name at all), or the slug that it honestly names.
HOSTS: dict[str, object] = {
    # spellings of one name
    A: "alpha", A.upper(): "alpha", "Alpha.Tessera.Test": "alpha", f"{A}.": "alpha", f"{A}:80": "alpha",
    f"{A}:8000": "alpha", f"{A.upper()}:443": "alpha", f"{A}.:80": "alpha",
    # neighbours of the name
    f"www.{A}": 404, f"{A}.evil.example": 404, f"evil.example.{A}": 404, f"x{A}": 404, "alphatessera.test": 404,
    "alpha-tessera.test": 404, "alpha.tessera.tes": 404, "alpha.tessera.testt": 404, "lpha.tessera.test": 404,
    "alpha.tessera": 404, "alpha": 404, "alpha.test": 404, "beta.alpha.tessera.test": 404, "nobody.tessera.test": 404,
    "alpha.beta.tessera.test": 404, "tessera.test.alpha.tessera.test": 404, "alpha.tessera.test.tessera.test": 404,
    "alpha..tessera.test": 404, "-alpha.tessera.test": 404, "alpha-.tessera.test": 404, "a1pha.tessera.test": 404,
    "xn--alpha-123.tessera.test": 404, "xn--lpha-8cd.tessera.test": 404, "xn--80ak6aa92e.tessera.test": 404,
    "public.tessera.test": 404, "localhost": 404, "localhost:8000": 404, "127.0.0.1": 404, "127.0.0.1:8000": 404,
    "[::1]": 404, "[::1]:8000": 404, "0.0.0.0": 404, "2130706433": 404, "example.com": 404, "t_aaaaaaaaaa": 400,
    # no host names at all
    FULLWIDTH: 400, "аlpha.tessera.test": 400, f"{A}/": 400, f"{A}/../beta": 400, f"{A}?x": 400, f"{A}#x": 400,
    f"user@{A}": 400, f"{B}@{A}": 400, f"{A}@{B}": 400, f"{A},{B}": 400, f"{A} {B}": 400, f" {A}": 400,
    f"{A}\t": 400, f"{A}:80@{B}": 400, f"{A}:abc": 400, f"{A}:-1": 400, f"{A}:80:80": 400, f"{A};{B}": 400,
    f"{A}\\{B}": 400, f"{A}|{B}": 400, f"{A}%00": 400, f"{A}%2e": 400, "%61lpha.tessera.test": 400,
    f"{A}'--": 400, f"{A}\"": 400, f"{A}$": 400, f"{A}*": 400, "*.tessera.test": 400, f"({A})": 400,
    f"[{A}]": 400, "[::1": 400, "": 400, "http://alpha.tessera.test": 400, f"{A}\u200b": 400, f"{A}\u3002": 400,
    "alpha\uff0etessera.test": 400, "alpha\u2024tessera.test": 400, f"{A}&x=1": 400, f"{A}=": 400, f"<{A}>": 400,
}  # fmt: skip
FORWARDED = (
    "x-forwarded-host", "x-forwarded-server", "x-host", "x-http-host-override", "x-original-host", "x-real-host",
    "x-forwarded-for", "x-original-url", "x-rewrite-url", "forwarded", "x-tenant", "x-chain", "x-schema",
    "x-forwarded-prefix", "x-proxy-host", "true-client-host", "x-backend-host", "x-override-url", "x-forwarded-port",
    "referer", "origin", "host-override",
)  # fmt: skip


def hosts_led_astray(client: Client) -> list[str]:
    """Hosts that are not answered as the table says."""
    astray = []
    for host, wanted in HOSTS.items():
        answer = client.get("/who", HTTP_HOST=host.encode("utf-8").decode("latin-1"))
        found: object = answer.status_code
        if found == 200:
            found = answer.json()["chain"]
        if found != wanted:
            astray.append(f"{host!r}: {found}, not {wanted}")
    return astray


def headers_led_astray(client: Client) -> list[str]:
    """Forwarding headers that changed whose request it is."""
    astray = []
    for name in FORWARDED:
        for value in (B, BASE, f"host={B}", f"http://{B}/"):
            answer = client.get("/who", headers={"host": A, name: value})
            if answer.status_code == 200 and answer.json()["chain"] != "alpha":
                astray.append(f"{name}: {value}")
    return astray


@pytest.fixture()
def tricky(settings: Any, two_chains: TwoChains) -> Client:
    settings.CHAIN_URLCONF = settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def test_hosts(tricky: Client) -> None:
    record(22, hosts=len(HOSTS), headers=len(FORWARDED) * 4)
    assert hosts_led_astray(tricky) == []


def test_forwarding_headers(tricky: Client) -> None:
    assert headers_led_astray(tricky) == []


def test_a_request_line_with_another_host_in_it(tricky: Client) -> None:
    for line in (f"http://{B}/who", f"//{B}/who"):
        answer = tricky.get("/who", HTTP_HOST=A, REQUEST_URI=line, SERVER_NAME=B)
        assert answer.json()["chain"] == "alpha"


def sessions_that_crossed(chains: TwoChains) -> list[str]:
    """Where a signed-in employee of alpha is anybody at all: at beta and on the platform's host."""
    employee = Client(headers={"host": A})
    with chain_scope(chains.a):
        user = User.objects.create_user("clerk@alpha.test", "a-long-passphrase", is_operator=True)
        employee.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    with chain_scope(chains.b):
        # the same address, id and password in the other chain: still a user of theirs, not of this session
        User.objects.create_user("clerk@alpha.test", id=user.id)
        User.objects.filter(id=user.id).update(password=user.password)
    cookie = employee.cookies[django_settings.SESSION_COOKIE_NAME].value
    name = django_settings.SESSION_COOKIE_NAME
    assert Client(headers={"host": A, "cookie": f"{name}={cookie}"}).get("/who").json()["user"] == user.email
    crossed = []
    for sent in (
        f"{name}={cookie}",
        f'{name}="{cookie}"',
        f"{name}={cookie}; {name}={cookie}",
        f"{name}=x; {name}={cookie}",
        f"{name}={cookie}; Domain={A}",
        f"{name}={cookie}; $Domain={A}; $Path=/",
        f"sessionid={cookie}; {name}={cookie}",
        f"tessera_csrf={cookie}; {name}={cookie}",
    ):
        for host in (B, BASE, B.upper(), f"{B}:80", f"{B}."):
            seen = Client(headers={"host": host, "cookie": sent}).get("/who").json()["user"]
            if seen:
                crossed.append(f"{host} {sent.replace(cookie, '…')}: {seen}")
    return crossed


def test_sessions(tricky: Client, two_chains: TwoChains) -> None:
    assert sessions_that_crossed(two_chains) == []


def test_session_cookies_are_the_hosts_own(tricky: Client, two_chains: TwoChains) -> None:
    assert django_settings.SESSION_COOKIE_DOMAIN is None
    assert django_settings.CSRF_COOKIE_DOMAIN is None


def test_tokens(tricky: Client, two_chains: TwoChains) -> None:
    with chain_scope(two_chains.a):
        member = Member.objects.create(phone="+8613800000001", name="Li", created_at=NOW)
        token = issue_token(member_id=member.id, now=NOW.replace(year=2126))
    asked = {
        f"{scheme} {text}"
        for scheme in ("Bearer", "bearer", "BEARER", "Token", "Basic", "Bearer ")
        for text in (
            token,
            token.upper(),
            f"{token} ",
            f'"{token}"',
            f"{token},{token}",
            token[:-1],
            f"{token}x",
        )
    }
    for host in (B, BASE):
        for header in sorted(asked):
            seen = tricky.get("/who", headers={"host": host, "authorization": header}).json()["bearer"]
            assert seen == "refused", (host, header)
    honest = tricky.get("/who", headers={"host": A, "authorization": f"Bearer {token}"}).json()["bearer"]
    assert honest not in {None, "refused"}


@pytest.mark.mutant
def test_mutant_a_host_middleware_that_believes_forwarded_hosts_is_noticed(
    tricky: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        HttpRequest, "get_host", lambda self: self.headers.get("x-forwarded-host", self.META["HTTP_HOST"])
    )
    assert headers_led_astray(tricky) != []


@pytest.mark.mutant
def test_mutant_a_loose_look_up_of_hosts_is_noticed(tricky: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def loose(host: str) -> ChainInfo | None:
        return chain_at(".".join(host.split(".")[-3:]))

    monkeypatch.setattr(middleware, "chain_at", loose)
    assert hosts_led_astray(tricky) != []


@pytest.mark.mutant
def test_mutant_sessions_kept_for_all_chains_together_are_noticed(
    tricky: Client, two_chains: TwoChains, settings: Any
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    assert sessions_that_crossed(two_chains) != []


def test_nothing_was_left_in_public(tricky: Client) -> None:
    with platform_scope():
        assert User.objects.count() == 0
