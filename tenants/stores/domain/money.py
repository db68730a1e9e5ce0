"""Sums as people write them: ¥227.10, −¥30.00, ¥1,980. Pure functions; the language is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol
from django.utils.translation import get_language

from .spoken import is_chinese

minus = "\u2212"


def locale_of(language: str) -> Locale:
    """Locale whose data names currencies and cities."""
    return Locale.parse("zh_Hans_CN" if is_chinese(language) else "en")


def format_money(minor: int, currency: str, *, language: str, exact: bool = True) -> str:
    """`minor` units of `currency`: ¥227.10, −¥30.00, ¥1,980.

    `exact` writes the minor units wherever money moves; without it (the shop's prices) a whole amount
    has none. The minus is U+2212 and stands before the sign. Yuan are ¥ in both languages; other
    currencies follow the locale's data.
    """
    digits = get_currency_precision(currency)
    amount = Decimal(abs(minor)).scaleb(-digits)
    sign = minus if minor < 0 else ""
    shown = 0 if not exact and amount == amount.to_integral_value() else digits
    if currency == "CNY":
        return f"{sign}¥{amount:,.{shown}f}"
    locale = locale_of(language)
    # Letters stand off from the digits, signs do not: KWD 1.234, $1.
    gap = "\u00a0" if get_currency_symbol(currency, locale=locale)[-1].isalpha() else ""
    pattern = f"¤{gap}#,##0" + ("." + "0" * shown if shown else "")
    return sign + format_currency(amount, currency, pattern, locale=locale, currency_digits=False)


@dataclass(frozen=True, slots=True)
class SpokenMoney:
    """A sum, written in the language that is active where it is read; whole ones without minor units."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return format_money(self.minor, self.currency, language=get_language() or "en", exact=False)
