"""The description of the API, for programs and for people."""

from __future__ import annotations

import json
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request

from api.schema import PLATFORM, schema_document, schema_yaml


def schema(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1 as YAML, as JSON where that is asked for (`Accept`, or `?format=json`)."""
    urlconf = cast(str, getattr(request, "urlconf", None) or PLATFORM)
    if request.GET.get("format") == "json" or "json" in request.headers.get("Accept", ""):
        return HttpResponse(
            json.dumps(schema_document(urlconf), ensure_ascii=False, default=str),
            content_type="application/vnd.oai.openapi+json",
        )
    return HttpResponse(schema_yaml(urlconf), content_type="application/vnd.oai.openapi; charset=utf-8")


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI as three files, none of them inline."""

    template_name = "api/docs.html"
    url_name = "api-schema"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The clock is read here as in Endpoint: a token on the way in is judged by it."""
        request.now = timezone.now()  # type: ignore[attr-defined]
        super().initial(request, *args, **kwargs)


urls = [
    path("schema", schema, name="api-schema"),
    path("docs", Docs.as_view(), name="api-docs"),
]
