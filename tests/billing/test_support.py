"""Whoever is told to write to the platform is told where; where there is no address nobody is told to."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from billing.domain.choosing import HeldByOperators
from billing.domain.notices import notice_words
from billing.port import ProviderRefused
from billing.provider import BillingNotSetUp
from chains.models import Chain
from chains.support import with_support
from tests.ground.cast import NOW

ADDRESS = "help@tessera.test"
CLOSED = {
    "en": "To have it back, write to help@tessera.test.",
    "zh-Hans": "想恢复，写信到 help@tessera.test。",
}


@pytest.mark.parametrize("cause", ["", "ended", "trial_over"])
@pytest.mark.parametrize("locale", ["en", "zh-Hans"])
def test_the_mail_of_a_closed_brand_names_the_address_or_says_nothing_of_writing(
    settings: Any, locale: str, cause: str
) -> None:
    chain = Chain(name="Qibai", slug="qibai", time_zone="Asia/Shanghai")

    def told() -> list[str]:
        _subject, text = notice_words("closed", {"cause": cause}, chain=chain, locale=locale, now=NOW)
        return text.strip().split("\n\n")

    settings.SUPPORT_EMAIL = ADDRESS
    first, last = told()
    assert last == CLOSED[locale]
    settings.SUPPORT_EMAIL = None
    assert told() == [first]


def test_refusals_name_the_address_where_there_is_one(settings: Any) -> None:
    settings.SUPPORT_EMAIL = ADDRESS
    assert HeldByOperators().way_out() == f"Write to {ADDRESS}; the reason stands on your first page."
    assert (
        BillingNotSetUp().way_out() == f"Write to {ADDRESS}: the platform's operators can extend your trial."
    )
    assert ProviderRefused().way_out() == f"Check what you entered; write to {ADDRESS} if this stays."
    with translation.override("zh-hans"):
        assert HeldByOperators().way_out() == f"写信到 {ADDRESS}，原因写在你的首页上。"
    settings.SUPPORT_EMAIL = None
    assert HeldByOperators().way_out() == "The reason stands on your first page."
    assert ProviderRefused().way_out() == "Check what you entered."


def test_a_sentence_without_an_address_is_empty_unless_another_is_given(settings: Any) -> None:
    settings.SUPPORT_EMAIL = None
    assert (str(with_support("to %(support)s")), str(with_support("to %(support)s", "nobody"))) == (
        "",
        "nobody",
    )
