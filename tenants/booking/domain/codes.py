"""Booking codes: eight symbols that a member reads aloud and a clerk types, `QB7K-4M2P`.

The alphabet has 32 symbols: the digits and Latin capitals without 0, O, 1 and I, which people confuse.
Seven symbols are drawn at random (2^35 codes), the last is a check digit.

The check is Damm's scheme over a totally anti-symmetric quasigroup (H. M. Damm, "Total anti-symmetrische
Quasigruppen", thesis, Marburg 2004; H. P. Gumm, "A new class of check-digit methods for arbitrary number
systems", IEEE Trans. Inf. Theory 31(1), 1985): `state * symbol = a·state + symbol` in the field of 32
elements, GF(2)[x] / (x^5 + x^2 + 1), with a = x. A code is right when its symbols fold to zero. Because a is
neither 0 nor 1, every wrong single symbol and every swap of two different neighbours is noticed; because the
powers of a differ, so is every swap at any distance, and every doubled symbol mistyped as another doubled one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import reduce

from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 8

_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
# 1 and I are no symbols, and only L looks like them. 0 and O could be Q or D: not guessed.
_LOOK_ALIKES = str.maketrans({"1": "L", "I": "L", "|": "L"})


class UnknownCode(Refusal):
    """No booking of this chain has that code, or it is not one of our codes at all."""

    code = "unknown_code"
    status = 404
    title = _("Unknown code")
    detail = _("No booking has this code.")
    fix = _("Check the code, or search by phone.")


def draw_code(*, randbelow: Callable[[int], int]) -> str:
    """A fresh code of eight symbols, without a dash, check digit last.

    `randbelow(n)` gives a number in `[0, n)`: `secrets.randbelow`, for codes must not be guessable. Two
    draws may be equal; that a code is unique in a chain is the database's to hold.
    """
    number, body = randbelow(len(ALPHABET) ** (LENGTH - 1)), ""
    for _symbol in range(LENGTH - 1):
        number, symbol = divmod(number, len(ALPHABET))
        body += ALPHABET[symbol]
    return body + check_symbol(body)


def check_symbol(body: str) -> str:
    """The symbol that makes `body` (symbols of the alphabet) fold to zero."""
    return ALPHABET[_times_x(_fold(body))]


def is_code(code: str) -> bool:
    """Whether these are eight symbols of the alphabet, check digit right; strictly, without a dash."""
    return len(code) == LENGTH and all(symbol in _VALUE for symbol in code) and _fold(code) == 0


def show_code(code: str) -> str:
    """The code as people see it, in groups of four: `QB7K-4M2P`."""
    return f"{code[:4]}-{code[4:]}"


def parse_code(text: str) -> str | None:
    """The code that `text` means, as eight symbols, or None when it is none.

    Forgives lower case, spaces, dashes, dots and underscores anywhere, full-width forms, and 1, I and |
    for L. Anything else that is wrong, a mistyped symbol included, gives None.
    """
    if len(text) > 64:
        return None
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(sign for sign in plain if not _separates(sign))
    if not kept.isascii():
        return None
    code = kept.upper().translate(_LOOK_ALIKES)
    return code if is_code(code) else None


def require_code(text: str) -> str:
    """As `parse_code`; raises UnknownCode instead of answering None."""
    code = parse_code(text)
    if code is None:
        raise UnknownCode
    return code


def _separates(sign: str) -> bool:
    return sign in "._" or sign.isspace() or unicodedata.category(sign) in {"Pd", "Cf"} or sign == "\u2212"


def _fold(symbols: str) -> int:
    return reduce(lambda state, symbol: _times_x(state) ^ _VALUE[symbol], symbols, 0)


def _times_x(value: int) -> int:
    """Multiplied by x in GF(2)[x] / (x^5 + x^2 + 1)."""
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled
