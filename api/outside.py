"""Calls that ask the outside: judged in the request's scope, made after it, with no transaction open."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer

from api.idempotency import Answer, KeyInFlight, KeyReused, Slot, is_kept, keep_answer, open_slot
from api.problems import CONTENT_TYPE
from api.views import Endpoint, replay
from chains.after_scope import AfterScope
from chains.refusals import Refusal, problem_document, problem_headers
from chains.scope import chain_scope


@dataclass(frozen=True, slots=True)
class Outside:
    """What is left to do after the scope: asks the outside and returns the document that is answered."""

    ask: Callable[[], dict[str, Any]]
    status: int = 200


class OutsideEndpoint(Endpoint):
    """A call whose POST handler checks all it can, then returns an Outside.

    The first answer to an Idempotency-Key is kept as everywhere, in a transaction of its own after the call.
    Of two at once with one key both ask: what they ask for carries a key of its own (billing's intents),
    so it is done once and both are told the same.
    """

    keeps_answers: ClassVar[bool] = True
    asks_outside: ClassVar[bool] = True

    def _write(self, request: Any, handler: Callable[..., Any]) -> Any:
        key = request.headers.get("Idempotency-Key")
        body = self._body()
        slot = None
        if key is not None:
            slot = self._slot(key, body)
            if slot.kept is not None:
                return replay(slot.kept)
        judged = self._attempt(request, handler)
        if not isinstance(judged, Outside):
            if slot is not None:
                self._keep(slot, judged)
            return judged
        return AfterScope(lambda: self._finish(judged, key, body))

    def _slot(self, key: str, body: bytes) -> Slot:
        request = self.request
        return open_slot(key, actor=self.actor, method=request.method or "", path=request.path, body=body)

    def _finish(self, outside: Outside, key: str | None, body: bytes) -> HttpResponse:
        try:
            answer = Answer(outside.status, "application/json", JSONRenderer().render(outside.ask()))
            headers: dict[str, str] = {}
        except Refusal as refusal:
            document = json.dumps(problem_document(refusal), ensure_ascii=False).encode()
            answer, headers = Answer(refusal.status, CONTENT_TYPE, document), problem_headers(refusal)
        if key is not None and is_kept(answer.status):
            with chain_scope(self.chain):
                try:
                    slot = self._slot(key, body)
                except (KeyInFlight, KeyReused):
                    slot = None  # a twin is keeping the same answer
                if slot is not None and slot.kept is None:
                    keep_answer(slot, answer, now=self.now)
        return HttpResponse(
            answer.body, status=answer.status, content_type=answer.content_type, headers=headers
        )
