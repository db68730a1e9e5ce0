"""The base of every call: who asks, when, of which chain; one savepoint a write; idempotency."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar, cast

import structlog
from django.db import transaction
from django.http import HttpResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.utils.translation import get_language
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from api.authentication import TokenAuthentication
from api.domain.tokens import Bearer
from api.idempotency import Answer, Slot, is_kept, keep_answer, open_slot
from api.pace import count_call
from api.parsers import StrictJson
from api.problems import BodyTooLarge, NotJson, Unauthenticated
from chains.hosts import ChainInfo
from tenants.people.domain.rights import NOBODY, Actor, Forbidden

Who = Literal["anyone", "person", "member", "employee"]
B = TypeVar("B", bound=BaseSerializer)

# Rows of a body that is a list: more than a year of days.
LONGEST_LIST = 500

_READS = {"GET", "HEAD"}


class Endpoint(APIView):
    """A call of the API. A handler parses, makes one domain call and returns a Response.

    Set `who` (and `who_reads` where reading is open to others): a stranger where a person is needed
    gets 401, a member where an employee is needed 403. A write runs in a savepoint that a refusal
    rolls back; its answer is kept under its Idempotency-Key unless `keeps_answers` is off.
    """

    who: ClassVar[Who] = "employee"
    who_reads: ClassVar[Who | None] = None
    keeps_answers: ClassVar[bool] = True
    rolls_back_itself: ClassVar[bool] = True
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    authentication_classes = [TokenAuthentication]
    parser_classes: list[type[BaseParser]] = [StrictJson]
    renderer_classes = [JSONRenderer]

    actor: Actor = NOBODY
    bearer: Bearer | None = None
    now: datetime
    chain: ChainInfo

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view function; Django opens no savepoint around it, `dispatch` does."""
        view = super().as_view(**initkwargs)
        view._non_atomic_requests = {"default"}  # type: ignore[attr-defined]
        return view

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """DRF's life cycle, with the write inside a savepoint and the idempotency key outside of it."""
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        request = self.request = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(request, *args, **kwargs)
            handler = self._handler(request)
            if request.method in _READS:
                response = handler(request, *args, **kwargs)
            else:
                response = self._write(request, handler)
        except Exception as exc:
            response = self.handle_exception(exc)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Read the clock once, find out who calls, refuse who may not."""
        self.now = request.now = timezone.now()  # type: ignore[attr-defined]
        self.chain = getattr(request._request, "chain", None)  # type: ignore[assignment]
        if request.method not in _READS:
            self._body()
        super().initial(request, *args, **kwargs)
        self.bearer = request.auth if isinstance(request.auth, Bearer) else None
        self.actor = request.user if isinstance(request.user, Actor) else NOBODY
        person = self.actor.employee_id or self.actor.member_id
        if person is not None:
            structlog.contextvars.bind_contextvars(user=str(person))
        self._admit(self.who_reads or self.who if request.method in _READS else self.who)
        if self.bearer is not None and self.chain is not None and not hasattr(request._request, "counted"):
            request._request.counted = True  # type: ignore[attr-defined]  # a request that is begun anew is one call
            count_call(self.chain)

    def body(self, serializer: type[B], **options: Any) -> dict[str, Any]:
        """The checked body; raises Malformed with the fields named."""
        if options:
            parsed = serializer(data=self.request.data, context={"view": self}, **options)
            parsed.is_valid(raise_exception=True)
            return cast(dict[str, Any], parsed.validated_data)
        return _checked(serializer, self.request.data, view=self)

    def rows(self, serializer: type[B]) -> list[dict[str, Any]]:
        """The checked rows of a body that is a list of at most 500."""
        data = self.request.data
        if isinstance(data, list) and len(data) > LONGEST_LIST:
            raise BodyTooLarge
        parsed = serializer(data=data, many=True, context={"view": self})
        parsed.is_valid(raise_exception=True)
        return cast(list[dict[str, Any]], parsed.validated_data)

    def query(self, serializer: type[B]) -> dict[str, Any]:
        """The checked query parameters; unknown ones are refused as unknown fields are."""
        given = {name: values[-1] for name, values in self.request.query_params.lists()}
        parsed = serializer(data=given, context={"view": self})
        parsed.is_valid(raise_exception=True)
        return cast(dict[str, Any], parsed.validated_data)

    def _admit(self, who: Who) -> None:
        if who == "anyone":
            return
        if not (self.actor.is_employee or self.actor.is_member):
            raise Unauthenticated
        if (who == "employee" and not self.actor.is_employee) or (
            who == "member" and not self.actor.is_member
        ):
            raise Forbidden

    def _handler(self, request: Request) -> Callable[..., Any]:
        name = (request.method or "").lower()
        if name in self.http_method_names:
            return cast(Callable[..., Any], getattr(self, name, self.http_method_not_allowed))
        return self.http_method_not_allowed

    def _body(self) -> bytes:
        try:
            return self.request._request.body
        except UnreadablePostError:
            raise NotJson from None

    def _write(self, request: Request, handler: Callable[..., Any]) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None or not self.keeps_answers:
            return self._attempt(request, handler)
        slot = open_slot(
            key, actor=self.actor, method=request.method or "", path=request.path, body=self._body()
        )
        if slot.kept is not None:
            return replay(slot.kept)
        response = self._attempt(request, handler)
        self._keep(slot, response)
        return response

    def _attempt(self, request: Request, handler: Callable[..., Any]) -> Any:
        try:
            with transaction.atomic():
                return handler(request, *self.args, **self.kwargs)
        except Exception as exc:
            return self.handle_exception(exc)

    def _keep(self, slot: Slot, response: Any) -> None:
        if isinstance(response, Response) and is_kept(response.status_code):
            body = b"" if response.data is None else JSONRenderer().render(response.data)
            content_type = response.content_type or "application/json"
            keep_answer(slot, Answer(response.status_code, content_type, body), now=self.now)


_serializers = threading.local()


def _checked(serializer: type[BaseSerializer], data: Any, *, view: Endpoint) -> dict[str, Any]:
    """As a serializer made for this body; a thread keeps one of each, for its fields take long to copy.

    One a language: what a limit says of a value stays in the language in which it was first said.
    """
    kept: dict[Any, Any] = _serializers.__dict__
    which = serializer, get_language()
    parsed = kept.pop(which, None) or serializer(data=None)
    parsed.initial_data, parsed._context = data, {"view": view}
    try:
        parsed.is_valid(raise_exception=True)
        return cast(dict[str, Any], parsed.validated_data)
    finally:
        parsed.initial_data, parsed._context = None, {}
        for name in ("_validated_data", "_errors", "_data"):
            parsed.__dict__.pop(name, None)
        kept[which] = parsed


def json_text(document: Any) -> str:
    """A document as the API renders it."""
    return JSONRenderer().render(document).decode()


def written(text: str) -> HttpResponse:
    """An answer whose JSON is written already."""
    return HttpResponse(text, content_type="application/json")


def replay(answer: Answer) -> HttpResponse:
    """A kept answer, marked as such."""
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    if not answer.body:
        del response.headers["Content-Type"]
    response.headers["Idempotent-Replayed"] = "true"
    return response
