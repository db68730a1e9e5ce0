"""How the OpenAPI description is drawn: the library's, with our refusals and tokens in every call."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from api.problems import CONTENT_TYPE

CHAIN, PLATFORM = "config.urls_chain", "config.urls_platform"

_SENTENCES = {
    "400": "Malformed: `errors` name the fields.",
    "401": "No token where one is needed, or a token that is not valid here.",
    "403": "Seen, but not for this caller.",
    "404": "Nothing here that this caller may see.",
    "405": "Not this method.",
    "406": "Only JSON is answered.",
    "409": "The world says no: taken, full, already done, or changed meanwhile.",
    "413": "The body is too large.",
    "415": "Only JSON is read.",
    "422": "Understood, but not allowed by a rule.",
    "429": "Too often; `Retry-After` says when to try again.",
}
# What a call that asks the payment provider answers beside these.
_OUTSIDE = {
    "402": "The card was declined; nothing was changed.",
    "503": "The payment provider is not reachable; ask again, with the same key.",
}
_READING = ("400", "401", "403", "404", "405", "406", "422", "429")
_WRITING = tuple(_SENTENCES)
_IDEMPOTENCY_KEY = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="The same key and body again repeats the first answer, for at least 24 hours.",
    type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
)


class WrongField(serializers.Serializer[Any]):
    """One wrong field of a request."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """A refusal (RFC 9457). Some codes carry further members, for example `alternatives`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; made for programs.")
    detail = serializers.CharField(help_text="For a person, in the request's language.")
    fix = serializers.CharField(help_text="What to do next.")
    errors = WrongField(many=True, required=False)  # type: ignore[assignment]


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call,unused-ignore]
    """`Authorization: Bearer …`."""

    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A bearer token of one chain and one person."""
        return {"type": "http", "scheme": "bearer"}


class Schema(AutoSchema):  # type: ignore[no-untyped-call,unused-ignore]
    """The library's own, with our refusals documented beside it."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        """A token, optional where anyone may call."""
        found: list[dict[str, list[str]]] = super().get_auth()
        who = getattr(self.view, "who", None)
        if self.method == "GET":
            who = getattr(self.view, "who_reads", None) or who
        return [{}, *[entry for entry in found if entry]] if who == "anyone" else found

    def get_override_parameters(self) -> list[Any]:
        """Writes take an Idempotency-Key."""
        found = list(super().get_override_parameters())
        if self.method != "GET" and getattr(self.view, "keeps_answers", False):
            found.append(_IDEMPOTENCY_KEY)
        return found

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        reference = self.resolve_serializer(Problem, "response").ref
        for status in _READING if self.method == "GET" else _WRITING:
            responses.setdefault(
                status,
                {"description": _SENTENCES[status], "content": {CONTENT_TYPE: {"schema": reference}}},
            )
        if self.method != "GET" and getattr(self.view, "asks_outside", False):
            for status, sentence in _OUTSIDE.items():
                content = {CONTENT_TYPE: {"schema": reference}}
                responses.setdefault(status, {"description": sentence, "content": content})
        return dict(sorted(responses.items()))


@lru_cache(maxsize=8)
def schema_document(urlconf: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a host's routes, in English."""
    with translation.override("en"):
        found: dict[str, Any] = SchemaGenerator(urlconf=urlconf).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        return found


def schema_yaml(urlconf: str) -> bytes:
    """The document as YAML: the very text that is committed as api/openapi.yaml."""
    text: bytes = OpenApiYamlRenderer().render(schema_document(urlconf), renderer_context={})  # type: ignore[no-untyped-call]
    return text
