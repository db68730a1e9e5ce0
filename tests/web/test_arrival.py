"""The owner arrives in the new chain signed in: once, within a minute, in the same browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chains.hosts import ChainInfo
from chains.models import Chain, Signup
from chains.scope import chain_scope
from tenants.people.models import ArrivalUse
from tests.chains.signups import empty_outbox
from tests.web.test_signup_pages import _ready
from tests.web.test_signup_pages import _sign_up as sign_up
from web.arrival import hash_secret
from web.staff.arrival import COOKIE

pytestmark = pytest.mark.usefixtures("committed", "outbox")


@pytest.fixture()
def outbox() -> None:
    empty_outbox()


class Browser:
    """One browser: a cookie jar a host, as browsers keep them."""

    def __init__(self) -> None:
        self.jars: dict[str, Client] = {}

    def at(self, host: str) -> Client:
        """The jar of a host."""
        return self.jars.setdefault(
            host, Client(HTTP_HOST=host, HTTP_ACCEPT_LANGUAGE="en", raise_request_exception=False)
        )

    def get(self, url: str) -> Any:
        """Follow no redirect."""
        host, _slash, path = url.removeprefix("http://").partition("/")
        return self.at(host).get(f"/{path}")


def _signed_up(**fields: Any) -> tuple[Browser, Signup]:
    browser = Browser()
    return browser, _ready(browser.at("tessera.test"), **fields)


def _begin(browser: Browser, signup: Signup, slug: str = "qibai") -> str:
    """Up to the link with the token."""
    asked = browser.get(f"http://{slug}.tessera.test/staff/arrive/start?signup={signup.id}")
    assert asked.status_code == 302
    answered = browser.get(asked["Location"])
    assert answered.status_code == 302
    return str(answered["Location"])


def _who(browser: Browser, slug: str = "qibai") -> str | None:
    """Whose session the browser has at the chain's host; sessions lie in the chain's schema."""
    with chain_scope(ChainInfo.of(Chain.objects.get(slug=slug))):
        return browser.at(f"{slug}.tessera.test").session.get("_auth_user_id")


def test_owner_arrives_signed_in_and_lands_on_the_set_up() -> None:
    browser, signup = _signed_up()
    link = _begin(browser, signup)
    assert link.startswith("http://qibai.tessera.test/staff/arrive/")
    landed = browser.get(link)
    assert (landed.status_code, landed["Location"]) == (302, "/manage/setup/")
    with chain_scope(ChainInfo.of(Chain.objects.get(slug="qibai"))):
        owner = str(User.objects.get().id)
    assert _who(browser) == owner
    assert browser.at("qibai.tessera.test").cookies[COOKIE].value == ""


def test_session_is_another_after_the_arrival() -> None:
    browser, signup = _signed_up()
    client = browser.at("qibai.tessera.test")
    link = _begin(browser, signup)
    client.cookies["tessera_session"] = "planted-by-someone-else-0123456789ab"
    browser.get(link)
    assert client.cookies["tessera_session"].value != "planted-by-someone-else-0123456789ab"
    assert _who(browser) is not None


def test_link_works_once() -> None:
    browser, signup = _signed_up()
    link = _begin(browser, signup)
    nonce = browser.at("qibai.tessera.test").cookies[COOKIE].value
    assert browser.get(link).status_code == 302
    replay = Browser()
    replay.at("qibai.tessera.test").cookies[COOKIE] = nonce
    refused = replay.get(link)
    assert refused.status_code == 403
    assert "This link no longer works" in refused.content.decode()
    assert _who(replay) is None


def test_first_arrival_ends_every_other_link_of_the_sign_up() -> None:
    browser, signup = _signed_up()
    made_before = _begin(browser, signup)
    nonce = browser.at("qibai.tessera.test").cookies[COOKIE].value
    minting = f"http://tessera.test/signups/{signup.id}/arrive?nonce={hash_secret(nonce)}"
    with time_machine.travel(timezone.now() + timedelta(seconds=1)):  # another moment, another token
        used = browser.get(minting)["Location"]
        assert used != made_before
        assert browser.get(used)["Location"] == "/manage/setup/"
    again = Browser()
    again.jars["tessera.test"] = browser.at("tessera.test")
    again.at("qibai.tessera.test").cookies[COOKIE] = nonce
    asked = again.get(f"http://qibai.tessera.test/staff/arrive/start?signup={signup.id}")
    assert asked["Location"] == "/staff/login/"
    for link in (made_before, again.get(minting)["Location"]):
        assert again.get(link).status_code == 403
    assert _who(again) is None


@pytest.mark.mutant
def test_link_would_work_twice_without_the_row_that_says_it_was_used(monkeypatch: pytest.MonkeyPatch) -> None:
    browser, signup = _signed_up()
    link = _begin(browser, signup)
    nonce = browser.at("qibai.tessera.test").cookies[COOKIE].value
    assert browser.get(link).status_code == 302
    monkeypatch.setattr(ArrivalUse.objects, "create", lambda **fields: None)
    replay = Browser()
    replay.at("qibai.tessera.test").cookies[COOKIE] = nonce
    assert replay.get(link).status_code == 302
    assert _who(replay) is not None


def test_link_dies_after_a_minute() -> None:
    browser, signup = _signed_up()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        link = _begin(browser, signup)
        clock.shift(61)
        assert browser.get(link).status_code == 403
        assert _who(browser) is None
        fresh = _begin(browser, signup)
        clock.shift(59)
        assert browser.get(fresh).status_code == 302


def test_link_is_of_no_use_in_another_browser() -> None:
    browser, signup = _signed_up()
    link = _begin(browser, signup)
    thief = Browser()
    assert thief.get(link).status_code == 403
    thief.get(f"http://qibai.tessera.test/staff/arrive/start?signup={signup.id}")  # a nonce of its own
    assert thief.get(link).status_code == 403
    assert _who(thief) is None
    assert browser.get(link).status_code == 302


def test_browser_that_did_not_sign_up_is_sent_to_the_log_in() -> None:
    _browser, signup = _signed_up()
    thief = Browser()
    asked = thief.get(f"http://qibai.tessera.test/staff/arrive/start?signup={signup.id}")
    assert thief.get(asked["Location"])["Location"] == "http://qibai.tessera.test/staff/login/"
    other = Browser()
    sign_up(other.at("tessera.test"), slug="hetang", email="he@hetang.example")  # has a cookie, not this one
    asked = other.get(f"http://qibai.tessera.test/staff/arrive/start?signup={signup.id}")
    assert other.get(asked["Location"])["Location"] == "http://qibai.tessera.test/staff/login/"


def test_link_of_one_chain_opens_no_other() -> None:
    browser, signup = _signed_up()
    victim = Browser()
    _ready(victim.at("tessera.test"), slug="hetang", email="he@hetang.example")
    link = _begin(browser, signup)
    elsewhere = link.replace("qibai.tessera.test", "hetang.tessera.test")
    browser.at("hetang.tessera.test").cookies[COOKIE] = browser.at("qibai.tessera.test").cookies[COOKIE].value
    assert browser.get(elsewhere).status_code == 403
    assert _who(browser, "hetang") is None


def test_start_at_another_chain_leads_back_to_the_chain_that_was_signed_up() -> None:
    browser, signup = _signed_up()
    other = Browser()
    _ready(other.at("tessera.test"), slug="hetang", email="he@hetang.example")
    link = _begin(browser, signup, slug="hetang")
    assert link.startswith("http://qibai.tessera.test/")
    assert browser.get(link).status_code == 403, "the nonce lies at the other host"


@pytest.mark.parametrize("token", ["nonsense", "a:b:c", "eyJjIjoiMSJ9:1abcde:AAAA"])
def test_forged_token_is_refused(token: str) -> None:
    browser, _signup = _signed_up()
    assert browser.get(f"http://qibai.tessera.test/staff/arrive/{token}").status_code == 403


def test_sign_up_that_is_not_ready_leads_back_to_its_page() -> None:
    browser = Browser()
    signup = sign_up(browser.at("tessera.test"))
    answer = browser.get(f"http://tessera.test/signups/{signup.id}/arrive?nonce={'0' * 64}")
    assert answer["Location"] == f"/signups/{signup.id}/"


def test_owner_who_is_signed_in_goes_straight_to_the_set_up() -> None:
    browser, signup = _signed_up()
    browser.get(_begin(browser, signup))
    again = browser.get(f"http://qibai.tessera.test/staff/arrive/start?signup={signup.id}")
    assert again["Location"] == "/manage/setup/"


def test_person_who_left_does_not_arrive() -> None:
    browser, signup = _signed_up()
    with chain_scope(ChainInfo.of(Chain.objects.get(slug="qibai"))):
        User.objects.update(is_active=False)
    assert browser.get(_begin(browser, signup)).status_code == 403


def test_start_without_a_sign_up_leads_to_the_log_in() -> None:
    browser, _signup = _signed_up()
    assert browser.get("http://qibai.tessera.test/staff/arrive/start?signup=x")["Location"] == "/staff/login/"
