"""Sign-up by code, up to the provisioner."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection

from accounts.ids import new_id
from chains.domain.signup import (
    Asker,
    CodeExpired,
    CodeWrong,
    SignupUnknown,
    browser_hash,
    change_slug,
    find_signup,
    resend_code,
    start_signup,
    verify_signup,
)
from chains.domain.signup_fields import SignupIncomplete, country_of
from chains.domain.slugs import SlugConfusable, SlugReserved, SlugTaken, check_free
from chains.models import Chain, ChainState, Signup, SignupState, new_schema_name
from chains.outgoing import sent_messages
from chains.refusals import Refusal, TooManyRequests
from chains.schemas.owner import owner_connection
from chains.scope import platform_scope
from tests.chains.signups import NOW, PASSWORD, empty_outbox, newest_code, started, verified, wish

pytestmark = pytest.mark.usefixtures("committed", "outbox")


@pytest.fixture()
def outbox() -> None:
    empty_outbox()


def _verify(signup: Signup, code: str, *, after: timedelta = timedelta(0)) -> Signup | Refusal:
    """As a view does it: the refusal is answered, the transaction commits."""
    with platform_scope():
        try:
            return verify_signup(signup.id, code=code, now=NOW + after)
        except Refusal as refusal:
            return refusal


def _other_than(code: str, step: int = 1) -> str:
    return f"{(int(code) + step) % 1_000_000:06}"


def test_sign_up_is_kept_with_hashes_only_and_a_code_is_sent() -> None:
    with platform_scope():
        signup = start_signup(
            wish(email=" Su@Qibai.Example ", slug=" QiBai "),
            now=NOW,
            by=Asker(address="192.0.2.7", browser_hash=browser_hash("secret")),
        )
    code = newest_code("su@qibai.example")
    kept = find_signup(signup.id)
    assert (kept.state, kept.slug, kept.email) == ("verify_email", "qibai", "su@qibai.example")
    assert check_password(PASSWORD, kept.password_hash)
    assert code.isdigit() and len(code) == 6
    assert code not in kept.code_hash and len(kept.code_hash) == 64
    assert kept.browser_hash == browser_hash("secret") != "secret"


@pytest.mark.parametrize(("locale", "words"), [("en", "Enter this code"), ("zh-Hans", "6")])
def test_code_is_sent_in_the_language_of_the_sign_up(locale: str, words: str) -> None:
    started(locale=locale)
    (message,) = sent_messages()
    assert (message["channel"], message["to"], message["code"]) == (
        "email",
        "su@qibai.example",
        newest_code("su@qibai.example"),
    )
    assert message["code"] in message["subject"] and message["code"] in message["text"]
    assert "qibai.tessera.test" in message["text"]
    assert words in message["text"] or locale == "zh-Hans"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("brand", "  \n ", "missing"),
        ("brand", "x" * 121, "too_long"),
        ("email", "", "missing"),
        ("email", "not-an-address", "email_malformed"),
        ("email", "su@qibai.example\nBcc: all@example.com", "email_malformed"),
        ("password", "", "missing"),
        ("password", "short", "password_too_short"),
        ("password", "8204719365528", "password_entirely_numeric"),
        ("password", "x" * 201, "too_long"),
        ("password", "gentle river\ud800", "unprintable"),
        ("password", "gentle river\x00", "unprintable"),
        ("email", "su\x00@qibai.example", "email_malformed"),
        ("verticals", (), "missing"),
        ("verticals", ("beauty", "mining"), "unknown"),
        ("locale", "fr", "unknown"),
        ("time_zone", "Mars/Olympus", "unknown"),
        ("time_zone", "../../etc/passwd", "unknown"),
        ("currency", "BTC", "unknown"),
    ],
)
def test_wrong_field_is_named(field: str, value: Any, code: str) -> None:
    with pytest.raises(SignupIncomplete) as refused, platform_scope():
        start_signup(wish(**{field: value}), now=NOW, by=Asker())
    assert [(error.field, error.code) for error in refused.value.errors][:1] == [(field, code)]
    assert Signup.objects.count() == 0
    assert sent_messages() == []


def test_every_wrong_field_is_named_at_once_and_the_address_refusal_leads() -> None:
    with pytest.raises(SlugReserved) as refused, platform_scope():
        start_signup(wish(slug="www", brand="", email="su@qibai.example"), now=NOW, by=Asker())
    assert [error.field for error in refused.value.errors] == ["slug", "brand"]


def test_brand_keeps_no_character_that_cannot_be_seen() -> None:
    signup = started(brand="栖\x00白\ud800 \u202espa")
    assert signup.brand == "栖 白 spa"


def test_fields_are_normalised() -> None:
    with platform_scope():
        signup = start_signup(
            wish(brand=" 栖  白\t护肤 ", locale="zh-CN", currency="cny", verticals=("beauty", "beauty")),
            now=NOW,
            by=Asker(),
        )
    assert (signup.brand, signup.locale, signup.currency, signup.verticals) == (
        "栖 白 护肤",
        "zh-Hans",
        "CNY",
        ["beauty"],
    )


@pytest.mark.parametrize(
    ("zone", "locale", "country"),
    [("Asia/Shanghai", "en", "CN"), ("Europe/Dublin", "zh-Hans", "IE"), ("UTC", "zh-Hans", "CN"), ("UTC", "en", "US")],
)  # fmt: skip
def test_country_follows_the_zone(zone: str, locale: str, country: str) -> None:
    assert country_of(zone, locale=locale) == country


def test_right_code_claims_the_address() -> None:
    signup = started()
    answer = _verify(signup, f" {newest_code(signup.email)[:3]} {newest_code(signup.email)[3:]} ")
    assert isinstance(answer, Signup) and answer.state == "provisioning"
    kept = find_signup(signup.id)
    assert (kept.state, kept.code_hash) == ("provisioning", "")


def test_wrong_code_is_refused_counted_and_dead_after_five_tries() -> None:
    signup = started()
    code = newest_code(signup.email)
    left = []
    for step in range(1, 6):
        answer = _verify(signup, _other_than(code, step))
        assert isinstance(answer, CodeWrong) and answer.status == 422
        left.append(answer.params["left"])
    assert left == [4, 3, 2, 1, 0]
    refused = _verify(signup, code)
    assert isinstance(refused, CodeExpired) and refused.status == 422
    assert find_signup(signup.id).state == "verify_email"


def test_code_works_for_five_minutes() -> None:
    signup = started()
    code = newest_code(signup.email)
    assert isinstance(_verify(signup, code, after=timedelta(minutes=5)), CodeExpired)
    assert isinstance(_verify(signup, code, after=timedelta(minutes=4, seconds=59)), Signup)


def test_code_of_one_sign_up_does_not_verify_another() -> None:
    first, second = started("qibai"), started("hetang")
    assert isinstance(_verify(second, newest_code(first.email)), CodeWrong)


def test_fresh_code_replaces_the_old_one_once_a_minute() -> None:
    signup = started()
    old = newest_code(signup.email)
    with pytest.raises(TooManyRequests) as refused, platform_scope():
        resend_code(signup.id, now=NOW + timedelta(seconds=59))
    assert refused.value.extra["retry_after"] == 2
    with platform_scope():
        resend_code(signup.id, now=NOW + timedelta(seconds=60))
    fresh = newest_code(signup.email)
    if fresh != old:
        assert isinstance(_verify(signup, old, after=timedelta(seconds=61)), CodeWrong)
    assert isinstance(_verify(signup, fresh, after=timedelta(minutes=5, seconds=59)), Signup)


def test_fresh_code_gives_five_new_tries() -> None:
    signup = started()
    for step in range(1, 6):
        _verify(signup, _other_than(newest_code(signup.email), step))
    with platform_scope():
        resend_code(signup.id, now=NOW + timedelta(minutes=2))
    assert isinstance(_verify(signup, newest_code(signup.email), after=timedelta(minutes=2)), Signup)


def test_ten_codes_an_hour_per_address() -> None:
    for number in range(10):
        started(f"chain-{'abcdefghij'[number]}-x", email="su@qibai.example")
    with pytest.raises(TooManyRequests):
        started("chain-k-x", email="su@qibai.example")
    started("chain-k-x", email="lin@qibai.example")


def test_sign_ups_per_network_address_are_limited_loosely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chains.domain.signup.SIGNUPS_PER_ADDRESS", 2)
    for slug in ("qibai", "hetang"):
        with platform_scope():
            start_signup(wish(slug), now=NOW, by=Asker(address="192.0.2.7"))
    with pytest.raises(TooManyRequests), platform_scope():
        start_signup(wish("shihuo"), now=NOW, by=Asker(address="192.0.2.7"))
    with platform_scope():
        start_signup(wish("shihuo"), now=NOW, by=Asker(address="192.0.2.8"))


def test_unknown_sign_up_is_not_found() -> None:
    for call in (
        lambda some: verify_signup(some, code="123456", now=NOW),
        lambda some: resend_code(some, now=NOW),
        find_signup,
    ):
        with pytest.raises(SignupUnknown), platform_scope():
            call(new_id())


def test_verified_sign_up_is_returned_as_it_is() -> None:
    signup = verified()
    again = _verify(signup, "000000")
    assert isinstance(again, Signup) and again.state == "provisioning"


def test_second_of_one_slug_is_told_that_it_is_taken_and_can_choose_another() -> None:
    first, second = started("qibai", email="a@a.example"), started("qibai", email="b@b.example")
    assert isinstance(_verify(first, newest_code("a@a.example")), Signup)
    refused = _verify(second, newest_code("b@b.example"))
    assert isinstance(refused, SlugTaken) and refused.status == 409
    assert find_signup(second.id).state == "verify_email"
    with platform_scope():
        change_slug(second.id, slug="qibai-skin")
    assert isinstance(_verify(second, newest_code("b@b.example")), Signup)


def test_second_of_two_look_alikes_is_told_so() -> None:
    first, second = started("modern", email="a@a.example"), started("modem", email="b@b.example")
    assert isinstance(_verify(first, newest_code("a@a.example")), Signup)
    assert isinstance(_verify(second, newest_code("b@b.example")), SlugConfusable)


def test_slug_that_became_a_chain_meanwhile_is_taken() -> None:
    signup = started()
    with platform_scope():
        Chain.objects.create(
            slug="qibai", name="Qibai", schema_name=new_schema_name(), state=ChainState.TRIAL
        )
    assert isinstance(_verify(signup, newest_code(signup.email)), SlugTaken)
    assert find_signup(signup.id).state == "verify_email"


@contextmanager
def _without_the_constraints() -> Iterator[None]:
    with owner_connection() as owner:
        indexes = owner.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND indexname IN ('signup_slug_once', 'signup_skeleton_once')"
        ).fetchall()
        assert len(indexes) == 2
        for name, _definition in indexes:
            owner.execute(f"DROP INDEX public.{name}")
    try:
        yield
    finally:
        with owner_connection() as owner:
            owner.execute("DELETE FROM public.chains_signup")
            for _name, definition in indexes:
                owner.execute(definition)


def _race(slugs: list[str]) -> list[str]:
    """All verify at once; what each was answered, sorted."""
    signups = [started(slug, email=f"{number}@race.example") for number, slug in enumerate(slugs)]
    barrier = threading.Barrier(len(signups))
    answers: list[str] = []

    def verify(signup_id: UUID, code: str) -> None:
        barrier.wait()
        with platform_scope():
            try:
                answers.append(verify_signup(signup_id, code=code, now=NOW).state)
            except Refusal as refusal:
                answers.append(refusal.code)
        connection.close()

    threads = [threading.Thread(target=verify, args=(each.id, newest_code(each.email))) for each in signups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


@pytest.mark.race
def test_of_six_racing_for_one_slug_exactly_one_wins() -> None:
    assert _race(["qibai"] * 6) == ["provisioning", *["slug_taken"] * 5]
    assert Signup.objects.filter(state=SignupState.PROVISIONING).count() == 1


@pytest.mark.race
def test_of_two_racing_look_alikes_exactly_one_wins() -> None:
    assert _race(["modern", "modem"]) == ["provisioning", "slug_confusable"]


@pytest.mark.race
@pytest.mark.mutant
def test_without_the_constraints_the_race_is_won_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has looked at the others before any of them commits."""
    looked = threading.Barrier(6)

    def look_then_wait(slug: str, *, but_signup: UUID) -> None:
        check_free(slug, but_signup=but_signup)
        looked.wait(60)

    monkeypatch.setattr("chains.domain.signup.check_free", look_then_wait)
    with _without_the_constraints():
        answers = _race(["qibai"] * 6)
    assert answers == ["provisioning"] * 6
