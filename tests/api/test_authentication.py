"""Who calls: a token of one chain and one person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.domain.tokens import PREFIX, find_bearer, hash_token, issue_token, revoke_tokens_of
from api.models import Token
from chains.scope import chain_scope
from tests.api.conftest import Program, employee_program, member_program

pytestmark = pytest.mark.usefixtures("framework")


def test_a_token_names_the_person_and_the_grants(cast):
    clerk = employee_program(cast.alpha, "clerk")
    assert clerk.get("own").json() == {"name": "Clerk", "grants": 1}


def test_token_person_and_grants_take_one_query(cast):
    with chain_scope(cast.alpha.info):
        text = issue_token(employee_id=cast.alpha.employees["owner"].id, now=timezone.now())
        find_bearer(text, now=timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            bearer = find_bearer(text, now=timezone.now())
    assert len(queries) == 1
    assert bearer is not None
    assert bearer.actor == cast.alpha.actors["owner"]


def test_only_the_hash_is_kept_and_the_day_of_last_use(cast):
    clerk = employee_program(cast.alpha, "clerk")
    clerk.get("own")
    with chain_scope(cast.alpha.info):
        row = Token.objects.get()
    assert clerk.token.startswith(PREFIX)
    assert row.token_hash == hash_token(clerk.token)
    assert row.last_used_on == timezone.now().date()


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic eDp5", f"Bearer {PREFIX}{'a' * 43}", "Bearer \xff"]
)
def test_a_token_that_is_none_is_refused_everywhere(cast, header):
    nobody = Program(cast.alpha.info)
    for path in ("own", "regions"):
        answer = nobody.get(path, Authorization=header)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")
        assert answer["WWW-Authenticate"] == "Bearer"


def test_a_stranger_is_told_to_sign_in_and_a_member_is_forbidden(cast):
    answer = Program(cast.alpha.info).get("own")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    answer = member_program(cast.alpha, next(iter(cast.alpha.members))).get("own")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_token_of_another_chain_is_refused(cast):
    clerk = employee_program(cast.alpha, "clerk")
    clerk.client.defaults["HTTP_HOST"] = "beta.tessera.test"
    assert clerk.get("own").status_code == 401


def test_an_expired_token_and_one_of_a_person_who_left_are_refused(cast):
    clerk, owner = cast.alpha.employees["clerk"], cast.alpha.employees["owner"]
    now = timezone.now()
    with chain_scope(cast.alpha.info):
        old = issue_token(employee_id=clerk.id, now=now - timedelta(days=30))
        left = issue_token(employee_id=owner.id, now=now)
        ended = issue_token(employee_id=clerk.id, now=now)
        assert revoke_tokens_of(clerk.id) == 2
        owner.active = False
        owner.save()
    for text in (old, left, ended):
        assert Program(cast.alpha.info, text).get("own").status_code == 401
