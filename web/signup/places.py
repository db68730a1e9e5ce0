"""Zones and currencies that the sign-up page offers; others come by the API or from the browser's zone."""

from __future__ import annotations

from functools import lru_cache

from babel.core import Locale
from babel.dates import get_timezone_location
from babel.numbers import get_currency_name, get_territory_currencies
from django.utils.translation.trans_real import parse_accept_lang_header

from chains.domain.signup_fields import country_of

ZONES = """
    Asia/Shanghai Asia/Hong_Kong Asia/Macau Asia/Taipei Asia/Singapore Asia/Kuala_Lumpur Asia/Bangkok
    Asia/Ho_Chi_Minh Asia/Jakarta Asia/Manila Asia/Seoul Asia/Tokyo Asia/Kolkata Asia/Dubai Asia/Riyadh
    Asia/Jerusalem Europe/Istanbul Africa/Cairo Africa/Nairobi Africa/Lagos Africa/Johannesburg
    Europe/Athens Europe/Helsinki Europe/Warsaw Europe/Berlin Europe/Zurich Europe/Paris
    Europe/Amsterdam Europe/Madrid Europe/Rome Europe/Stockholm Europe/Lisbon Europe/Dublin
    Europe/London America/Sao_Paulo America/Argentina/Buenos_Aires America/Santiago America/Bogota
    America/Halifax America/Toronto America/New_York America/Mexico_City America/Chicago America/Denver
    America/Phoenix America/Vancouver America/Los_Angeles America/Anchorage Pacific/Honolulu
    Australia/Perth Australia/Brisbane Australia/Sydney Pacific/Auckland UTC
""".split()  # noqa: SIM905


# Where most people of a country live, if that is not the first of its zones in ZONES.
_MAIN_ZONES = {"AU": "Australia/Sydney", "CA": "America/Toronto"}


@lru_cache(maxsize=1)
def zone_currencies() -> dict[str, str]:
    """The currency that is paid with in each zone offered."""
    found = {}
    for zone in ZONES:
        paid_with = get_territory_currencies(country_of(zone, locale="en"))
        found[zone] = str(paid_with[0]) if paid_with else "USD"
    return found


@lru_cache(maxsize=4)
def zone_options(language: str) -> tuple[tuple[str, str], ...]:
    """(zone, its city) as words of the language."""
    locale = _locale(language)
    return tuple(
        (zone, "UTC" if zone == "UTC" else str(get_timezone_location(zone, locale=locale, return_city=True)))
        for zone in ZONES
    )


@lru_cache(maxsize=4)
def currency_options(language: str) -> tuple[tuple[str, str], ...]:
    """(code, its name with the code) as words of the language."""
    locale = _locale(language)
    return tuple(
        (code, f"{get_currency_name(code, locale=locale)} {code}")
        for code in dict.fromkeys(zone_currencies().values())
    )


def home_of(language: str, *, accepted: str = "") -> tuple[str, str]:
    """The zone and currency proposed before the browser has said in which zone it is.

    `accepted` is its Accept-Language: the first country named there decides (of a Chinese page only with
    Chinese, as in zh-TW). Without one, Chinese means Shanghai, and of English nothing better is known
    than UTC.
    """
    chinese = language.startswith("zh")
    for tag, _weight in parse_accept_lang_header(accepted[:500]):
        zone = _zone_of(tag) if tag.startswith("zh") or not chinese else None
        if zone is not None:
            return zone, zone_currencies()[zone]
    return ("Asia/Shanghai", "CNY") if chinese else ("UTC", "USD")


def _zone_of(tag: str) -> str | None:
    """The zone offered first for a language tag's country, such as `en-us`; None without either."""
    country = tag.upper().rpartition("-")[2]
    here = [zone for zone in ZONES if "/" in zone and country_of(zone, locale="en") == country]
    return _MAIN_ZONES.get(country, here[0]) if here else None


def _locale(language: str) -> Locale:
    return Locale.parse("zh_Hans_CN" if language.startswith("zh") else "en")
