"""Cancelling a booking at the desk, with its reason; of a series this one, or this and all that follow."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chains.refusals import Refusal
from tenants.booking.domain.change import cancel_booking
from tenants.people.domain.rights import Action, NotSeen, require
from web.workbench.access import Desk, at_desk
from web.workbench.acts import answer_done, asked_version, over
from web.workbench.choosing import Option
from web.workbench.following import FOLLOWING, cancel_these, scope_context
from web.workbench.frame import here
from web.workbench.panel import read_panel


@require_http_methods(["GET", "POST"])
@at_desk
def cancel(request: HttpRequest, desk: Desk, booking: UUID) -> HttpResponseBase:
    """Ask for the reason, then cancel."""
    panel = read_panel(desk, booking)
    require(desk.actor, Action.CHANGE_BOOKING, store_id=desk.store.id)
    status, refusal = 200, None
    following = request.POST.get("scope") == FOLLOWING
    words = _("This and following cancelled") if following else _("Cancelled")
    if request.method == "POST":
        reason = request.POST.get("words", "").strip() or request.POST.get("reason", "").strip()
        try:
            with transaction.atomic():
                _cancel(desk, booking, request, reason[:200])
        except NotSeen:
            raise
        except Refusal as refused:
            status, refusal = refused.status, refused
        else:
            return answer_done(request, desk, booking, words)
    context = {
        "panel": panel,
        "cancel_url": here("cancel", desk, booking),
        "reasons": [
            Option(str(words), str(words), at == 0)
            for at, words in enumerate([_("The guest asked"), _("The shop cannot"), _("Booked twice")])
        ],
        "refusal": refusal,
        **scope_context(panel.booking, desk, request.POST if request.method == "POST" else request.GET),
    }
    return over(request, desk, _("Cancel booking"), "workbench/_cancel.html", context, status=status)


def _cancel(desk: Desk, booking: UUID, request: HttpRequest, reason: str) -> None:
    if request.POST.get("scope") == FOLLOWING:
        cancel_these(booking, desk, reason=reason)
    else:
        cancel_booking(booking, by=desk.actor, now=desk.now, reason=reason, version=asked_version(request))
