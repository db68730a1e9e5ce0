"""Sessions on the timeline: one block each, with how many of its seats are taken."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import get_language, ngettext

from tenants.booking.domain.sessions import left_of
from tenants.booking.models import Session
from tenants.people.domain.rights import Action
from web.formats import format_clocks
from web.workbench.access import Desk
from web.workbench.frame import here
from web.workbench.grid import Block, Grid


def draw_session(one: Session, desk: Desk, grid: Grid, chosen: UUID | None, *, column: str) -> Block | None:
    """The session's block in a column; None where nothing of it is on the grid.

    Service, pool, practitioner and resource are read.
    """
    first, end = grid.row(one.starts_at), grid.row(one.ends_at)
    if one.ends_at <= grid.start or first >= grid.rows:
        return None
    clocks = format_clocks(
        one.starts_at.astimezone(desk.zone),
        one.ends_at.astimezone(desk.zone),
        language=get_language() or "en",
    )
    beside = [held for held in (one.practitioner, one.resource) if held and str(held.id) != column]
    lines = [*(held.name for held in beside), clocks, ""]
    movable = one.starts_at > desk.now and desk.may(Action.PLAN_SESSIONS)
    return Block(
        id=str(one.id),
        booking=str(one.id),
        version=one.version,
        can="move" if movable else "",
        row=first,
        span=max(1, end - first),
        lane=None,
        status="session" if left_of(one.pool) else "full",
        detail="",
        name=session_words(one),
        line1=lines[0],
        line2=lines[1],
        url=here("session", desk, one.id),
        current=one.id == chosen,
        place=here("place_session", desk, one.id),
    )


def session_words(one: Session) -> str:
    """What the session is and how full."""
    return f"{one.service.name} {one.pool.taken}/{one.pool.capacity}"


def count_words(count: int) -> str:
    """How many sessions a column has; nothing for none."""
    return ngettext("%(count)s session", "%(count)s sessions", count) % {"count": count} if count else ""
