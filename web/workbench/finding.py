"""The one search box: bookings by code, by the end of a phone number, by name."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Prefetch, QuerySet

from tenants.booking.domain.codes import ALPHABET, parse_code
from tenants.booking.models import Booking, Claim, Status
from tenants.members.domain.members import find_members
from tenants.people.domain.rights import Action, may_anywhere
from web.workbench.access import Desk
from web.workbench.day import Row, row_of

MOST = 8
MOST_MEMBERS = 50
PARTIAL = 3


def find_bookings(desk: Desk, text: str) -> list[Row]:
    """Up to sixteen bookings of the desk's store: the coming ones first, soonest first, then the past ones.

    A whole code finds its booking at once; four symbols of a code find it among the days around today;
    otherwise the end of a phone number (four digits or more) or a part of the name.
    """
    text = text.strip()[:64]
    if not text:
        return []
    code = parse_code(text)
    bookings = _bookings(desk)
    if code is not None:
        return [row_of(one, desk) for one in bookings.filter(code=code)]
    found = {one.id: one for one in _by_member(desk, bookings, text)}
    symbols = text.upper().replace("-", "").replace(" ", "")
    if len(symbols) >= PARTIAL and all(symbol in ALPHABET for symbol in symbols):
        near = timedelta(days=14)
        for one in bookings.filter(
            code__startswith=symbols, starts_at__gt=desk.now - near, starts_at__lt=desk.now + near
        )[:MOST]:
            found.setdefault(one.id, one)
    rows = [row_of(one, desk) for one in found.values()]
    return sorted(rows, key=lambda row: (row.booking.ends_at < desk.now, abs(row.booking.starts_at - desk.now)))


def _by_member(desk: Desk, bookings: QuerySet[Booking], text: str) -> list[Booking]:
    if not may_anywhere(desk.actor, Action.READ_MEMBERS):
        return []
    members = list(find_members(text, by=desk.actor).values_list("id", flat=True)[:MOST_MEMBERS])
    if not members:
        return []
    theirs = bookings.filter(member_id__in=members)
    coming = theirs.filter(ends_at__gte=desk.now).order_by("starts_at")[:MOST]
    past = theirs.filter(ends_at__lt=desk.now).order_by("-starts_at")[:MOST]
    return [*coming, *past]


def _bookings(desk: Desk) -> QuerySet[Booking]:
    held = Prefetch("claims", queryset=Claim.objects.filter(active=True, resource__isnull=False))
    return (
        Booking.objects.filter(store_id=desk.store.id)
        .exclude(status=Status.EXPIRED)
        .select_related("service", "member", "practitioner", "resource")
        .prefetch_related(held)
    )
