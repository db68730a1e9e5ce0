"""The platform's pages: sign-up as a person does it."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from chains.domain.provisioning import run_once
from chains.domain.signup import find_signup
from chains.models import Chain, ChainState, Signup, new_schema_name
from chains.scope import platform_scope
from tests.chains.signups import PASSWORD, empty_outbox, newest_code
from web.signup.browser import COOKIE
from web.signup.public import slug_in

pytestmark = pytest.mark.usefixtures("committed", "outbox")

CARD = {
    "vertical": ["beauty"],
    "brand": "Qibai Skin",
    "slug": "qibai",
    "email": "su@qibai.example",
    "locale": "en",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
}


@pytest.fixture()
def outbox() -> None:
    empty_outbox()


@pytest.fixture()
def browser() -> Client:
    return _browser()


def _browser(language: str = "en", host: str = "tessera.test") -> Client:
    return Client(HTTP_HOST=host, HTTP_ACCEPT_LANGUAGE=language, raise_request_exception=False)


def _text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def _sign_up(browser: Client, **fields: Any) -> Signup:
    answer = browser.post("/", {**CARD, **fields})
    assert answer.status_code == 302, _text(answer)
    return find_signup(UUID(answer["Location"].split("/")[2]))


def _enter_code(browser: Client, signup: Signup, password: str = PASSWORD) -> Any:
    code = newest_code(signup.email)
    return browser.post(f"/signups/{signup.id}/verify", {"code": code, "password": password})


def _ready(browser: Client, **fields: Any) -> Signup:
    signup = _sign_up(browser, **fields)
    assert _enter_code(browser, signup).status_code == 302
    assert run_once(now=timezone.now()) is True
    return find_signup(signup.id)


@pytest.mark.parametrize(
    "path", ["/", "/pricing/", "/help/", "/terms/", "/privacy/", "/login/", "/dev/outbox"]
)
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_page_is_served_in_both_languages_under_the_strict_policy(path: str, language: str) -> None:
    answer = _browser(language).get(path)
    assert (answer.status_code, answer["Content-Language"]) == (200, language)
    policy = answer["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    page = answer.content.decode()
    assert f'<html lang="{language.lower()}"' in page
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", page)


def test_card_offers_the_installed_industries(browser: Client) -> None:
    page = browser.get("/").content.decode()
    assert re.findall(r'name="vertical" value="(\w+)"', page) == ["fitness", "beauty", "dining", "retail"]


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("qibai", "Free"),
        ("www", "is kept for the platform itself"),
        ("a--b", "no two dashes in a row"),
        ("", ""),
    ],
)
def test_address_is_checked_while_it_is_typed(browser: Client, slug: str, said: str) -> None:
    answer = browser.get("/address", {"slug": slug}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert said in _text(answer)
    assert ("Free" in _text(answer)) is (said == "Free")


def test_taken_address_is_said_while_it_is_typed(browser: Client) -> None:
    with platform_scope():
        Chain.objects.create(slug="qibai", name="Q", schema_name=new_schema_name(), state=ChainState.TRIAL)
    assert "already belongs to another chain" in _text(browser.get("/address", {"slug": "Qibai "}))


def test_wrong_fields_are_shown_in_their_places_and_nothing_is_kept(browser: Client) -> None:
    answer = browser.post("/", {**CARD, "vertical": [], "brand": "", "slug": "www", "email": "nobody"})
    assert answer.status_code == 422
    said = _text(answer)
    for sentence in (
        "Choose what you run.",
        "Enter the name your guests know.",
        "is kept for the platform itself",
        "Enter an address such as su@qibai.example.",
    ):
        assert sentence in said
    assert Signup.objects.count() == 0


def test_cookie_of_the_browser_is_out_of_reach_of_scripts_and_other_hosts(browser: Client) -> None:
    signup = _sign_up(browser)
    cookie = browser.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")
    assert cookie.value not in signup.browser_hash


def test_code_page_shows_the_address_to_the_browser_that_signed_up_alone(browser: Client) -> None:
    signup = _sign_up(browser)
    path = f"/signups/{signup.id}/"
    assert "su@qibai.example" in _text(browser.get(path))
    assert "su@qibai.example" not in _text(_browser().get(path))


def test_right_code_and_password_lead_to_the_setting_up_and_its_steps(browser: Client) -> None:
    signup = _sign_up(browser)
    assert _enter_code(browser, signup)["Location"] == f"/signups/{signup.id}/"
    waiting = browser.get(f"/signups/{signup.id}/").content.decode()
    assert "Setting up Qibai Skin" in waiting and 'hx-trigger="every 500ms"' in waiting
    assert run_once(now=timezone.now()) is True
    done = browser.get(f"/signups/{signup.id}/progress").content.decode()
    assert "Qibai Skin is ready" in done and "hx-trigger" not in done
    assert f"http://qibai.tessera.test/staff/arrive/start?signup={signup.id}" in done
    assert re.findall(r"(\d+\.\d) s<", done)


def test_weak_password_is_said_in_its_place_and_costs_no_try(browser: Client) -> None:
    signup = _sign_up(browser)
    answer = _enter_code(browser, signup, password="short")
    assert answer.status_code == 422
    assert "too short" in _text(answer)
    kept = find_signup(signup.id)
    assert (kept.state, kept.code_tries, kept.password_hash) == ("verify_email", 0, "")
    assert _enter_code(browser, signup).status_code == 302


def test_wrong_codes_are_counted_by_the_page_too(browser: Client) -> None:
    signup = _sign_up(browser)
    wrong = f"{(int(newest_code(signup.email)) + 1) % 1_000_000:06}"
    for _ in range(5):
        answer = browser.post(f"/signups/{signup.id}/verify", {"code": wrong, "password": PASSWORD})
        assert answer.status_code == 422
    answer = _enter_code(browser, signup)
    assert (answer.status_code, "five minutes and five tries" in _text(answer)) == (422, True)
    assert find_signup(signup.id).state == "verify_email"


def test_another_code_too_soon_says_how_long_to_wait(browser: Client) -> None:
    signup = _sign_up(browser)
    answer = browser.post(f"/signups/{signup.id}/code")
    assert answer.status_code == 429
    assert re.search(r"Wait \d+ seconds", _text(answer))


def test_loser_of_an_address_chooses_another_and_enters_the_same_code() -> None:
    winner, loser = _browser(), _browser()
    first, second = _sign_up(winner), _sign_up(loser, email="he@hetang.example")
    assert _enter_code(winner, first).status_code == 302
    refused = _enter_code(loser, second)
    assert refused.status_code == 409
    assert "already belongs to another chain" in _text(refused)
    stranger = _browser().post(f"/signups/{second.id}/address", {"slug": "stolen"})
    assert (stranger.status_code, find_signup(second.id).slug) == (302, "qibai")
    assert loser.post(f"/signups/{second.id}/address", {"slug": "hetang"}).status_code == 302
    assert _enter_code(loser, second).status_code == 302
    assert find_signup(second.id).slug == "hetang"


def test_failed_sign_up_says_why_and_offers_to_start_again(browser: Client) -> None:
    signup = _sign_up(browser)
    Signup.objects.filter(id=signup.id).update(state="failed", problem={"code": "provisioning_failed"})
    said = _text(browser.get(f"/signups/{signup.id}/"))
    assert "Nothing was kept" in said and "Start again" in said


def test_unknown_sign_up_is_a_page_with_a_way_out(browser: Client) -> None:
    answer = browser.get(f"/signups/{uuid4()}/")
    assert answer.status_code == 404
    assert "There is no sign-up at this address." in _text(answer)


@pytest.mark.parametrize(
    "typed",
    [
        "qibai",
        " Qibai ",
        "qibai.tessera.test",
        "http://qibai.tessera.test:8000/staff/",
        "qibai.tessera.test/",
    ],
)
def test_log_in_page_sends_on_to_the_chains_own_log_in(browser: Client, typed: str) -> None:
    _ready(browser)
    answer = browser.post("/login/", {"address": typed})
    assert (answer.status_code, answer["Location"]) == (302, "http://qibai.tessera.test/staff/login/")


@pytest.mark.parametrize(
    "typed", ["", "nobody", "evil.example", "http://evil.example/qibai", "qibai@evil.example"]
)
def test_log_in_page_never_leads_elsewhere(browser: Client, typed: str) -> None:
    answer = browser.post("/login/", {"address": typed})
    assert answer.status_code == 422
    assert "No chain lives at this address" in _text(answer)


def test_slug_is_found_in_what_is_pasted() -> None:
    assert slug_in("https://qibai.tessera.test/staff") == "qibai"
    assert slug_in("a.b.tessera.test") == ""


def test_prices_are_shown_in_the_chosen_currency(browser: Client) -> None:
    assert "¥199" in _text(browser.get("/pricing/", {"currency": "CNY"}))
    assert "$29" in _text(browser.get("/pricing/", {"currency": "USD"}))
    assert "$29" in _text(browser.get("/pricing/", {"currency": "<script>"}))


def test_language_is_chosen_by_the_menu_and_kept(browser: Client) -> None:
    answer = browser.post("/i18n/setlang/", {"language": "zh-hans", "next": "/pricing/"})
    assert answer["Location"] == "/pricing/"
    assert browser.get("/")["Content-Language"] == "zh-Hans"


def test_outbox_shows_what_would_have_been_sent(browser: Client) -> None:
    signup = _sign_up(browser)
    code = newest_code(signup.email)
    assert code in _text(browser.get("/dev/outbox"))
    (message,) = browser.get("/dev/outbox.json").json()
    assert set(message) == {"channel", "to", "subject", "text", "code", "at", "chain"}
    assert (message["channel"], message["to"], message["code"]) == ("email", "su@qibai.example", code)


def test_demo_log_ins_are_read_from_the_data_folder(browser: Client, settings: Any, tmp_path: Any) -> None:
    settings.DATA = tmp_path
    assert browser.get("/dev/demo.json").json() == {"chains": [], "logins": []}
    (tmp_path / "demo.json").write_text('{"chains": [{"slug": "qibai"}], "logins": []}')
    assert browser.get("/dev/demo.json").json()["chains"] == [{"slug": "qibai"}]


@pytest.mark.parametrize("path", ["/dev/outbox", "/dev/outbox.json", "/dev/demo.json"])
def test_demo_pages_are_not_there_in_production(browser: Client, settings: Any, path: str) -> None:
    settings.IS_DEMO = False
    assert browser.get(path).status_code == 404
