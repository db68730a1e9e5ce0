"""Redeeming as the page sees it: by which means, and what to do about a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chains.refusals import Refusal
from chains.scope import current_chain_id
from tenants.booking.domain.codes import UnknownCode, parse_code
from tenants.booking.domain.front_desk import find_place_here
from tenants.booking.domain.keys import chain_key
from tenants.booking.domain.qr import looks_signed, read_payload
from tenants.booking.domain.redeem import (
    UNDO_WITHIN,
    AlreadyRedeemed,
    BookingCancelled,
    ChooseBooking,
    NotConfirmed,
    Redeemed,
    TooEarly,
    TooLate,
    WrongStore,
    redeem_code,
    redeem_phone,
    redeem_scan,
)
from tenants.booking.models import Booking, Status
from tenants.people.domain.rights import Action
from tenants.people.models import Employee
from web.formats import format_clock, format_money
from web.workbench.access import Desk
from web.workbench.day import Row, row_of
from web.workbench.frame import here


@dataclass(frozen=True, slots=True)
class Shown:
    """What the guest showed or said: `means` is code, qr or phone; the text as typed or scanned."""

    means: str
    text: str


@dataclass(frozen=True, slots=True)
class Way:
    """A way out: its words and where it leads; with `post` it is done there, `fields` with it."""

    label: str
    url: str
    post: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    target: str = "#overlay"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several bookings of a phone number."""

    starts_at: datetime
    service_name: str
    practitioner_name: str
    url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as a person reads it: the fact, what it is about, and the way out as the one primary action."""

    code: str
    title: str
    second: str
    icon: str
    fix: Way
    others: list[Way] = field(default_factory=list)
    row: Row | None = None
    offer: str = ""
    offer_about: str = ""
    choices: list[Choice] = field(default_factory=list)


def redeem_shown(desk: Desk, shown: Shown) -> Redeemed:
    """Redeem what was shown at the desk's store. Raises every refusal of redemption, and PhoneInvalid."""
    if shown.means == "phone":
        return redeem_phone(desk.store.id, phone=shown.text, by=desk.actor, now=desk.now)
    if shown.means == "qr" or looks_signed(shown.text):
        return redeem_scan(desk.store.id, scanned=shown.text, by=desk.actor, now=desk.now)
    return redeem_code(desk.store.id, code=shown.text, by=desk.actor, now=desk.now)


def booking_shown(shown: Shown) -> Booking | None:
    """The chain's booking whose code was shown, wherever it is; None for a phone or an unknown code."""
    code = parse_code(shown.text)
    wanted = Q(code=code)
    if code is None:
        if shown.means == "phone" or not looks_signed(shown.text):
            return None
        try:
            wanted = Q(id=read_payload(shown.text, key=chain_key(current_chain_id())))
        except UnknownCode:
            return None
    named = Booking.objects.select_related(
        "store", "service", "member", "practitioner", "resource", "redemption"
    )
    return named.filter(wanted).first()


def explain_refusal(desk: Desk, refusal: Refusal, booking: Booking | None) -> Refused:
    """The refusal's page: reason, the booking it is about, and the fix as the primary action."""
    again = Way(_("Scan again"), here("redeem", desk))
    row = row_of(booking, desk) if booking is not None else None
    if isinstance(refusal, WrongStore) and booking is not None and row is not None:
        return _wrong_store(desk, booking, row, again)
    if isinstance(refusal, ChooseBooking):
        return _choose(desk, refusal, again)
    title, icon = str(refusal.title), _icon_of(refusal) or "circle-alert"
    opened = _opened(desk, booking)
    if not is_of_redemption(refusal):
        return Refused(refusal.code, title, refusal.sentence(), icon, opened or again, row=row)
    fix = _fix(desk, refusal, booking) or opened or again
    others = [way for way in (again, opened) if way is not None and way != fix]
    return Refused(refusal.code, title, refusal.sentence(), icon, fix, others, row)


_ICONS: dict[type[Refusal], str] = {
    WrongStore: "store",
    ChooseBooking: "list-filter",
    AlreadyRedeemed: "check-check",
    TooEarly: "clock",
    TooLate: "clock",
    BookingCancelled: "calendar-x",
    NotConfirmed: "hourglass",
    UnknownCode: "search",
}


def is_of_redemption(refusal: Refusal) -> bool:
    """Whether it says why a code was not accepted, rather than why a booking was not changed."""
    return _icon_of(refusal) is not None


def _icon_of(refusal: Refusal) -> str | None:
    return next((icon for kind, icon in _ICONS.items() if isinstance(refusal, kind)), None)


def _opened(desk: Desk, booking: Booking | None) -> Way | None:
    if booking is None or booking.store_id != desk.store.id:
        return None
    return Way(_("Open booking"), here("booking", desk, booking.id))


def _fix(desk: Desk, refusal: Refusal, booking: Booking | None) -> Way | None:
    """The one thing that helps, if this employee may do it here."""
    if isinstance(refusal, UnknownCode):
        return Way(_("Search by phone"), here("redeem", desk) + "?by=phone")
    if booking is None or booking.store_id != desk.store.id:
        return None
    if isinstance(refusal, AlreadyRedeemed):
        return _undo(desk, booking)
    if isinstance(refusal, TooEarly) and desk.may(Action.CHANGE_BOOKING):
        url = here("move", desk, booking.id) + "?" + urlencode({"on": desk.today.isoformat()})
        return Way(_("Move to today"), url)
    if isinstance(refusal, (TooLate, BookingCancelled)) and desk.may(Action.CREATE_BOOKING):
        wish = {"service": booking.service_id, "member": booking.member_id}
        return Way(_("Book again"), here("new", desk) + "?" + urlencode(wish))
    if isinstance(refusal, NotConfirmed) and desk.may(Action.CHANGE_BOOKING):
        url = here("act", desk, booking.id, "confirm")
        return Way(_("Confirm booking"), url, post=True, target="#panel")
    return None


def _undo(desk: Desk, booking: Booking) -> Way | None:
    redemption = getattr(booking, "redemption", None)
    if redemption is None or booking.status != Status.ARRIVED or desk.now - redemption.at > UNDO_WITHIN:
        return None
    return Way(_("Undo redemption"), here("act", desk, booking.id, "undo"), post=True, target="#panel")


def _choose(desk: Desk, refusal: ChooseBooking, again: Way) -> Refused:
    choices = [
        Choice(
            starts_at=datetime.fromisoformat(one["starts_at"]),
            service_name=one["service_name"],
            practitioner_name=one["practitioner_name"] or "",
            url=here("redeem_one", desk, UUID(one["id"])),
        )
        for one in refusal.extra.get("bookings", [])
    ]
    title = _("Which of these?")
    return Refused(refusal.code, title, refusal.sentence(), "list-filter", again, choices=choices)


def _wrong_store(desk: Desk, booking: Booking, row: Row, again: Way) -> Refused:
    """Which store it is, and a place here soon, if there is one and the employee may give it."""
    title = _("This booking is at %(store)s") % {"store": booking.store.name}
    second = _("You are at %(store)s, so nothing was redeemed.") % {"store": desk.store.name}
    may_move = desk.may(Action.CHANGE_BOOKING)
    slot = find_place_here(booking, store_id=desk.store.id, now=desk.now) if may_move else None
    if slot is None:
        way = Way(_("Scan again"), here("redeem", desk))
        return Refused("wrong_store", title, second, "store", way, row=row)
    at = format_clock(slot.starts_at.astimezone(desk.zone))
    person = Employee.objects.filter(id=slot.staff[0]).values_list("name", flat=True).first() or ""
    price = format_money(booking.price_amount, booking.currency, language=get_language() or "en", exact=False)
    fix = Way(
        _("Move here, %(time)s") % {"time": at},
        here("take_over", desk),
        post=True,
        fields={"code": booking.code, "starts_at": slot.starts_at.isoformat()},
        target="#panel",
    )
    return Refused(
        "wrong_store",
        title,
        second,
        "store",
        fix,
        others=[again],
        row=row,
        offer=_("%(time)s is free here") % {"time": at},
        offer_about=_("%(who)s, same price %(price)s. The place at %(store)s is let go.")
        % {"who": person, "price": price, "store": booking.store.name},
    )
