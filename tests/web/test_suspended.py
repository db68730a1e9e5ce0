"""A suspended chain: its owner is led to the plan and pays, employees read why, the platform's own says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from billing.domain.lifecycle import SUSPENDED_BECAUSE
from billing.domain.standing import Cause
from billing.models import ChainStanding
from chains.models import ChainState
from chains.scope import platform_scope
from tests.billing.stand_in import StandIn
from tests.ground.cast import NOW, Cast
from tests.web.office import ALPHA, _noon, owner, sign_in
from tests.web.test_manage_plan import CAUSES, DAY, _trial, change, stripe, subscribe, text_of
from web.manage.plan_words import SUSPENDED_TITLES

__all__ = ["_noon", "_trial", "owner", "sign_in", "stripe"]  # fixtures


@pytest.mark.parametrize("cause", list(CAUSES))
def test_suspended_the_owner_reads_why_and_the_way_back(cast: Cast, owner: Client, cause: Cause) -> None:
    change(cast, state=ChainState.SUSPENDED)
    with platform_scope():
        ChainStanding.objects.create(
            chain_id=cast.alpha.info.id, state="suspended", since=NOW, cause=cause, next_at=NOW + 60 * DAY
        )
    words = text_of(owner.get("/manage/plan/"))
    assert str(SUSPENDED_TITLES[cause]) in words
    assert ("Nothing is lost: pay" in words) is (cause == Cause.PAYMENT_FAILED)


@pytest.mark.parametrize("cause", list(CAUSES))
def test_suspended_every_other_page_leads_the_owner_to_the_plan_and_tells_employees_who_can_open_it(
    cast: Cast, owner: Client, sign_in: Callable[[str], Client], cause: Cause
) -> None:
    reason = str(SUSPENDED_BECAUSE[cause])
    change(cast, state=ChainState.SUSPENDED, state_reason=reason)
    with platform_scope():
        ChainStanding.objects.create(
            chain_id=cast.alpha.info.id, state="suspended", since=NOW, cause=cause, next_at=NOW + 60 * DAY
        )
    title = str(SUSPENDED_TITLES[cause])
    for path in ("/manage/", "/workbench/"):
        page = owner.get(path)
        words = text_of(page)
        assert (page.status_code, title in words, "Nothing is lost" in words) == (403, True, True)
        assert ('href="/manage/plan/"' in page.content.decode(), "operators" in words) == (True, False)
    page = sign_in("clerk").get("/workbench/")
    assert (title in text_of(page), reason in text_of(page)) == (True, True)
    assert "/manage/plan/" not in page.content.decode()


def test_suspended_by_the_platform_says_so_and_offers_no_payment(cast: Cast, owner: Client) -> None:
    change(cast, state=ChainState.SUSPENDED, state_reason="Asked by the court.", held=True)
    page = owner.get("/manage/")
    words = text_of(page)
    assert ("The platform has suspended this shop" in words, "Asked by the court." in words) == (True, True)
    assert "/manage/plan/" not in page.content.decode()


def test_of_a_suspended_chain_the_owner_reaches_the_plan_and_pays(
    cast: Cast, owner: Client, stripe: StandIn
) -> None:
    change(cast, state=ChainState.SUSPENDED, trial_ends_at=NOW - 40 * DAY)
    assert owner.get("/manage/stores/").status_code == 403
    assert "Suspended" in text_of(owner.get("/manage/plan/"))
    assert owner.get("/manage/plan/compare/").status_code == 200
    subscribe(owner, stripe)
    assert owner.get("/manage/stores/").status_code == 200


def test_a_stranger_at_a_suspended_chain_is_sent_to_sign_in(cast: Cast) -> None:
    change(cast, state=ChainState.SUSPENDED)
    answer = Client(HTTP_HOST=ALPHA).get("/manage/plan/")
    assert answer.headers["Location"].startswith("/staff/login/")
