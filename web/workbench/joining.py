"""A guest at the desk joins a session: who, how many seats, and what the shop's verticals ask."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from tenants.booking.domain.book import Guest
from tenants.booking.domain.scheduled import Wish, book_scheduled
from tenants.booking.models import Booking
from web.booking_steps import answers_in, vertical_steps
from web.workbench.access import Desk

MOST_SEATS = 99


def join_session(
    desk: Desk,
    session_id: UUID,
    service_id: UUID,
    data: Mapping[str, str],
    guest: UUID | Guest,
) -> Booking:
    """Book the seats with the answers of the form, also in a session that has begun. Raises as book_scheduled."""
    wish = Wish(
        session_id=session_id,
        store_id=desk.store.id,
        party_size=seats_in(data),
        details=answers_in(vertical_steps(desk, service_id), data),
    )
    return book_scheduled(wish, by=desk.actor, member=guest, now=desk.now)


def seats_in(data: Mapping[str, str]) -> int:
    """How many seats a form asks for; one where it says nothing that can be read."""
    text = data.get("seats", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    return number if 1 <= number <= MOST_SEATS else 1
