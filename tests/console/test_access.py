"""Who gets into the console, and who does not."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal import auth
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from accounts.models import User
from chains.scope import chain_scope
from console.domain.access import set_up_factor
from tests.console.conftest import HOST, PASSWORD
from tests.ground.chains import TwoChains


def _code(key: str) -> str:
    return str(format_hotp_value(hotp_value(key, int(auth.time.time()) // 30)))


def _sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> int:
    return client.post("/console/login/", {"email": email, "password": password, **more}).status_code


def test_a_stranger_is_sent_to_the_sign_in_page(outside: Client, db: None) -> None:
    answer = outside.get("/console/chains/chain/")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "/console/login/?next=/console/chains/chain/",
    )


def test_an_operator_signs_in_with_any_case_of_the_address(outside: Client, operator: User) -> None:
    assert _sign_in(outside, operator.email.upper()) == 302
    assert outside.get("/console/").status_code == 200


@pytest.mark.parametrize("wrong", ["password", "email", "inactive", "no operator"])
def test_every_wrong_sign_in_gets_the_same_answer(outside: Client, operator: User, wrong: str) -> None:
    email, password = operator.email, PASSWORD
    if wrong == "password":
        password = "another-passphrase"
    elif wrong == "email":
        email = f"x{email}"
    else:
        User.objects.filter(pk=operator.pk).update(
            **{"is_active": False} if wrong == "inactive" else {"is_operator": False}
        )
    answer = outside.post("/console/login/", {"email": email, "password": password})
    assert answer.status_code == 401
    assert "E-mail, password and code do not fit together." in answer.content.decode()
    assert outside.get("/console/").status_code == 302


def test_the_sixth_try_at_one_account_waits_and_another_account_does_not(
    outside: Client, operator: User, django_user_model: type[User]
) -> None:
    tries = [_sign_in(outside, operator.email, "wrong-passphrase") for _ in range(5)]
    answer = outside.post("/console/login/", {"email": operator.email, "password": PASSWORD})
    assert (tries, answer.status_code) == ([401] * 5, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert _sign_in(outside, f"other-{operator.email}", "wrong-passphrase") == 401


def test_the_session_changes_its_key_on_sign_in(outside: Client, operator: User) -> None:
    outside.session["seen"] = True
    session = outside.session
    session["seen"] = True
    session.save()
    before = session.session_key
    _sign_in(outside, operator.email)
    assert outside.session.session_key != before


def test_a_second_factor_that_is_set_up_must_be_proved_and_each_code_counts_once(
    outside: Client, operator: User, factor_key: str
) -> None:
    set_up_factor(operator, key=factor_key, code=_code(factor_key))
    code = _code(factor_key)
    assert _sign_in(outside, operator.email) == 401
    assert _sign_in(outside, operator.email, code="000000") == 401
    assert _sign_in(outside, operator.email, code=code) == 302
    again = Client(headers={"host": HOST})
    assert _sign_in(again, operator.email, code=code) == 401


def test_where_a_second_factor_is_needed_an_operator_without_one_sets_it_up_first(
    outside: Client, operator: User, settings: object
) -> None:
    settings.OPERATORS_NEED_MFA = True  # type: ignore[attr-defined]
    assert _sign_in(outside, operator.email) == 302
    assert outside.get("/console/").status_code == 302
    assert outside.get("/console/login/").headers["Location"] == "/console/second-factor/"
    page = outside.get("/console/second-factor/")
    key = outside.session["console_factor_key"]
    assert (page.status_code, "<svg" in page.content.decode()) == (200, True)
    assert outside.post("/console/second-factor/", {"code": "000000"}).status_code == 422
    assert outside.get("/console/").status_code == 302
    assert outside.post("/console/second-factor/", {"code": _code(key)}).status_code == 302
    assert outside.get("/console/").status_code == 200


def test_a_password_alone_cannot_replace_a_factor_that_stands(
    outside: Client, operator: User, factor_key: str, settings: object
) -> None:
    settings.OPERATORS_NEED_MFA = True  # type: ignore[attr-defined]
    _sign_in(outside, operator.email)
    outside.get("/console/second-factor/")
    key = outside.session["console_factor_key"]
    set_up_factor(operator, key=factor_key, code=_code(factor_key))
    answer = outside.post("/console/second-factor/", {"code": _code(key)})
    assert (answer.status_code, outside.get("/console/").status_code) == (302, 302)


def test_signing_out_needs_a_post(inside: Client) -> None:
    inside.get("/console/logout/")
    assert inside.get("/console/").status_code == 200
    inside.post("/console/logout/")
    assert inside.get("/console/").status_code == 302


def test_an_operator_shut_out_is_out_at_the_next_click(inside: Client, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(is_active=False)
    assert inside.get("/console/").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/dev/outbox", "/console/login/"]
)
def test_sign_in_leads_only_into_the_console(outside: Client, operator: User, target: str) -> None:
    answer = outside.post("/console/login/", {"email": operator.email, "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/console/"


def test_no_chains_host_has_a_console(two_chains: TwoChains) -> None:
    """An employee who calls himself an operator in his chain's schema is none."""
    client = Client(headers={"host": "alpha.tessera.test"}, raise_request_exception=False)
    with chain_scope(two_chains.a):
        user = User.objects.create_user("op@alpha.test", PASSWORD, is_operator=True)
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for path in ("/console/", "/console/login/", "/console/chains/chain/"):
        assert client.get(path).status_code == 404
    platform = Client(headers={"host": HOST})
    platform.cookies = client.cookies
    assert platform.get("/console/").status_code == 302
