"""Addresses of chains."""

from __future__ import annotations

import random

import pytest
from django.db import connection

from chains.domain.slugs import (
    RESERVED,
    SlugConfusable,
    SlugInvalid,
    SlugReserved,
    SlugTaken,
    address_of,
    check_form,
    check_slug,
    normalise_slug,
    skeleton,
)
from chains.models import Chain, ChainState, Domain, Signup, SignupState, new_schema_name


def _chain(slug: str, **fields: object) -> Chain:
    chain: Chain = Chain.objects.create(
        slug=slug, name=slug, schema_name=new_schema_name(), **{"state": ChainState.TRIAL, **fields}
    )
    return chain


def _verified(slug: str, state: SignupState = SignupState.PROVISIONING) -> Signup:
    return Signup.objects.create(
        slug=slug, brand=slug, email="su@qibai.example", verticals=["beauty"], locale="en", state=state
    )


@pytest.mark.parametrize("slug", ["abc", "a" * 30, "qibai-skin", "7days", "a-b-c", "24h"])
def test_well_formed_slug_is_let_through(slug: str) -> None:
    check_form(slug)


@pytest.mark.parametrize(
    "slug",
    ["", "ab", "a" * 31, "-abc", "abc-", "a--b", "xn--abc", "Qibai", "qi_bai", "qi bai", "qi.bai", "栖白栖白",
     "аbс-def", "abc\n", "a/b", "abc\x00"],
)  # fmt: skip
def test_malformed_slug_is_invalid(slug: str) -> None:
    with pytest.raises(SlugInvalid) as refused:
        check_form(slug)
    assert (refused.value.code, refused.value.status) == ("slug_invalid", 422)
    assert refused.value.sentence() and refused.value.way_out()


@pytest.mark.parametrize(
    "slug", ["www", "api", "admin", "console", "static", "mail", "app", "staff", "tessera"]
)
def test_word_of_the_platform_is_reserved(slug: str) -> None:
    with pytest.raises(SlugReserved) as refused:
        check_form(slug)
    assert (refused.value.code, refused.value.status) == ("slug_reserved", 422)
    assert slug in refused.value.sentence()


def test_every_reserved_word_is_refused() -> None:
    for word in RESERVED:
        with pytest.raises((SlugReserved, SlugInvalid)):
            check_form(word)


@pytest.mark.parametrize("slug", ["adm1n", "c0nsole", "ad-min", "we8mail", "te55era"])
def test_look_alike_of_a_reserved_word_is_confusable(slug: str) -> None:
    with pytest.raises(SlugConfusable):
        check_form(slug)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        ("qibai", "q1bai"),
        ("qibai", "qlbal"),
        ("qibai", "qi-bai"),
        ("modern", "modem"),
        ("vvave", "wave"),
        ("oolong", "00long"),
        ("glow-spa", "glowspa"),
        ("soma5", "somas"),
    ],
)
def test_look_alike_of_a_chain_is_confusable(existing: str, wanted: str) -> None:
    _chain(existing)
    with pytest.raises(SlugConfusable) as refused:
        check_slug(wanted)
    assert (refused.value.code, refused.value.status) == ("slug_confusable", 422)


@pytest.mark.django_db
def test_slug_of_a_chain_is_taken() -> None:
    _chain("qibai")
    with pytest.raises(SlugTaken) as refused:
        check_slug("qibai")
    assert (refused.value.code, refused.value.status) == ("slug_taken", 409)


@pytest.mark.django_db
def test_slug_of_a_closed_chain_is_free_again() -> None:
    _chain("qibai", state=ChainState.CLOSED)
    check_slug("qibai")
    check_slug("q1bai")


@pytest.mark.django_db
def test_slug_whose_host_still_leads_somewhere_is_taken() -> None:
    Domain.objects.create(domain="qibai.tessera.test", tenant=_chain("other-name"))
    with pytest.raises(SlugTaken):
        check_slug("qibai")


@pytest.mark.django_db
def test_slug_of_a_sign_up_being_set_up_is_taken_and_of_an_unverified_one_is_not() -> None:
    _verified("qibai")
    _verified("hetang", SignupState.VERIFY_EMAIL)
    with pytest.raises(SlugTaken):
        check_slug("qibai")
    with pytest.raises(SlugConfusable):
        check_slug("q1bai")
    check_slug("hetang")


@pytest.mark.django_db
def test_different_words_are_not_confused() -> None:
    _chain("qibai")
    for slug in ("qibai-skin", "qibao", "libai", "bai"):
        check_slug(slug)


@pytest.mark.django_db
def test_database_and_python_read_the_same_skeleton() -> None:
    dice = random.Random(7)
    slugs = ["".join(dice.choices("01ilrnvwm58sbo-az", k=dice.randint(1, 30))) for _ in range(300)]
    with connection.cursor() as cursor:
        (expression,) = cursor.execute(
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef d JOIN pg_attribute a"
            " ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
            " WHERE adrelid = 'public.chains_chain'::regclass AND attname = 'slug_skeleton'"
        ).fetchone()
        cursor.execute(f"SELECT slug, {expression} FROM unnest(%s::text[]) AS given(slug)", (slugs,))
        assert cursor.fetchall() == [(slug, skeleton(slug)) for slug in slugs]


def test_typed_slug_is_brought_into_form() -> None:
    assert normalise_slug("  Qibai-Skin ") == "qibai-skin"
    assert address_of("qibai") == "http://qibai.tessera.test"
