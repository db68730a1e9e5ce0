"""The fields by which a visitor proves a phone: the number, the code sent to it, and what is wrong with either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import phonenumbers
from django.http import HttpRequest, HttpResponse

from chains.addresses import client_address
from chains.refusals import Refusal, TooManyRequests, problem_headers
from tenants.members.domain.codes import BETWEEN, send_code
from tenants.members.domain.members import sign_in_member
from tenants.members.models import Member
from tenants.stores.domain.phones import PhoneInvalid, normalise_phone


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """What stands in the fields and what is wrong with it; `status` and `headers` of the page that says so.

    `code_sent` shows the code's field, `resend_in` are seconds until another code may be asked for.
    """

    phone: str = ""
    code: str = ""
    phone_error: str = ""
    code_error: str = ""
    code_sent: bool = False
    resend_in: int = 0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def refused(self, refusal: Refusal) -> PhoneCode:
        """The fields with the refusal at the one it is about."""
        words = f"{refusal.sentence()} {refusal.way_out()}"
        told = replace(self, status=refusal.status, headers=problem_headers(refusal))
        if isinstance(refusal, PhoneInvalid):
            return replace(told, phone_error=words, code_sent=False)
        if isinstance(refusal, TooManyRequests):
            return replace(told, code_error=words, resend_in=int(refusal.extra["retry_after"]))
        return replace(told, code_error=words)


def read_typed(request: HttpRequest) -> PhoneCode:
    """What was typed, cut to what a field holds."""
    code = "".join(request.POST.get("code", "").split())
    return PhoneCode(phone=request.POST.get("phone", "")[:40], code=code[:12], code_sent=True)


def asks_for_code(request: HttpRequest) -> bool:
    """Whether the form wants a code sent rather than one checked."""
    return "send" in request.POST or "code" not in request.POST


def send_typed(request: HttpRequest, typed: PhoneCode, *, country: str, now: datetime) -> PhoneCode:
    """Send a code to the phone that was typed; the fields as they stand then."""
    try:
        phone = normalise_phone(typed.phone, country=country)
        send_code(phone, address=client_address(request), chain=request.chain, now=now)  # type: ignore[attr-defined]
    except Refusal as refusal:
        return typed.refused(refusal)
    return replace(typed, code="", resend_in=int(BETWEEN.total_seconds()))


def check_typed(typed: PhoneCode, *, country: str, now: datetime) -> Member | PhoneCode:
    """Whose phone and code these are, a new member where nobody had it; else the fields with what is wrong."""
    try:
        return sign_in_member(normalise_phone(typed.phone, country=country), typed.code, now=now)[0]
    except Refusal as refusal:
        return typed.refused(refusal)


def fields_of(typed: PhoneCode, *, country: str, now: datetime, send: str, resend: str) -> dict[str, Any]:
    """What storefront/_identity.html reads; `send` takes the form, `resend` answers with the button again."""
    code = phonenumbers.country_code_for_region(country)
    return {
        "typed": typed,
        "send_url": send,
        "resend_url": resend,
        "resend_at": now + timedelta(seconds=typed.resend_in),
        "phone_prefix": f"+{code}" if code else "+",
    }


def answered(page: HttpResponse, typed: PhoneCode) -> HttpResponse:
    """The page with the headers of what was refused."""
    for name, value in typed.headers.items():
        page.headers[name] = value
    return page
