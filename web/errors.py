"""Error answers: a page for a person, a problem document under /api/."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from chains.refusals import Refusal, problem_document, problem_headers


def is_api(request: HttpRequest) -> bool:
    """Whether the caller is a program."""
    return request.path.startswith("/api/")


def answer_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal as a problem document or as a page."""
    if is_api(request):
        return JsonResponse(
            problem_document(refusal),
            status=refusal.status,
            content_type="application/problem+json",
            headers=problem_headers(refusal),
        )
    page = render(
        request,
        "errors/refused.html",
        {
            "title": refusal.title,
            "detail": refusal.sentence(),
            "fix": refusal.way_out(),
            "code": refusal.code,
        },
        status=refusal.status,
    )
    for name, value in problem_headers(refusal).items():
        page.headers[name] = value
    return page


def _plain(request: HttpRequest, status: int, code: str, title: str, detail: str, fix: str) -> HttpResponse:
    kind = type(
        "Plain", (Refusal,), {"code": code, "status": status, "title": title, "detail": detail, "fix": fix}
    )
    return answer_refusal(request, kind())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request cannot be read."""
    return _plain(
        request,
        400,
        "malformed",
        _("Not readable"),
        _("This request could not be read."),
        _("Go back and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: seen, but not for this person."""
    return _plain(
        request,
        403,
        "forbidden",
        _("Not for your role"),
        _("Your role does not include this."),
        _("Ask your manager for access."),
    )


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's token is missing or stale."""
    return _plain(
        request,
        403,
        "form_stale",
        _("This form has aged"),
        _("The page was open for too long, so nothing was changed."),
        _("Reload the page and send it again."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing here that this person may see."""
    return _plain(
        request,
        404,
        "not_found",
        _("Not found"),
        _("There is nothing at this address."),
        _("Check the address or start over."),
    )


def unknown_host(request: HttpRequest) -> HttpResponse:
    """404: no chain lives at this address."""
    return _plain(
        request,
        404,
        "unknown_host",
        _("No shop here"),
        _("No shop lives at this address."),
        _("Check the address you were given."),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """500: our fault; as plain as can be."""
    return _plain(
        request,
        500,
        "broken",
        _("Our fault"),
        _("Something broke on our side. Nothing was changed."),
        _("Try again in a moment."),
    )
