"""What a sign-up says, checked field by field, in one pass: every wrong field is named at once."""

from __future__ import annotations

import unicodedata
import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chains.domain.slugs import check_slug, normalise_slug
from chains.refusals import FieldError, Refusal

BRAND_LENGTH = 120
EMAIL_LENGTH = 254
PASSWORD_LENGTH = 200
_LOCALES = {"zh-hans": "zh-Hans", "en": "en"}


class SignupIncomplete(Refusal):
    """Fields of the sign-up are missing or wrong; `errors` names each."""

    code = "signup_incomplete"
    title = _("Something is missing")
    detail = _("Some of what you entered cannot be used as it is.")
    fix = _("Correct the marked fields and send it again.")


@dataclass(frozen=True, slots=True)
class SignupFields:
    """A sign-up as a person or program sent it."""

    brand: str
    slug: str
    email: str
    password: str
    verticals: tuple[str, ...]
    locale: str
    time_zone: str
    currency: str
    owner_name: str = ""


def clean_fields(
    sent: SignupFields, *, offered_verticals: Collection[str], password_later: bool = False
) -> SignupFields:
    """The fields normalised: slug and email in small letters, the locale as zh-Hans or en.

    Raises the slug's own refusal (SlugInvalid, SlugReserved, SlugConfusable, SlugTaken) where the
    address is refused, else SignupIncomplete; both carry every wrong field in `errors`.
    """
    clean = SignupFields(
        brand=_one_line(sent.brand),
        slug=normalise_slug(sent.slug),
        email=normalise_email(sent.email),
        password=sent.password,
        verticals=tuple(dict.fromkeys(sent.verticals)),
        locale=_locale(sent.locale) or "",
        time_zone=sent.time_zone.strip(),
        currency=sent.currency.strip().upper(),
        owner_name=_one_line(sent.owner_name)[:BRAND_LENGTH],
    )
    errors = [
        *_brand_errors(clean.brand),
        *_email_errors(clean.email),
        *([] if password_later and not clean.password else _password_errors(clean)),
        *_place_errors(clean, offered_verticals),
    ]
    try:
        check_slug(clean.slug)
    except Refusal as refusal:
        refusal.errors = (FieldError("slug", refusal.code, refusal.sentence()), *errors)
        raise
    if errors:
        raise SignupIncomplete(errors=errors)
    return clean


def check_password_choice(password: str, *, email: str, name: str) -> None:
    """Raise SignupIncomplete with the field `password` unless it may be used by this person."""
    if not password:
        raise SignupIncomplete(errors=[FieldError("password", "missing", _("Choose a password."))])
    if len(password) > PASSWORD_LENGTH:
        raise SignupIncomplete(errors=[FieldError("password", "too_long", _("Use at most 200 characters."))])
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in password):
        raise SignupIncomplete(
            errors=[FieldError("password", "unprintable", _("Use characters that can be typed."))]
        )
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise SignupIncomplete(
            errors=[
                FieldError("password", str(each.code or "weak"), each.messages[0])
                for each in error.error_list
            ]
        ) from None


def normalise_email(text: str) -> str:
    """An address without spaces around it, in small letters, in Unicode's composed form."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def country_of(time_zone: str, *, locale: str) -> str:
    """The country (ISO 3166) that a zone lies in; where it lies in none, the locale's."""
    territory: str | None = get_global("zone_territories").get(time_zone)
    if territory and len(territory) == 2 and territory != "001":
        return territory
    return "CN" if locale == "zh-Hans" else "US"


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """The currencies that are legal tender somewhere today (ISO 4217 codes)."""
    countries = [code for code in get_global("territory_currencies") if len(code) == 2]
    return frozenset(currency for country in countries for currency in get_territory_currencies(country))


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The zones a store can lie in: places, and UTC."""
    return frozenset(
        name
        for name in zoneinfo.available_timezones()
        if name == "UTC" or ("/" in name and name[:4] != "Etc/")
    )


def _one_line(text: str) -> str:
    kept = "".join(
        " " if unicodedata.category(character).startswith("C") else character for character in text
    )
    return " ".join(kept.split())


def _locale(text: str) -> str | None:
    try:
        return _LOCALES[get_supported_language_variant(text.strip().lower())]
    except (LookupError, ValueError):
        return None


def _brand_errors(brand: str) -> list[FieldError]:
    if not brand:
        return [FieldError("brand", "missing", _("Enter the name your guests know."))]
    if len(brand) > BRAND_LENGTH:
        return [FieldError("brand", "too_long", _("Use at most 120 characters."))]
    return []


def _email_errors(email: str) -> list[FieldError]:
    if not email:
        return [FieldError("email", "missing", _("Enter your email address."))]
    try:
        validate_email(email)
    except ValidationError:
        return [FieldError("email", "email_malformed", _("Enter an address such as su@qibai.example."))]
    if len(email) > EMAIL_LENGTH:
        return [FieldError("email", "too_long", _("Use an address of at most 254 characters."))]
    return []


def _password_errors(clean: SignupFields) -> list[FieldError]:
    try:
        check_password_choice(clean.password, email=clean.email, name=clean.owner_name or clean.brand)
    except SignupIncomplete as refusal:
        return list(refusal.errors)
    return []


def _place_errors(clean: SignupFields, offered: Collection[str]) -> list[FieldError]:
    errors = []
    if not clean.verticals:
        errors.append(FieldError("verticals", "missing", _("Choose what you run.")))
    elif unknown := [name for name in clean.verticals if name not in offered]:
        errors.append(
            FieldError(
                "verticals", "unknown", _("Not offered here: %(names)s.") % {"names": ", ".join(unknown)}
            )
        )
    if not clean.locale:
        errors.append(FieldError("locale", "unknown", _("Choose zh-Hans or en.")))
    if clean.time_zone not in time_zones():
        errors.append(FieldError("time_zone", "unknown", _("Choose a time zone such as Asia/Shanghai.")))
    if clean.currency not in currencies():
        errors.append(FieldError("currency", "unknown", _("Choose a currency such as CNY or USD.")))
    return errors
