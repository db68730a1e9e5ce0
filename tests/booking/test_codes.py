"""Booking codes: what is drawn, what the check digit notices, what is forgiven."""

from __future__ import annotations

import random
import secrets
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.booking.domain.codes import (
    ALPHABET,
    LENGTH,
    UnknownCode,
    check_symbol,
    draw_code,
    is_code,
    parse_code,
    require_code,
    show_code,
)

bodies = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)
PAIRS = [pair for pair in product(ALPHABET, repeat=2) if pair[0] != pair[1]]


def seeded_codes(count: int) -> list[str]:
    chance = random.Random(7)
    return [draw_code(randbelow=chance.randrange) for _ in range(count)]


def test_the_alphabet_has_32_symbols_and_none_that_people_confuse():
    assert (len(set(ALPHABET)), len(ALPHABET), set("0O1I") & set(ALPHABET)) == (32, 32, set())


def test_a_drawn_code_is_right_and_every_symbol_can_come():
    codes = [draw_code(randbelow=secrets.randbelow) for _ in range(500)]
    assert all(is_code(code) for code in codes)
    assert len(set(codes)) == 500
    assert [draw_code(randbelow=lambda n, pick=pick: pick)[0] for pick in range(32)] == list(ALPHABET)


def test_exactly_one_symbol_completes_a_body():
    body = seeded_codes(1)[0][:-1]
    assert [symbol for symbol in ALPHABET if is_code(body + symbol)] == [check_symbol(body)]


@pytest.mark.parametrize("code", seeded_codes(10))
def test_every_wrong_single_symbol_is_noticed(code):
    wrong = [
        code[:place] + symbol + code[place + 1 :]
        for place in range(LENGTH)
        for symbol in ALPHABET
        if symbol != code[place]
    ]
    assert (len(wrong), [text for text in wrong if is_code(text)]) == (8 * 31, [])


def completed(symbols: dict[int, str]) -> str:
    """A right code with these symbols at these places: a free place is filled to fit."""
    free = next(place for place in range(LENGTH) if place not in symbols)
    filled = ["7"] * LENGTH
    for place, symbol in symbols.items():
        filled[place] = symbol
    for symbol in ALPHABET:
        filled[free] = symbol
        if is_code("".join(filled)):
            return "".join(filled)
    raise AssertionError("no symbol fits")


@pytest.mark.parametrize("distance", range(1, LENGTH))
def test_every_swap_of_two_symbols_is_noticed(distance):
    """All pairs at all places; what else stands in the code cannot matter, the check is linear."""
    checked = 0
    for place in range(LENGTH - distance):
        for one, other in PAIRS:
            code = completed({place: one, place + distance: other})
            swapped = list(code)
            swapped[place], swapped[place + distance] = other, one
            assert not is_code("".join(swapped))
            checked += 1
    assert checked == (LENGTH - distance) * 32 * 31


def test_every_doubled_symbol_mistyped_as_another_is_noticed():
    for place in range(LENGTH - 1):
        for one, other in PAIRS:
            code = completed({place: one, place + 1: one})
            assert not is_code(code[:place] + other * 2 + code[place + 2 :])


@given(bodies)
@settings(max_examples=100, deadline=None)
def test_what_is_shown_is_read_back_in_every_way_of_typing_it(body):
    code = body + check_symbol(body)
    shown = show_code(code)
    full_width = "".join(chr(ord(sign) + 0xFEE0) for sign in shown)
    ways = [
        code, shown, shown.lower(), f"  {shown}\n", " ".join(code), shown.replace("-", " - "), full_width,
        shown.replace("-", "–"), shown.replace("-", "—"), shown.replace("-", "\u3000"), shown.replace("-", "\u200b"),
        shown.replace("L", "1"), shown.replace("L", "I"), shown.replace("L", "|"), shown.lower().replace("l", "i"),
    ]  # fmt: skip
    assert {parse_code(way) for way in ways} == {code}


def test_a_code_is_shown_in_groups_of_four():
    assert show_code("QB7K4M2P") == "QB7K-4M2P"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+8613800000001",
        "13800000001",
        "QB7K",
        "张伟",
        "0000-0000",
        "OOOO-OOOO",
        "ß" * 4,
        "A" * 100_000,
        "%s%s%s%s",
    ],
)
def test_what_is_no_code_is_none(text):
    assert parse_code(text) is None


def test_a_mistyped_code_is_unknown():
    code = seeded_codes(1)[0]
    assert require_code(show_code(code)) == code
    with pytest.raises(UnknownCode) as refused:
        require_code(code[:-1])
    assert (refused.value.code, refused.value.status) == ("unknown_code", 404)


def test_zero_and_o_are_not_guessed():
    code = next(code for code in seeded_codes(200) if "Q" in code)
    assert [parse_code(code.replace("Q", sign)) for sign in "0O"] == [None, None]
