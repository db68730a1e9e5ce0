"""Signing in for a token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.utils import timezone

from accounts import guesses
from chains.outgoing import sent_messages
from chains.scope import chain_scope
from tenants.members.models import Member, OneTimeCode
from tests.api.conftest import Program, employee_program
from tests.ground.cast import PASSWORD

pytestmark = pytest.mark.usefixtures("empty_cache")
PHONE = "+8613800000009"


def ask_code(program, phone=PHONE):
    answer = program.post("auth/member/code", {"phone": phone})
    return answer, next((row["code"] for row in sent_messages() if row["to"].endswith(phone[-8:])), None)


def sign_in(program, **body):
    return program.post("auth/employee/token", {"email": "clerk@alpha.test", "password": PASSWORD, **body})


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_a_member_joins_by_phone_and_code_and_comes_back(cast):
    nobody = Program(cast.alpha.info)
    answer, code = ask_code(nobody, "13800000009")
    assert answer.status_code == 202
    assert answer.json()["expires_at"].endswith("+08:00")
    joined = nobody.post("auth/member/token", {"phone": PHONE, "code": code, "name": "许可"})
    assert (joined.status_code, joined.json()["joined"]) == (200, True)
    me = Program(cast.alpha.info, joined.json()["token"]).get("members/me").json()
    assert (me["phone"], me["name"]) == (PHONE, "许可")
    with chain_scope(cast.alpha.info):
        OneTimeCode.objects.update(sent_at=timezone.now() - timedelta(minutes=2))
    _, code = ask_code(nobody)
    again = nobody.post("auth/member/token", {"phone": PHONE, "code": code}).json()
    assert (again["joined"], again["member"]["id"]) == (False, me["id"])


def test_a_code_works_once_and_only_for_its_phone_and_chain(cast):
    nobody = Program(cast.alpha.info)
    _, code = ask_code(nobody)
    for program, phone in ((nobody, "+8613800000008"), (Program(cast.beta.info), PHONE)):
        answer = program.post("auth/member/token", {"phone": phone, "code": code})
        assert (answer.status_code, answer.json()["code"]) == (422, "code_expired")
    assert nobody.post("auth/member/token", {"phone": PHONE, "code": code}).status_code == 200
    answer = nobody.post("auth/member/token", {"phone": PHONE, "code": code})
    assert (answer.status_code, answer.json()["code"]) == (422, "code_expired")


def test_after_five_wrong_tries_even_the_right_code_is_refused(cast):
    nobody = Program(cast.alpha.info)
    _, code = ask_code(nobody)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        answer = nobody.post("auth/member/token", {"phone": PHONE, "code": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "code_wrong")
    answer = nobody.post("auth/member/token", {"phone": PHONE, "code": code})
    assert (answer.status_code, answer.json()["code"]) == (422, "code_expired")


def test_a_phone_gets_one_code_a_minute_and_other_phones_theirs(cast):
    nobody = Program(cast.alpha.info)
    assert ask_code(nobody)[0].status_code == 202
    answer, _ = ask_code(nobody)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(answer["Retry-After"]) <= 61
    for n in range(30):
        assert ask_code(nobody, f"+861380002{n:04d}")[0].status_code == 202


def test_a_code_is_valid_for_five_minutes(cast):
    nobody = Program(cast.alpha.info)
    _, code = ask_code(nobody)
    with chain_scope(cast.alpha.info):
        OneTimeCode.objects.update(expires_at=timezone.now())
    answer = nobody.post("auth/member/token", {"phone": PHONE, "code": code})
    assert (answer.status_code, answer.json()["code"]) == (422, "code_expired")


def test_only_a_hash_of_the_code_is_kept(cast):
    _, code = ask_code(Program(cast.alpha.info))
    with chain_scope(cast.alpha.info):
        row = OneTimeCode.objects.get()
    assert code not in row.code_hash
    assert len(row.code_hash) == 64


@pytest.mark.parametrize(
    "phone", ["123", "hello", "+999123456789", "", "１３８００００", "+8613800000009 ext. 5"]
)
def test_what_is_no_phone_is_refused(cast, phone):
    answer = Program(cast.alpha.info).post("auth/member/code", {"phone": phone})
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("malformed", "phone_invalid")


def test_a_national_number_is_read_in_the_stores_country(cast):
    dublin = str(cast.alpha.stores["dublin"].id)
    body = {"phone": "085 012 3456", "store": dublin}
    assert Program(cast.alpha.info).post("auth/member/code", body).status_code == 202
    with chain_scope(cast.alpha.info):
        assert OneTimeCode.objects.get().phone == "+353850123456"


def test_an_employee_signs_in_with_address_and_password(cast):
    answer = sign_in(Program(cast.alpha.info), email=" Clerk@alpha.test")
    assert answer.status_code == 200
    assert answer.json()["employee"]["roles"][0]["role"] == "clerk"
    token = answer.json()["token"]
    clerk = Program(cast.alpha.info, token)
    assert clerk.get("members").status_code == 200
    assert clerk.call("DELETE", "auth/token").status_code == 204
    assert clerk.get("members").status_code == 401


def test_nobody_is_told_which_accounts_exist(cast):
    nobody = Program(cast.alpha.info)
    wrong = sign_in(nobody, password="not-the-password")
    unknown = sign_in(nobody, email="nobody@alpha.test")
    assert wrong.status_code == 401
    assert wrong.content == unknown.content


def test_a_second_factor_is_asked_for_and_works_once(cast):
    nobody = Program(cast.alpha.info)
    secret = "JBSWY3DPEHPK3PXP"
    with chain_scope(cast.alpha.info):
        user = cast.alpha.employees["clerk"].user
        TOTP.activate(user, secret)
        recovery = RecoveryCodes.activate(user).generate_codes()[0]
    answer = sign_in(nobody)
    assert (answer.status_code, answer.json()["code"]) == (401, "otp_required")
    answer = sign_in(nobody, otp="000000")
    assert (answer.status_code, answer.json()["code"]) == (401, "otp_wrong")
    for right in (code_of(secret), recovery):
        assert sign_in(nobody, otp=right).status_code == 200
        assert sign_in(nobody, otp=right).json()["code"] == "otp_wrong"


def test_a_password_is_guessed_five_times_a_window_and_others_still_get_in(cast):
    nobody = Program(cast.alpha.info)
    for _ in range(5):
        assert sign_in(nobody, password="guess").status_code == 401
    answer = sign_in(nobody)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert sign_in(nobody, email="owner@alpha.test").status_code == 200
    assert sign_in(Program(cast.beta.info), email="owner@alpha.test").status_code == 200


def test_without_counters_nobody_signs_in_but_work_goes_on(cast, monkeypatch):
    clerk = employee_program(cast.alpha, "clerk")

    def away(kind, subject):
        raise guesses.CountersAway

    for module in ("api.domain.sign_in", "tenants.members.domain.codes"):
        monkeypatch.setattr(f"{module}.count_guess", away)
    for answer in (sign_in(clerk), clerk.post("auth/member/code", {"phone": PHONE})):
        assert (answer.status_code, answer.json()["code"]) == (503, "sign_in_paused")
    assert clerk.get("members").status_code == 200


def test_an_answer_of_auth_is_never_kept(cast):
    nobody = Program(cast.alpha.info)
    body = {"email": "clerk@alpha.test", "password": PASSWORD}
    tokens = {nobody.post("auth/employee/token", body, key="k").json()["token"] for _ in range(2)}
    assert len(tokens) == 2


def test_two_sign_ins_of_a_new_phone_make_one_member(cast):
    nobody = Program(cast.alpha.info)
    _, code = ask_code(nobody)
    nobody.post("auth/member/token", {"phone": PHONE, "code": code})
    with chain_scope(cast.alpha.info):
        assert Member.objects.filter(phone=PHONE).count() == 1
