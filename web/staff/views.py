"""An employee's way in: the invitation, and where to go once signed in."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tenants.people.domain.invitations import PasswordWeak, accept_invitation, read_invitation
from tenants.people.domain.rights import Action, may_anywhere
from web.staff.people import signed_in_actor

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def closed(request: HttpRequest) -> HttpResponse:
    """The library's own sign-up: there is none."""
    raise Http404


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The day for who serves, the settings for who manages."""
    actor = signed_in_actor(request)
    serves = may_anywhere(actor, Action.REDEEM_BOOKING) or not may_anywhere(actor, Action.MANAGE_STORE)
    return HttpResponseRedirect("/workbench/" if serves else "/manage/")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a password and be signed in; the link works once."""
    now = timezone.now()
    found = read_invitation(secret, now=now)
    error = ""
    if request.method == "POST":
        password = request.POST.get("password", "")
        if "\x00" in password or len(password) > 1000:
            error = _("Choose another password.")
        else:
            try:
                user = accept_invitation(secret, password, now=now)
            except PasswordWeak as refusal:
                error = " ".join(str(row.detail) for row in refusal.errors)
            else:
                login(request, user, backend=BACKEND)
                return HttpResponseRedirect("/staff/")
    context = {"employee": found.employee, "email": found.employee.user.email, "error": error}
    return render(request, "staff/invitation.html", context, status=422 if error else 200)
