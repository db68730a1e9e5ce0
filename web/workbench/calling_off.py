"""Calling a session off at the desk: what happens to whom is said first, then why, then it is done."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chains.refusals import Refusal
from tenants.booking.domain.calling_off import SessionBegun, call_off_session, foresee_calling_off
from tenants.booking.domain.sessions import SessionCalledOff
from tenants.booking.models import Session, SessionState
from tenants.people.domain.rights import Action, Forbidden, NotSeen, require
from web.workbench.access import Desk, at_desk
from web.workbench.acts import asked_version, over
from web.workbench.frame import here
from web.workbench.overbooking import REASON_LENGTH
from web.workbench.session_panel import session_here
from web.workbench.sessions import answer_session, session_when


@require_http_methods(["GET", "POST"])
@at_desk
def call_off(request: HttpRequest, desk: Desk, session: UUID) -> HttpResponseBase:
    """Say what calling it off does and ask for the reason; by POST it is called off."""
    found, _booked = session_here(desk, session)
    require(desk.actor, Action.PLAN_SESSIONS, store_id=desk.store.id)
    reason = request.POST.get("reason", "").strip()[:REASON_LENGTH]
    refusal = _stands_against(found, desk)
    if request.method == "POST":
        try:
            with transaction.atomic():
                call_off_session(
                    session, by=desk.actor, now=desk.now, reason=reason, version=asked_version(request)
                )
        except (NotSeen, Forbidden):
            raise
        except Refusal as refused:
            refusal = refused
        else:
            return answer_session(request, desk, session, _("Called off, and whoever booked is told"))
    gives = found.practitioner
    context = {
        "session": found,
        "starts": found.starts_at.astimezone(desk.zone),
        "when": session_when(found, desk),
        "effects": foresee_calling_off(session),
        "who": gives.name if gives is not None and gives.id != desk.actor.employee_id else "",
        "version": found.version,
        "reason": reason,
        "refusal": refusal,
        "call_off_url": here("call_off_session", desk, session),
    }
    status = refusal.status if refusal is not None and request.method == "POST" else 200
    return over(request, desk, _("Call off session"), "workbench/_call_off.html", context, status=status)


def _stands_against(session: Session, desk: Desk) -> Refusal | None:
    """Why it cannot be called off any more, known before anybody asks."""
    if session.state == SessionState.CALLED_OFF:
        return SessionCalledOff()
    return SessionBegun() if session.starts_at <= desk.now else None
