"""What every form of the office shares: how it takes a refusal, money, and clock times."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.people.domain.rights import Forbidden, NotSeen
from web.formats import format_money

CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2})|(\d{2}))?", re.ASCII)
A_DAY = 24 * 60


class VersionField(forms.IntegerField):
    """The version a page was opened with, carried hidden so that a save from an old page is refused."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> int | None:
        """The version; what is no number is one that never is current. Left out, it asks for no check."""
        text = str(value or "").strip()
        if not text:
            return None
        return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else 0


class OfficeForm(forms.Form):
    """A form whose domain call may refuse: field errors stand at their fields, the rest on top."""

    version = VersionField(required=False)

    # What the domain calls a field, where the form calls it otherwise.
    domain_names: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "f-%s")
        super().__init__(*args, **kwargs)
        self.refusal: Refusal | None = None
        for field in self.fields.values():
            field.error_messages.setdefault("required", _("Fill this in."))
            if "required" in field.error_messages:
                field.error_messages["required"] = _("Fill this in.")

    def opened_with(self) -> int | None:
        """The version the page was opened with, also where the rest of the form does not matter."""
        bound = self["version"]
        return self.fields["version"].clean(bound.data)  # type: ignore[no-any-return]

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal at the fields it names, or on top of the form."""
        placed = False
        for error in refusal.errors:
            head = error.field.partition(".")[0]
            name = self.domain_names.get(error.field) or self.domain_names.get(head) or head
            if name in self.fields:
                self.add_error(name, str(error.detail))
                placed = True
        name = self.domain_names.get(f"!{refusal.code}", "")
        if not placed and name in self.fields:
            self.add_error(name, f"{refusal.sentence()} {refusal.way_out()}")
            placed = True
        if not placed:
            self.refusal = refusal

    def takes(self, act: Callable[[], object]) -> bool:
        """Run the one domain call; False, and nothing changed, where it refuses. NotSeen and Forbidden pass."""
        try:
            with transaction.atomic():
                act()
        except (NotSeen, Forbidden):
            raise
        except Refusal as refusal:
            self.refuse(refusal)
            return False
        return True


class MoneyField(forms.CharField):
    """An amount as people write it (398, 398.50, 1,980), cleaned to minor units of the currency."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        self.digits = get_currency_precision(currency)
        shown = format_money(0, currency, language=get_language() or "en", exact=False)
        self.symbol = re.sub(r"[\d.,\s]", "", shown)
        super().__init__(max_length=16, **kwargs)

    def clean(self, value: Any) -> Any:
        """Minor units. Raises ValidationError for what is no amount, or below zero."""
        text = unicodedata.normalize("NFKC", str(super().clean(value) or "")).replace(",", "").strip()
        if not text and not self.required:
            return None
        try:
            minor = Decimal(text).scaleb(self.digits)
        except InvalidOperation:
            raise forms.ValidationError(_("Write an amount, for example 398.")) from None
        if not minor.is_finite() or minor < 0 or minor > 10**12:
            raise forms.ValidationError(_("Write an amount, for example 398."))
        if minor != minor.to_integral_value():
            raise forms.ValidationError(_("This currency has fewer decimals."))
        return int(minor)

    def prepare_value(self, value: Any) -> Any:
        """Minor units as a person writes them: 39800 is 398."""
        if not isinstance(value, int):
            return value
        amount = Decimal(value).scaleb(-self.digits)
        return str(int(amount)) if amount == amount.to_integral_value() else f"{amount:.{self.digits}f}"


class ClockField(forms.CharField):
    """A clock time as people write it (9, 9:30, 0930, 24:00), cleaned to minutes after midnight."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=5, **kwargs)

    def clean(self, value: Any) -> Any:
        """Minutes, None for nothing where it may be left out. Raises ValidationError for what is no time."""
        text = unicodedata.normalize("NFKC", str(super().clean(value) or "")).strip()
        if not text:
            return None
        if re.fullmatch(r"\d{3}", text, re.ASCII):
            text = f"0{text}"
        match = CLOCK.fullmatch(text)
        hours, minutes = (int(match[1]), int(match[2] or match[3] or 0)) if match else (99, 0)
        if hours * 60 + minutes > A_DAY or minutes > 59:
            raise forms.ValidationError(_("Write a time, for example 09:30."))
        return hours * 60 + minutes

    def prepare_value(self, value: Any) -> Any:
        """Minutes as a clock shows them: 570 is 09:30."""
        return clock_of(value) if isinstance(value, int) else value


def clock_of(minutes: int) -> str:
    """09:30 for 570; 24:00 for the end of the day."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def other_language(locale: str) -> str:
    """The language beside a chain's own, as keys of `translations` name it."""
    return "en" if locale.lower().startswith("zh") else "zh-Hans"
