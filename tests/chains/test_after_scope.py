"""What is still to be done when a request's scope has ended: committed before, no transaction, the same language."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from chains.after_scope import AfterScope
from chains.due import mark_platform_due
from chains.middleware import HostMiddleware
from chains.models import DueWork
from chains.scope import current, platform_scope
from tests.ground.cast import NOW
from tests.ground.chains import TwoChains


def answered(view: Any, host: str) -> Any:
    return HostMiddleware(view)(RequestFactory(HTTP_HOST=host).get("/"))


@pytest.mark.parametrize("host", ["tessera.test", "alpha.tessera.test"])
def test_it_is_finished_without_a_transaction_in_the_requests_language(
    two_chains: TwoChains, host: str
) -> None:
    seen: list[tuple[bool, str, str | None]] = []

    def finish() -> HttpResponse:
        seen.append((connection.in_atomic_block, current().schema, translation.get_language()))
        return HttpResponse("done", status=303)

    def view(request: Any) -> HttpResponse:
        with translation.override("zh-hans"):
            waiting = AfterScope(finish)
        waiting.set_cookie("kept", "1")
        return waiting

    answer = answered(view, host)
    assert (answer.status_code, answer.cookies["kept"].value) == (303, "1")
    assert seen == [(False, "public", "zh-hans")]


def test_what_the_view_wrote_is_committed_before(committed: None) -> None:
    found: list[int] = []

    def finish() -> HttpResponse:
        with platform_scope():
            found.append(DueWork.objects.count())
        raise RuntimeError("the call went wrong")

    def view(request: Any) -> HttpResponse:
        mark_platform_due("housekeeping.platform", NOW)
        return AfterScope(finish)

    with pytest.raises(RuntimeError):
        answered(view, "tessera.test")
    with platform_scope():
        assert (found, DueWork.objects.count()) == ([1], 1)
