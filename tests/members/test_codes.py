"""One-time codes by the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from chains.outgoing import sent_messages
from chains.refusals import TooManyRequests
from chains.scope import chain_scope
from tenants.members.domain.codes import (
    MOST_A_DAY,
    CodeExpired,
    CodeWrong,
    forget_codes,
    send_code,
    use_code,
)
from tenants.members.models import OneTimeCode
from tests.ground.cast import NOW

pytestmark = pytest.mark.usefixtures("empty_cache")
PHONE = "+8613800000009"


@pytest.fixture()
def send(cast):
    def sent(now=NOW, phone=PHONE):
        with chain_scope(cast.alpha.info):
            send_code(phone, address="203.0.113.9", chain=cast.alpha.info, now=now)
        return sent_messages()[0]["code"]

    return sent


@pytest.fixture()
def use(cast):
    def used(digits, now=NOW):
        with chain_scope(cast.alpha.info):
            use_code(PHONE, digits, now=now)

    return used


def test_a_code_is_valid_until_five_minutes_have_passed(send, use):
    code = send()
    with pytest.raises(CodeExpired):
        use(code, NOW + timedelta(minutes=5))
    use(code, NOW + timedelta(minutes=5, microseconds=-1))


def test_only_the_newest_code_works(send, use):
    first, second = send(), send(NOW + timedelta(minutes=1))
    if first != second:
        with pytest.raises(CodeWrong):
            use(first, NOW + timedelta(minutes=1))
    use(second, NOW + timedelta(minutes=1))


def test_the_next_code_comes_after_a_minute(send):
    send()
    with pytest.raises(TooManyRequests) as refused:
        send(NOW + timedelta(seconds=59))
    assert refused.value.extra["retry_after"] == 2
    send(NOW + timedelta(seconds=60))


def test_a_phone_gets_thirty_codes_a_day(send, cast):
    for n in range(MOST_A_DAY):
        send(NOW + timedelta(minutes=n))
    with pytest.raises(TooManyRequests):
        send(NOW + timedelta(minutes=MOST_A_DAY))
    send(NOW + timedelta(days=1, minutes=1))


def test_a_try_counts_though_its_transaction_was_undone(send, use):
    code = send()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(CodeWrong):
            use(wrong)
    with pytest.raises(CodeExpired):
        use(code)


def test_a_code_is_sent_only_when_the_transaction_commits(cast):
    before = len(sent_messages())
    with pytest.raises(ZeroDivisionError), chain_scope(cast.alpha.info):
        with transaction.atomic():
            send_code("+8613800000099", address="203.0.113.9", chain=cast.alpha.info, now=NOW)
        raise ZeroDivisionError
    assert len(sent_messages()) == before


def test_old_codes_are_forgotten(send, cast):
    send()
    with chain_scope(cast.alpha.info):
        forget_codes(now=NOW + timedelta(hours=23))
        assert OneTimeCode.objects.count() == 1
        forget_codes(now=NOW + timedelta(days=1, seconds=1))
        assert OneTimeCode.objects.count() == 0
