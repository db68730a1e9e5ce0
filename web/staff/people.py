"""Who is signed in on a page: the session's user as an Actor, or off to the sign-in."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from tenants.people.domain.rights import NOBODY, Actor, Grant
from tenants.people.models import Role, RoleGrant


def signed_in_actor(request: HttpRequest) -> Actor:
    """The signed-in employee with all grants, by one query; NOBODY without a session or employment."""
    if not request.user.is_authenticated:
        return NOBODY
    held = RoleGrant.objects.filter(employee__user_id=request.user.pk, employee__active=True)
    rows = list(held.select_related("employee"))
    if not rows:
        return NOBODY
    employee = rows[0].employee
    grants = tuple(Grant(Role(row.role), row.store_id) for row in rows)
    return Actor(employee_id=employee.id, name=employee.name, grants=grants)


def to_sign_in(request: HttpRequest, *, home: str) -> HttpResponse:
    """Off to the sign-in page and back here; to `home` from what is no page of its own: a form, a fragment.

    A fragment sends the whole page there.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": f"{settings.LOGIN_URL}?next={quote(home)}"})
    back = request.get_full_path() if request.method == "GET" else home
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={quote(back)}")
