"""One place that turns what went wrong into application/problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from chains.refusals import FieldError, Refusal, TooManyRequests, problem_document, problem_headers
from tenants.people.domain.rights import Forbidden, NotSeen

CONTENT_TYPE = "application/problem+json"


class Malformed(Refusal):
    """The request says something other than the call expects; `errors` name the fields."""

    code = "malformed"
    status = 400
    title = _("Not readable")
    detail = _("Some of what was sent is missing or wrong.")
    fix = _("Correct the fields that are named and send it again.")


class UnknownField(Malformed):
    """The request has fields that the call does not know, and nothing else is wrong with it."""

    code = "unknown_field"
    detail = _("Some fields that were sent do not exist here.")
    fix = _("Leave out the fields that are named.")


class NotJson(Refusal):
    """The body is not JSON (RFC 8259, UTF-8, no name twice)."""

    code = "not_json"
    status = 400
    title = _("Not readable")
    detail = _("The body is not JSON.")
    fix = _("Send an object as JSON in UTF-8.")


class Unauthenticated(Refusal):
    """The call is not for strangers."""

    code = "unauthenticated"
    status = 401
    title = _("Sign in first")
    detail = _("This call needs a token.")
    fix = _("Sign in and send the token as “Authorization: Bearer …”.")


class MethodNotAllowed(Refusal):
    """There is something here, but not with this method."""

    code = "method_not_allowed"
    status = 405
    title = _("Not this method")
    detail = _("This address does not take %(method)s.")
    fix = _("Use one of the methods named in the header Allow.")


class NotAcceptable(Refusal):
    """Only JSON is answered."""

    code = "not_acceptable"
    status = 406
    title = _("Only JSON")
    detail = _("This call answers in JSON only.")
    fix = _("Send “Accept: application/json”.")


class BodyTooLarge(Refusal):
    """More bytes than any call needs."""

    code = "body_too_large"
    status = 413
    title = _("Too large")
    detail = _("The body is larger than this call takes.")
    fix = _("Send less than one megabyte.")


class UnsupportedMediaType(Refusal):
    """Only JSON is read."""

    code = "unsupported_media_type"
    status = 415
    title = _("Only JSON")
    detail = _("This call reads JSON only.")
    fix = _("Send “Content-Type: application/json”.")


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: the problem document of what was raised, None for what is our fault.

    Rolls back the view's savepoint, except where the view is an Endpoint, whose own savepoint has been
    rolled back by then.
    """
    refusal = as_refusal(exc, context)
    if refusal is None:
        return None
    if not getattr(context.get("view"), "rolls_back_itself", False):
        set_rollback()
    response = Response(problem_document(refusal), status=refusal.status, content_type=CONTENT_TYPE)
    for name, value in problem_headers(refusal).items():
        response.headers[name] = value
    return response


def as_refusal(exc: Exception, context: dict[str, Any]) -> Refusal | None:
    """The refusal that an exception of ours, of DRF or of Django stands for; None if it is a fault."""
    match exc:
        case Refusal():
            return exc
        case exceptions.ValidationError():
            return _malformed(list(_field_errors(exc.detail, exc.get_codes(), "")))
        case exceptions.ParseError():
            return NotJson()
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return Unauthenticated()
        case exceptions.PermissionDenied() | PermissionDenied():
            return Forbidden()
        case exceptions.NotFound() | Http404():
            return NotSeen()
        case exceptions.MethodNotAllowed():
            request = context.get("request")
            return MethodNotAllowed(params={"method": getattr(request, "method", "")})
        case exceptions.NotAcceptable():
            return NotAcceptable()
        case exceptions.UnsupportedMediaType():
            return UnsupportedMediaType()
        case exceptions.Throttled():
            return TooManyRequests(retry_after=int(getattr(exc, "wait", None) or 1))
        case RequestDataTooBig():
            return BodyTooLarge()
    return None


def _malformed(errors: list[FieldError]) -> Refusal:
    kind = UnknownField if all(error.code == "unknown_field" for error in errors) else Malformed
    return kind(errors=errors)


def _field_errors(detail: Any, codes: Any, path: str) -> Iterator[FieldError]:
    """DRF's nested details as flat rows: `roles.0.store`; of a list only the rows that are wrong."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            yield from _field_errors(inner, codes[name], here)
    elif isinstance(detail, list):
        nested = any(isinstance(inner, dict | list) for inner in detail)
        for index, (inner, code) in enumerate(zip(detail, codes, strict=True)):
            yield from _field_errors(inner, code, f"{path}.{index}".lstrip(".") if nested else path)
    else:
        yield FieldError(path, str(codes), str(detail))
