"""Phone numbers: one form to keep (E.164), one to show to those who need not know it."""

from __future__ import annotations

import phonenumbers
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal


class PhoneInvalid(Refusal):
    """No phone has this number."""

    code = "phone_invalid"
    status = 422
    title = _("Not a phone number")
    detail = _("“%(text)s” is not a phone number.")
    fix = _("Check the digits. A number from abroad begins with + and the country's code.")


def normalise_phone(text: str, *, country: str) -> str:
    """The number in E.164 (`+8613800000001`).

    A national number is read in `country` (ISO 3166, the store's or the chain's). Full-width digits,
    spaces and dashes are fine; an extension is not. Raises PhoneInvalid.
    """
    try:
        number = phonenumbers.parse(text[:40], country or None)
    except phonenumbers.NumberParseException:
        raise PhoneInvalid(params={"text": text[:40]}) from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise PhoneInvalid(params={"text": text[:40]})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_phone(phone: str | None) -> str:
    """An E.164 number for whom the last four digits are enough: `138 **** 2046`; empty for none."""
    if not phone:
        return ""
    number = phonenumbers.parse(phone)
    national = str(number.national_number)
    head = national[: max(0, min(3, len(national) - 6))]
    shown = f"{head} **** {national[-4:]}".strip()
    return shown if number.country_code == 86 else f"+{number.country_code} {shown}"


def tail_of(text: str) -> str | None:
    """The digits of a search for the end of a phone number; None where the text is something else."""
    digits = text.replace(" ", "").replace("-", "")
    return digits if digits.isascii() and digits.isdigit() and len(digits) >= 4 else None
