"""How money, time, phones and codes are written, in Chinese and English.

Pure functions: the language is an argument, so is "today". Chinese is any tag that begins with `zh`;
everything else is written as English, with other currencies and cities from the locale's data.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import date, datetime

import phonenumbers
from babel.dates import format_date, get_timezone_location

from tenants.stores.domain.money import format_money, locale_of, minus
from tenants.stores.domain.spoken import (
    format_clock,
    format_day,
    format_moment,
    format_weekday,
    is_chinese,
    join_day_and_clock,
)

# Days, times and sums are written below the pages, for refusals say them too; pages read all of it here.
__all__ = [
    "format_clock",
    "format_day",
    "format_moment",
    "format_money",
    "format_weekday",
    "is_chinese",
    "join_day_and_clock",
]

en_dash = "\u2013"
nickname_prefixes = ("小", "阿", "老")
hues = 8


def format_count(number: int) -> str:
    """12,000: thousands separated, never 1.2 万."""
    return f"{number:,}".replace("-", minus)


def format_list(words: Iterable[str], *, language: str) -> str:
    """甲、乙、丙; A, B, C."""
    return ("、" if is_chinese(language) else ", ").join(words)


def format_duration(minutes: int, *, language: str) -> str:
    """60 分钟, 1 小时 30 分; 60 min, 1 h 30 min. From 90 minutes on in hours."""
    hours, rest = divmod(minutes, 60)
    chinese = is_chinese(language)
    if minutes < 90:
        return f"{minutes} 分钟" if chinese else f"{minutes} min"
    if not rest:
        return f"{hours} 小时" if chinese else f"{hours} h"
    return f"{hours} 小时 {rest} 分" if chinese else f"{hours} h {rest} min"


def format_distance(metres: int) -> str:
    """How far it is: 800 m, 1.2 km, 34 km; tens of metres at least."""
    if metres < 1000:
        return f"{max(10, round(metres, -1))} m" if metres < 995 else "1.0 km"
    return f"{metres / 1000:.1f} km" if metres < 10_000 else f"{round(metres / 1000):,} km"


def format_month(month: date, *, language: str) -> str:
    """2026年12月 or December 2026."""
    return format_date(month, "yyyy年M月" if is_chinese(language) else "MMMM y", locale="en")


def format_dates(first: date, last: date, *, language: str) -> str:
    """11月23日–29日, 11月30日–12月6日; 23–29 Nov, 30 Nov–6 Dec: dates of less than a year, both included."""
    end = format_day(last, language=language, today=last, relative=False, weekday=False)
    if is_chinese(language):
        return f"{first.month}月{first.day}日{en_dash}" + (
            f"{last.day}日" if first.month == last.month else end
        )
    begin = format_day(first, language=language, today=first, relative=False, weekday=False)
    return f"{first.day if first.month == last.month else begin}{en_dash}{end}"


def format_countdown(seconds: int) -> str:
    """9:42 of what is left; never below 0:00."""
    minutes, rest = divmod(max(0, seconds), 60)
    return f"{minutes}:{rest:02d}"


def format_clocks(start: datetime, end: datetime, *, language: str) -> str:
    """15:00–16:00; an end on a later day says so."""
    words = f"{format_clock(start)}{en_dash}"
    if end.date() == start.date():
        return words + format_clock(end)
    next_day = "次日 " if is_chinese(language) else "next day "
    return f"{words}{next_day}{format_clock(end)}"


def format_span(start: datetime, end: datetime, *, language: str, today: date, relative: bool = True) -> str:
    """11月26日 周四 15:00–16:00; Thu 26 Nov, 15:00–16:00. Both local in the store's zone."""
    day = format_day(start.date(), language=language, today=today, relative=relative)
    return join_day_and_clock(day, format_clocks(start, end, language=language), language=language)


def format_zone(zone: str, *, language: str) -> str:
    """悉尼时间, Sydney time: said when the reader's zone is not the store's. `zone` is an IANA name."""
    city = get_timezone_location(zone, locale=locale_of(language), return_city=True)
    return f"{city}时间" if is_chinese(language) else f"{city} time"


def mask_phone(number: str) -> str:
    """138 **** 2046 for +8613800132046; other countries keep their code and the last four digits."""
    digits = "".join(character for character in number if character.isdigit())
    if number.startswith("+86") and len(digits) == 13:
        digits = digits[2:]
    if len(digits) == 11 and digits.startswith("1") and not number.startswith(("+1", "+7")):
        return f"{digits[:3]} **** {digits[-4:]}"
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return f"**** {digits[-4:]}" if len(digits) > 4 else "****"
    return f"+{parsed.country_code} **** {str(parsed.national_number)[-4:]}"


def format_phone(number: str) -> str:
    """138 0013 2046 for a Chinese mobile, the international form otherwise; unreadable input as it came."""
    try:
        parsed = phonenumbers.parse(number, "CN")
    except phonenumbers.NumberParseException:
        return number
    national = str(parsed.national_number)
    if parsed.country_code == 86 and len(national) == 11:
        return f"{national[:3]} {national[3:7]} {national[7:]}"
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def format_booking_code(code: str) -> str:
    """QB7K-4M2P: groups of four, to be read aloud."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def initial_of(name: str) -> str:
    """The sign in a person's circle: the first, or the one after 小, 阿, 老 in a nickname of two."""
    stripped = name.strip()
    if len(stripped) == 2 and stripped.startswith(nickname_prefixes):
        return stripped[1]
    return stripped[:1].upper()


def hue_of(name: str) -> int:
    """Stable hue class 0–7 of a name, the same on every page and every process."""
    return zlib.crc32(name.strip().encode()) % hues
