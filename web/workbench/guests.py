"""Which guest is meant: a member found while somebody types, a number, or a name alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from tenants.booking.domain.book import Guest
from tenants.members.domain.members import find_members
from tenants.members.models import Member
from tenants.stores.domain.phones import PhoneInvalid, normalise_phone
from web.formats import format_phone, mask_phone
from web.workbench.access import Desk
from web.workbench.asked import asked_uuid

MOST_MATCHES = 5
MIN_QUERY = 2


@dataclass(frozen=True, slots=True)
class Match:
    """A member who may be meant."""

    id: UUID
    name: str
    phone: str
    checked: bool


def read_guest(data: Mapping[str, str]) -> UUID | Guest | None:
    """Whom the form names: a member chosen, a number with perhaps a name, or a name alone."""
    chosen = asked_uuid(data.get("member", ""))
    if chosen is not None:
        return chosen
    typed = data.get("who", "").strip()[:80]
    if not typed:
        return None
    if _reads_as_phone(typed):
        return Guest(data.get("name", "").strip()[:80], typed)
    return Guest(typed)


def members_context(desk: Desk, data: Mapping[str, str]) -> dict[str, Any]:
    """Matches of the typed name or number; whether somebody new is meant."""
    who = data.get("who", "").strip()[:80]
    chosen = asked_uuid(data.get("member", ""))
    phone = _phone(desk, who)
    found: list[Member] = []
    if phone is not None:
        found = list(Member.objects.filter(phone=phone))
    elif len(who) >= MIN_QUERY:
        found = list(find_members(who, by=desk.actor).order_by("name", "id")[:MOST_MATCHES])
    if chosen is not None and chosen not in {one.id for one in found}:
        found = [*Member.objects.filter(id=chosen), *found]
    only = len(found) == 1 and (phone is not None or not who)
    matches = [
        Match(
            one.id,
            one.name or _("No name yet"),
            mask_phone(one.phone) if one.phone else "",
            only or one.id == chosen,
        )
        for one in found
    ]
    is_new = bool(who) and not (phone is not None and found)
    return {
        "who": who,
        "name": data.get("name", ""),
        "matches": matches,
        "chosen_member": any(one.checked for one in matches),
        "is_new": is_new,
        "new_phone": format_phone(phone) if phone is not None else "",
    }


def _phone(desk: Desk, text: str) -> str | None:
    if not _reads_as_phone(text):
        return None
    try:
        return normalise_phone(text, country=desk.store.country)
    except PhoneInvalid:
        return None


def _reads_as_phone(text: str) -> bool:
    """Digits, and what people put between them: meant as a number, right or wrong."""
    digits = [sign for sign in text if sign.isdigit()]
    return len(digits) >= 5 and all(sign.isdigit() or sign in " +-()." for sign in text)
