"""The console's pages: figures from public, read-only, acts recorded, under their own policy."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chains.models import Chain, ChainState, DueWork, OperatorAct, PooledSchema, Signup
from chains.schemas.template import current_version

Row = Callable[..., Chain]


def _signup(**fields: object) -> Signup:
    values = {"brand": "Qi Bai", "slug": "qibai", "email": "li@qibai.example", "password_hash": "pbkdf2-hash-kept-away",
              "verticals": ["beauty"], "locale": "zh-Hans", "time_zone": "Asia/Shanghai", "currency": "CNY"}  # fmt: skip
    return Signup.objects.create(**{**values, **fields})


def _text(client: Client, path: str, language: str = "en") -> str:
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_first_page_shows_the_platforms_figures(inside: Client, chain_row: Row) -> None:
    chain_row("one")
    chain_row("two")
    chain_row("three", ChainState.SUSPENDED)
    _signup()
    PooledSchema.objects.create(schema="t_aaaaaaaaaa", version=current_version())
    PooledSchema.objects.create(schema="t_bbbbbbbbbb", version="of another release: no sign-up can take it")
    DueWork.objects.create(schema="t_aaaaaaaaaa", kind="x", due_at="2026-01-01T00:00Z")
    words = re.sub(r"<[^>]+>|\s+", " ", _text(inside, "/console/"))
    words = re.sub(r"\s+", " ", words)
    for expected in (
        "active 2 ",
        "suspended 1 ",
        "closed 0 ",
        "Sign-ups in 7 days 1 ",
        "Ready schemas 1 ",
        "Work due now 1 ",
    ):
        assert expected in words


@pytest.mark.parametrize("path", ["/console/", "/console/chains/chain/"])
def test_pages_take_the_same_queries_at_two_and_at_thirty_chains(
    inside: Client, chain_row: Row, path: str
) -> None:
    counts = []
    for made in (2, 28):
        for number in range(made):
            chain_row(f"c{made}x{number}", figures={"bookings_30d": number})
        inside.get(path)
        with CaptureQueriesContext(connection) as queries:
            inside.get(path)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_chains_are_found_by_name_address_and_schema_and_filtered_by_state(
    inside: Client, chain_row: Row
) -> None:
    one, two = chain_row("violet"), chain_row("amber", ChainState.SUSPENDED)
    for query in ("?q=viol", "?q=violet.tessera.test", f"?q={one.schema_name}", "?state__exact=active"):
        page = _text(inside, f"/console/chains/chain/{query}")
        assert (str(one.pk) in page, str(two.pk) in page) == (True, False), query


def test_a_chain_shows_its_details_domains_figures_and_acts(inside: Client, chain_row: Row) -> None:
    chain = chain_row("violet", figures={"stores": 4, "members": 1980, "bookings_30d": 377})
    page = _text(inside, f"/console/chains/chain/{chain.pk}/change/")
    for expected in ("violet.tessera.test", "1980", "377", chain.schema_name, "None so far."):
        assert expected in page


def test_a_chain_is_suspended_with_a_reason_and_resumed(
    inside: Client, operator: User, chain_row: Row
) -> None:
    chain = chain_row("violet", ChainState.TRIAL)
    page = f"/console/chains/chain/{chain.pk}"
    detail = _text(inside, f"{page}/change/")
    assert (f"/{chain.pk}/suspend" in detail, f"/{chain.pk}/resume" in detail) == (True, False)
    form = f"/console/chains/chain/{chain.pk}/suspend/"
    assert "Suspend this chain" in _text(inside, form)
    assert inside.post(form, {"reason": "  "}).status_code == 422
    assert inside.post(form, {"reason": "unpaid since May"}).headers["Location"] == f"{page}/change/"
    chain.refresh_from_db()
    assert (chain.state, chain.state_reason) == ("suspended", "unpaid since May")
    detail = _text(inside, f"{page}/change/")
    assert ("unpaid since May" in detail, f"/{chain.pk}/suspend" in detail) == (True, False)
    resume = f"/console/chains/chain/{chain.pk}/resume/"
    assert inside.get(resume).status_code == 200
    chain.refresh_from_db()
    assert chain.state == "suspended"
    assert inside.post(resume).status_code == 302
    chain.refresh_from_db()
    assert chain.state == "trial"
    acts = OperatorAct.objects.order_by("at").values_list("act", "operator_id", "operator_email", "reason")
    assert list(acts) == [
        ("suspend", operator.pk, operator.email, "unpaid since May"),
        ("resume", operator.pk, operator.email, ""),
    ]


def test_an_act_that_the_state_does_not_allow_is_refused(inside: Client, chain_row: Row) -> None:
    chain = chain_row("violet", ChainState.SUSPENDED)
    assert inside.post(f"/console/chains/chain/{chain.pk}/suspend/", {"reason": "again"}).status_code == 403
    assert OperatorAct.objects.count() == 0


def test_acts_need_the_forms_token(inside: Client, chain_row: Row, operator: User) -> None:
    chain = chain_row("violet")
    strict = Client(enforce_csrf_checks=True, headers={"host": "tessera.test"})
    strict.cookies = inside.cookies
    answer = strict.post(f"/console/chains/chain/{chain.pk}/suspend/", {"reason": "forged"})
    assert answer.status_code == 403
    chain.refresh_from_db()
    assert chain.state == "active"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("billing/difference/", "Ours and the payment provider&#x27;s books agree."),
        ("billing/difference/?q=zzz", "Nothing is like that"),
        ("chains/operatoract/", "Nothing has happened here yet."),
    ],
)
def test_an_empty_list_says_why_it_is_empty(inside: Client, path: str, says: str) -> None:
    page = _text(inside, f"/console/{path}")
    assert (says in page, "yielded" in page) == (True, False)


def test_sign_ups_are_listed_without_anybodys_hashes(inside: Client) -> None:
    signup = _signup(code_hash="code-hash-kept-away", browser_hash="browser-hash-kept-away")
    for path in ("/console/chains/signup/", f"/console/chains/signup/{signup.pk}/change/"):
        page = _text(inside, path)
        assert "li@qibai.example" in page
        assert "kept-away" not in page


@pytest.mark.parametrize(
    "path",
    [
        "chains/chain/add/",
        "chains/signup/add/",
        "billing/plan/add/",
        "chains/operatoract/add/",
        "chains/schemamigration/add/",
    ],
)
def test_nothing_is_added_by_hand(inside: Client, path: str) -> None:
    assert inside.get(f"/console/{path}").status_code == 403


def test_nothing_is_changed_or_deleted_by_hand(inside: Client, chain_row: Row) -> None:
    chain = chain_row("violet")
    assert inside.post(f"/console/chains/chain/{chain.pk}/change/", {"name": "Mine"}).status_code == 403
    assert inside.post(f"/console/chains/chain/{chain.pk}/delete/", {"post": "yes"}).status_code == 403
    chain.refresh_from_db()
    assert chain.name == "Violet"


@pytest.mark.parametrize("path", ["", "chains/chain/", "chains/signup/", "billing/plan/", "chains/operatoract/",
                                  "chains/schemamigration/"])  # fmt: skip
def test_every_page_reads_the_public_schema_alone(inside: Client, chain_row: Row, path: str) -> None:
    chain_row("violet")
    with CaptureQueriesContext(connection) as queries:
        assert inside.get(f"/console/{path}").status_code == 200
    joined = " ".join(query["sql"] for query in queries)
    assert re.findall(r"\bt_[a-z2-7]{10}\.", joined) == []
    assert "r_" not in re.sub(r"r_[0-9a-f]{6}_platform", "", " ".join(re.findall(r"'r_\w+'", joined)))


def _policy(client: Client, path: str) -> dict[str, str]:
    header = client.get(path).headers["Content-Security-Policy"]
    return dict(part.strip().partition(" ")[::2] for part in header.split(";") if part.strip())


@pytest.mark.parametrize("path", ["/console/", "/console/login/", "/console/chains/chain/"])
def test_the_consoles_exceptions_are_named_and_no_more(inside: Client, path: str) -> None:
    policy = _policy(Client(headers={"host": "tessera.test"}) if "login" in path else inside, path)
    assert "'unsafe-eval'" in policy["script-src"]
    assert "'unsafe-inline'" not in policy["script-src"]
    assert policy["style-src"] == "'self'"
    assert policy["style-src-attr"] == "'unsafe-inline'"


@pytest.mark.parametrize("path", ["/", "/livez", "/nothing-here", "/consoles", "/api/v1/plans"])
def test_no_other_path_has_an_exception(outside: Client, db: None, path: str) -> None:
    header = outside.get(path).headers["Content-Security-Policy"]
    assert ("unsafe-eval" in header, "unsafe-inline" in header) == (False, False)


@pytest.mark.parametrize("path", ["/console/", "/console/chains/chain/", "/console/login/"])
def test_pages_have_no_inline_script_handler_or_style_element(inside: Client, path: str) -> None:
    client = Client(headers={"host": "tessera.test"}) if "login" in path else inside
    page = client.get(path).content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page) == []
    assert re.findall(r"\son(?:click|change|submit|load)=", page) == []
    assert re.findall(r"<style", page) == []


def test_pages_speak_chinese(inside: Client, chain_row: Row) -> None:
    chain_row("violet")
    page = _text(inside, "/console/", "zh-Hans")
    for word in ("总览", "连锁品牌", "近 7 天注册", "已停用"):
        assert word in page
