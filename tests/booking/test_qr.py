"""QR payloads: only what this chain signed is read."""

from __future__ import annotations

import random
import re
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.booking.domain.codes import UnknownCode, draw_code
from tenants.booking.domain.qr import looks_signed, read_payload, sign_booking

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
CODE = draw_code(randbelow=random.Random(1).randrange)
BOOKING = UUID("0190f7a1-5b1e-7c3a-9f00-0123456789ab")
PAYLOAD = sign_booking(CODE, BOOKING, key=KEY)


def refused(text: str, key: bytes = KEY) -> bool:
    try:
        read_payload(text, key=key)
    except UnknownCode:
        return True
    return False


@given(st.uuids())
@settings(max_examples=100, deadline=None)
def test_what_was_signed_is_read(booking_id):
    assert read_payload(sign_booking(CODE, booking_id, key=KEY), key=KEY) == booking_id


def test_the_payload_is_compact_and_alphanumeric():
    assert re.fullmatch(r"TS1:[0-9A-Z:]+", PAYLOAD)
    assert (len(PAYLOAD), looks_signed(PAYLOAD), looks_signed(CODE)) == (66, True, False)


def test_space_around_a_scan_is_forgiven():
    assert read_payload(f" {PAYLOAD}\r\n", key=KEY) == BOOKING


def test_another_chains_key_reads_nothing():
    assert refused(PAYLOAD, OTHER_KEY)


def test_every_changed_sign_is_refused():
    changed = [
        PAYLOAD[:place] + sign + PAYLOAD[place + 1 :]
        for place in range(len(PAYLOAD))
        for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:a"
        if sign != PAYLOAD[place]
    ]
    assert (len(changed), [text for text in changed if not refused(text)]) == (66 * 37, [])


def test_every_shortened_payload_is_refused():
    assert [end for end in range(len(PAYLOAD)) if not refused(PAYLOAD[:end])] == []


@pytest.mark.parametrize(
    "text",
    [
        "", "TS1", "TS1:::", PAYLOAD.lower(), PAYLOAD + "A", PAYLOAD + "=", PAYLOAD.replace("TS1", "TS2"), PAYLOAD * 2,
        CODE, "https://example.com/", "ＴＳ１" + PAYLOAD[3:], "\x00" + PAYLOAD, "A" * 100_000,
    ],
)  # fmt: skip
def test_what_was_not_signed_is_refused(text):
    assert refused(text)


def test_parts_of_two_payloads_do_not_combine():
    other = sign_booking(CODE, UUID(int=BOOKING.int ^ 1), key=KEY)
    mixed = PAYLOAD.rsplit(":", 1)[0] + ":" + other.rsplit(":", 1)[1]
    assert refused(mixed)


def test_the_refusal_is_that_of_an_unknown_code():
    with pytest.raises(UnknownCode) as error:
        read_payload("TS1:forged", key=KEY)
    assert (error.value.code, error.value.status) == ("unknown_code", 404)


def test_a_short_key_and_a_wrong_code_are_refused_when_signing():
    with pytest.raises(ValueError, match="key"):
        sign_booking(CODE, BOOKING, key=b"short")
    with pytest.raises(ValueError, match="code"):
        sign_booking("00000000", BOOKING, key=KEY)
