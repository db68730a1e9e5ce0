"""Employees' way in: sign-in, second factor, password reset, invitation; sign-up is closed."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.utils import timezone

from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.people.domain.invitations import invite
from tests.ground.cast import PASSWORD

pytestmark = pytest.mark.usefixtures("empty_cache")
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture()
def browser(cast):
    return Client(HTTP_HOST="alpha.tessera.test", headers={"accept-language": "en"})


def sign_in(browser, email="clerk@alpha.test", password=PASSWORD, path="/staff/login/"):
    return browser.post(path, {"login": email, "password": password})


def code():
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


@pytest.mark.parametrize(
    "path",
    ["signup/", "social/signup/", "google/login/", "email/", "login/code/", "signup/passkey/", "3rdparty/"],
)
@pytest.mark.parametrize("host", ["alpha.tessera.test", "tessera.test"])
def test_the_librarys_own_sign_up_is_closed_on_every_host(cast, host, path):
    for prefix in ("/staff/", "/accounts/", "/"):
        for method in ("get", "post"):
            answer = getattr(Client(HTTP_HOST=host), method)(prefix + path)
            assert answer.status_code == 404, (host, prefix, path, method)


def test_signing_in_leads_to_work_and_rotates_the_session(cast, browser):
    with chain_scope(cast.alpha.info):
        browser.session.save()
        before = browser.session.session_key
    answer = sign_in(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/staff/")
    assert browser.session.session_key != before
    assert browser.get("/staff/")["Location"] == "/workbench/"


def test_a_wrong_password_and_an_unknown_address_look_alike(browser):
    pages = [
        sign_in(browser, email=email, password="wrong").content.decode().replace(email, "")
        for email in ("clerk@alpha.test", "nobody@alpha.test")
    ]
    csrf = re.compile(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"|nonce="[^"]+"')
    assert csrf.sub("", pages[0]) == csrf.sub("", pages[1])


def test_an_employee_of_another_chain_is_a_stranger(cast, browser):
    beta = Client(HTTP_HOST="beta.tessera.test")
    assert sign_in(beta, email="clerk@alpha.test").status_code == 200
    sign_in(browser)
    beta.cookies = browser.cookies
    assert beta.get("/staff/")["Location"].startswith("/staff/login/")


def test_where_to_go_next_stays_in_this_house(browser):
    assert sign_in(browser, path="/staff/login/?next=/workbench/x")["Location"] == "/workbench/x"
    browser.logout()
    assert sign_in(browser, path="/staff/login/?next=https://evil.test/")["Location"] == "/staff/"


def test_a_second_factor_is_set_up_asked_for_and_removed(cast, browser):
    sign_in(browser)
    answer = browser.get("/staff/mfa/totp/activate/")
    assert answer["Location"].startswith("/staff/reauthenticate/")
    page = browser.post(answer["Location"], {"password": PASSWORD}, follow=True)
    assert page.status_code == 200
    secret = re.search(r"<code>(\w+)</code>", page.content.decode())
    assert secret is not None
    right = format_hotp_value(hotp_value(secret[1], next(iter(yield_hotp_counters_from_time()))))
    assert browser.post("/staff/mfa/totp/activate/", {"code": right}).status_code == 302
    assert browser.get("/staff/mfa/recovery-codes/").content.count(b"<li><code>") == 10
    with chain_scope(cast.alpha.info):
        rows = list(Authenticator.objects.order_by("type"))
        assert [row.type for row in rows] == ["recovery_codes", "totp"]
        assert secret[1] not in str(rows[1].data)
    other = Client(HTTP_HOST="alpha.tessera.test")
    assert sign_in(other)["Location"].startswith("/staff/mfa/authenticate/")
    assert other.get("/staff/")["Location"].startswith("/staff/login/")
    assert browser.post("/staff/mfa/totp/deactivate/").status_code == 302
    assert sign_in(Client(HTTP_HOST="alpha.tessera.test"))["Location"] == "/staff/"


def test_the_second_factor_lets_in_by_code_and_counts_guesses(cast, browser):
    with chain_scope(cast.alpha.info):
        TOTP.activate(cast.alpha.employees["clerk"].user, SECRET)
    sign_in(browser)
    for _ in range(5):
        assert b"This code is wrong" in browser.post("/staff/mfa/authenticate/", {"code": "000000"}).content
    assert b"Too many attempts" in browser.post("/staff/mfa/authenticate/", {"code": code()}).content
    assert browser.get("/staff/").status_code == 302


def test_a_forgotten_password_is_reset_by_a_link_that_works_once(cast, browser):
    answers = [
        browser.post("/staff/password/reset/", {"email": email}, follow=True)
        for email in ("clerk@alpha.test", "nobody@alpha.test")
    ]
    assert [answer.redirect_chain for answer in answers] == [[("/staff/password/reset/done/", 302)]] * 2
    mails = [row for row in sent_messages() if row["subject"] == "Choose a new password"]
    assert [row["to"] for row in mails] == ["clerk@alpha.test"]
    (link,) = re.findall(r"http://alpha\.tessera\.test(/staff/password/reset/key/\S+)", mails[0]["text"])
    form = browser.get(link)["Location"]
    new = {"password1": "seven quiet rivers", "password2": "seven quiet rivers"}
    assert browser.post(form, new)["Location"] == "/staff/password/reset/key/done/"
    assert (
        b"no longer valid"
        in Client(HTTP_HOST="alpha.tessera.test", headers={"accept-language": "en"}).get(link).content
    )
    assert sign_in(browser, password="seven quiet rivers").status_code == 302


def test_an_invitation_is_accepted_once_and_signs_in(cast, browser):
    with chain_scope(cast.alpha.info):
        employee = cast.alpha.employees["clerk"]
        old = invite(employee, chain=cast.alpha.info, now=timezone.now())
        secret = invite(employee, chain=cast.alpha.info, now=timezone.now())
    assert browser.get(f"/staff/invitation/{old}/").status_code == 404
    page = browser.get(f"/staff/invitation/{secret}/")
    assert (page.status_code, b"clerk@alpha.test" in page.content) == (200, True)
    weak = browser.post(f"/staff/invitation/{secret}/", {"password": "1234567890"})
    assert weak.status_code == 422
    assert (
        browser.post(f"/staff/invitation/{secret}/", {"password": "seven quiet rivers"})["Location"]
        == "/staff/"
    )
    assert browser.get("/staff/")["Location"] == "/workbench/"
    for client in (browser, Client(HTTP_HOST="alpha.tessera.test")):
        assert client.post(f"/staff/invitation/{secret}/", {"password": "x" * 12}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "login/",
        "password/reset/",
        "password/reset/done/",
        "password/reset/key/done/",
        "inactive/",
        "password/reset/key/x-y/",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_doors_pages_stand_in_both_languages_without_inline_code(cast, path, language):
    page = Client(HTTP_HOST="alpha.tessera.test", headers={"accept-language": language}).get(f"/staff/{path}")
    assert page.status_code == 200
    assert page["Content-Language"] == language
    assert b" style=" not in page.content
    assert b"Alpha" in page.content


@pytest.mark.parametrize("path", ["logout/", "reauthenticate/", "password/change/", "mfa/"])
def test_the_pages_of_who_is_signed_in_stand(browser, path):
    sign_in(browser)
    page = browser.get(f"/staff/{path}")
    assert page.status_code == 200
    assert b" style=" not in page.content
