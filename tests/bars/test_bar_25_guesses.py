"""Bar 25: a thousand guesses at one account are five a window; nobody is told who exists."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test import Client
from django.utils import timezone

from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.people.domain.invitations import invite
from tests.api.conftest import Program
from tests.bars import record, size
from tests.ground.cast import PASSWORD, Cast

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("empty_cache")]
MUTED = ("accounts.guesses", "api.domain.sign_in", "web.staff.adapter", "tenants.members.domain.codes")


def in_threads(work: Callable[[int], str], times: int, threads: int = 8) -> Counter[str]:
    """Run the work many times at once and count what came of it."""

    def one(n: int) -> str:
        try:
            return work(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(one, range(times)))


def by_token(cast: Cast, email: str) -> Callable[[int], str]:
    """A guess through the API."""

    def guess(n: int) -> str:
        body = {"email": email, "password": f"guess {n}"}
        return str(Program(cast.alpha.info).post("auth/employee/token", body).json()["code"])

    return guess


def by_page(email: str) -> Callable[[int], str]:
    """A guess on the page."""

    def guess(n: int) -> str:
        client = Client(HTTP_HOST="alpha.tessera.test", headers={"accept-language": "en"})
        page = client.post("/staff/login/", {"login": email, "password": f"guess {n}"}).content
        return "too_many_requests" if b"Too many attempts" in page else "credentials_wrong"

    return guess


def check_five_a_window(cast: Cast, email: str, guess: Callable[[int], str], times: int) -> None:
    """Of all guesses five are judged, the others are told to wait; even the right one is."""
    assert in_threads(guess, times) == {"credentials_wrong": 5, "too_many_requests": times - 5}
    answer = Program(cast.alpha.info).post("auth/employee/token", {"email": email, "password": PASSWORD})
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)


@pytest.mark.parametrize("email", ["clerk@alpha.test", "nobody@alpha.test"])
@pytest.mark.parametrize("door", ["api", "page"])
def test_bar_25_five_guesses_a_window_and_the_shop_goes_on(cast, email, door):
    times = size(24, 1000)
    check_five_a_window(cast, email, by_token(cast, email) if door == "api" else by_page(email), times)
    others = ["owner@alpha.test", "manager@alpha.test", "reader@alpha.test"]
    for other in others:
        body = {"email": other, "password": PASSWORD}
        assert Program(cast.alpha.info).post("auth/employee/token", body).status_code == 200
        page = Client(HTTP_HOST="alpha.tessera.test").post(
            "/staff/login/", {"login": other, "password": PASSWORD}
        )
        assert page.status_code == 302
    record(25, guesses=times, judged=5, door=door)


def code_for(cast: Cast, phone: str) -> str:
    Program(cast.alpha.info).post("auth/member/code", {"phone": phone})
    return next(str(row["code"]) for row in sent_messages() if row["to"] == phone)


def check_five_tries_a_code(cast: Cast, times: int) -> None:
    """Of all guesses at a code five are judged, and none is given back by a rollback."""
    phone = "+8613800000009"
    code = code_for(cast, phone)

    def guess(n: int) -> str:
        wrong = f"{(int(code) + 1 + n) % 1_000_000:06d}"
        body = {"phone": phone, "code": wrong}
        return str(Program(cast.alpha.info).post("auth/member/token", body).json()["code"])

    assert in_threads(guess, times) == {"code_wrong": 5, "code_expired": times - 5}
    answer = Program(cast.alpha.info).post("auth/member/token", {"phone": phone, "code": code})
    assert answer.json()["code"] == "code_expired"


def test_bar_25_five_tries_a_code_and_other_guests_still_get_in(cast):
    check_five_tries_a_code(cast, size(24, 1000))
    other = "+8613800000010"
    body = {"phone": other, "code": code_for(cast, other)}
    assert Program(cast.alpha.info).post("auth/member/token", body).status_code == 200


def check_nobody_is_told(cast: Cast) -> None:
    """Wrong, unknown, over the limit, forgotten: the answers of both accounts are the same bytes."""
    secrets = re.compile(rb'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"|nonce="[^"]+"')
    emails = ("clerk@alpha.test", "stranger@alpha.test")
    for path, form in (
        ("/staff/login/", {"login": "", "password": "wrong"}),
        ("/staff/password/reset/", {"email": ""}),
    ):
        pages = []
        for email in emails:
            client = Client(HTTP_HOST="alpha.tessera.test", headers={"accept-language": "en"})
            page = client.post(path, {**form, next(iter(form)): email}, follow=True)
            pages.append((page.status_code, secrets.sub(b"", page.content).replace(email.encode(), b"")))
        assert pages[0] == pages[1]
    answers = [
        [by_token(cast, email)(n) for n in range(7)]
        + [Program(cast.alpha.info).post("auth/member/code", {"phone": phone}).status_code]
        for email, phone in zip(emails, ("+8613800000001", "+8613800000077"), strict=True)
    ]
    assert answers[0] == answers[1]


def test_bar_25_nobody_is_told_who_exists(cast):
    check_nobody_is_told(cast)


def check_links_are_single_use(cast: Cast) -> None:
    """Many open one invitation at once: one gets in."""
    with chain_scope(cast.alpha.info):
        secret = invite(cast.alpha.employees["clerk"], chain=cast.alpha.info, now=timezone.now())
    together = threading.Barrier(6)

    def accept(n: int) -> str:
        client = Client(HTTP_HOST="alpha.tessera.test", raise_request_exception=False)
        together.wait(20)
        answer = client.post(f"/staff/invitation/{secret}/", {"password": f"seven quiet rivers {n}"})
        return str(answer.status_code)

    assert in_threads(accept, 6, threads=6) == {"302": 1, "404": 5}


def test_bar_25_links_are_single_use(cast):
    check_links_are_single_use(cast)


def check_session_rotates(cast: Cast) -> None:
    """A session known before signing in is worth nothing after."""
    client = Client(HTTP_HOST="alpha.tessera.test")
    with chain_scope(cast.alpha.info):
        session = client.session
        session["planted"] = True
        session.save()
    planted = client.cookies["tessera_session"].value
    assert (
        client.post("/staff/login/", {"login": "clerk@alpha.test", "password": PASSWORD}).status_code == 302
    )
    attacker = Client(HTTP_HOST="alpha.tessera.test")
    attacker.cookies["tessera_session"] = planted
    assert attacker.get("/staff/")["Location"].startswith("/staff/login/")
    assert client.get("/staff/")["Location"] == "/workbench/"


def test_bar_25_the_session_rotates_on_sign_in(cast):
    check_session_rotates(cast)


@pytest.fixture()
def uncounted(monkeypatch):
    """Guesses are not counted anywhere."""
    for module in MUTED:
        monkeypatch.setattr(f"{module}.count_guess", lambda kind, subject: None)


@pytest.mark.mutant
@pytest.mark.parametrize("door", ["api", "page"])
def test_mutant_guesses_are_not_counted(cast, uncounted, door):
    email = "clerk@alpha.test"
    with pytest.raises(AssertionError):
        check_five_a_window(cast, email, by_token(cast, email) if door == "api" else by_page(email), 12)


@pytest.mark.mutant
def test_mutant_tries_of_a_code_are_not_counted(cast, uncounted):
    with pytest.raises(AssertionError):
        check_five_tries_a_code(cast, 12)


@pytest.mark.mutant
def test_mutant_an_unknown_account_is_named(cast, monkeypatch):
    from accounts.models import User
    from chains.refusals import Refusal

    class Unknown(Refusal):
        code = "unknown_account"
        status = 401

    def telling(request, *, email, password):
        if not User.objects.filter(email=email).exists():
            raise Unknown
        return authenticate(request, email=email, password=password)

    monkeypatch.setattr("api.domain.sign_in.authenticate", telling)
    with pytest.raises(AssertionError):
        check_nobody_is_told(cast)


@pytest.mark.mutant
def test_mutant_a_link_is_not_used_up(cast, monkeypatch):
    from tenants.people.models import Invitation

    class Forgetful:
        """An update that keeps nothing and claims to have hit a row."""

        def update(self, **_):
            return 1

    really = Invitation.objects.filter
    monkeypatch.setattr(
        Invitation.objects,
        "filter",
        lambda **by: Forgetful() if set(by) == {"id", "used_at"} else really(**by),
    )
    with pytest.raises(AssertionError):
        check_links_are_single_use(cast)


@pytest.mark.mutant
def test_mutant_the_session_stays(cast, monkeypatch):
    from django.contrib.sessions.backends.db import SessionStore

    monkeypatch.setattr(SessionStore, "cycle_key", lambda self: None)
    monkeypatch.setattr(SessionStore, "flush", lambda self: None)
    with pytest.raises(AssertionError):
        check_session_rotates(cast)
