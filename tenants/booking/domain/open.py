"""Whether guests may book at all: the chain has opened, and is not read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from chains.domain.entitlements import ChainReadOnly
from chains.models import ChainState
from chains.ports import unpaid_cause
from chains.postgresql.ask import Question, ask
from chains.refusals import Refusal
from tenants.people.domain.rights import NOBODY, Actor
from tenants.stores.domain.set_up import SET_UP_NOW


class NotOpen(Refusal):
    """The chain takes no bookings of members and visitors: it has not opened, or is read-only."""

    code = "not_open"
    status = 422
    title = _("Not taking bookings")
    detail = _("This shop is not taking bookings at the moment.")
    fix = _("Come back later, or ask the shop.")


OwnRow = tuple[str, datetime | None]
_told: ContextVar[tuple[OwnRow | None] | None] = ContextVar("tessera_own_row", default=None)


def takes_bookings(state: str, opened_at: datetime | None) -> bool:
    """Whether members and visitors may book in a chain in that state, opened at that moment or never."""
    return opened_at is not None and state != ChainState.READ_ONLY


def require_open(*, by: Actor) -> None:
    """Raise NotOpen where the active chain takes no bookings of guests; employees may always book.

    Asks the chain's row, not the cached host: what is open on the page is open here.
    """
    if by.is_employee:
        return
    row = _own_row()
    if row is None or not takes_bookings(*row):
        raise NotOpen


def require_new_bookings(*, by: Actor) -> None:
    """Raise where nobody may begin a booking: NotOpen as require_open does, ChainReadOnly for employees."""
    require_beginnings(by_staff=by.is_employee)


def require_beginnings(*, by_staff: bool) -> None:
    """As require_new_bookings, where only the door is known that the booking comes through."""
    if not by_staff:
        require_open(by=NOBODY)
        return
    row = _own_row()
    if row is not None and row[0] == ChainState.READ_ONLY:
        raise ChainReadOnly(cause=unpaid_cause())


def own_row_question() -> Question[OwnRow | None]:
    """The active chain's state and when it opened, as its row says."""
    return Question(
        "SELECT state, opened_at FROM public.own_chain()",
        (),
        lambda rows: (rows[0][0], rows[0][1]) if rows else None,
    )


def standing_question() -> Question[tuple[OwnRow | None, str | None]]:
    """The same, and the token of how the chain is set up; one row."""

    def read(rows: list[tuple[Any, ...]]) -> tuple[OwnRow | None, str | None]:
        state, opened_at, token = rows[0]
        return (state, opened_at) if state is not None else None, token

    return Question(
        f"SELECT state, opened_at, {SET_UP_NOW} FROM (VALUES (1)) always LEFT JOIN public.own_chain() ON true",  # noqa: S608
        (),
        read,
    )


@contextmanager
def told(row: OwnRow | None) -> Iterator[None]:
    """Within the block the row is not asked again: this transaction has just read it."""
    token = _told.set((row,))
    try:
        yield
    finally:
        _told.reset(token)


def _own_row() -> OwnRow | None:
    known = _told.get()
    return known[0] if known is not None else ask(own_row_question())
