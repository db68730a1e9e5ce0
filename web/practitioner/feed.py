"""The practitioner's calendar feed: make an address, copy it, revoke it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tenants.booking.domain.feeds import revoke_feed
from web.feeds import feed_card, made_address
from web.practitioner.access import at_own, back_to, show_own
from web.workbench.access import Desk


@require_http_methods(["GET", "HEAD", "POST"])
@at_own
def show_feed(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Whether there is one; a POST makes another (`make`) and shows its address this once, or ends it."""
    address = ""
    if request.method == "POST":
        if "make" not in request.POST:
            revoke_feed(by=desk.actor)
            messages.success(request, _("The address no longer works"))
            return back_to("feed")
        address = made_address(request, by=desk.actor, now=desk.now)
    context = feed_card(desk.actor, address=address)
    return show_own(request, desk, "practitioner/feed.html", context)
