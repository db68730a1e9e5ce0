"""Leave and swaps: the one asked, the one answered and the two concerned are told, once, in their language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from chains import outgoing
from chains.outgoing import sent_messages
from tenants.booking.domain.approvals import approve_leave, approve_swap
from tenants.people.domain.wishes import (
    answer_swap,
    ask_leave,
    decline_leave,
    decline_swap,
    withdraw_leave,
    withdraw_swap,
)
from tests.booking.queue import scope, work_off
from tests.booking.test_approvals import TUESDAY, accepted_swap, asked_leave, manager
from tests.ground.cast import NOW, Cast, local

YA, LIN = "ya@alpha.test", "lin@alpha.test"


@pytest.fixture(autouse=True)
def _english(cast: Cast) -> Iterator[None]:
    outgoing._valkey().flushdb()
    with scope(cast.alpha):
        User.objects.update(locale="en")
    yield


def told(cast: Cast) -> list[tuple[str, str]]:
    work_off(NOW)
    with scope(cast.alpha):
        names = {one.user.email: name for name, one in cast.alpha.employees.items()}
    return [(names[row["to"]], row["text"]) for row in reversed(sent_messages())]


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "Alpha: leave approved, Mon 23 Nov, 09:00 to Mon 23 Nov, 21:00."),
        ("zh-Hans", "Alpha：请假已同意，11月23日 周一 09:00 至 11月23日 周一 21:00。"),
    ],
)
def test_who_asked_for_leave_is_told_that_it_is_approved(cast: Cast, locale: str, words: str) -> None:
    with scope(cast.alpha):
        User.objects.update(locale=locale)
        approve_leave(asked_leave(cast).id, by=manager(cast), now=NOW)
    assert told(cast) == [("practitioner", words)]
    assert told(cast) == [("practitioner", words)]


def test_a_no_comes_with_its_reason(cast: Cast) -> None:
    with scope(cast.alpha):
        decline_leave(asked_leave(cast).id, by=manager(cast), now=NOW, answer="The week is full")
    assert told(cast) == [
        (
            "practitioner",
            "Alpha: leave declined, Mon 23 Nov, 09:00 to Mon 23 Nov, 21:00. “The week is full”",
        )
    ]


def test_nobody_is_told_of_what_they_did_themselves(cast: Cast) -> None:
    with scope(cast.alpha):
        withdraw_leave(asked_leave(cast).id, by=cast.alpha.actors["practitioner"], now=NOW)
        by = cast.alpha.actors["owner"]
        own = ask_leave(by=by, starts_at=local(25, 9), ends_at=local(25, 21), reason="", now=NOW)
        approve_leave(own.id, by=by, now=NOW)
    assert told(cast) == []


def test_the_colleague_is_asked_the_asker_answered_and_both_told_of_the_approval(cast: Cast) -> None:
    with scope(cast.alpha):
        asked = accepted_swap(cast, TUESDAY, accept=False)
    ask = "Alpha: Ya asks you to work Mon 23 Nov at North. In return Ya works your Tue 24 Nov."
    assert told(cast) == [("second", ask)]
    with scope(cast.alpha):
        answer_swap(asked.id, accept=True, by=cast.alpha.actors["second"], now=NOW)
    yes = "Alpha: Lin will take over Mon 23 Nov at North. A manager still has to approve it."
    assert told(cast)[1:] == [("practitioner", yes)]
    with scope(cast.alpha):
        approve_swap(asked.id, by=manager(cast), now=NOW)
    done = "Alpha: the swap is approved. Lin works Mon 23 Nov at North. Ya works Tue 24 Nov."
    assert sorted(told(cast)[2:]) == [("practitioner", done), ("second", done)]


def test_a_colleagues_no_goes_to_the_asker_and_a_planners_no_to_both(cast: Cast) -> None:
    no = "Alpha: the swap of Mon 23 Nov at North is declined."
    with scope(cast.alpha):
        asked = accepted_swap(cast, accept=False)
        answer_swap(asked.id, accept=False, by=cast.alpha.actors["second"], now=NOW, answer="Sorry")
    assert told(cast)[1:] == [("practitioner", f"{no} “Sorry”")]
    with scope(cast.alpha):
        agreed = accepted_swap(cast)
        decline_swap(agreed.id, by=manager(cast), now=NOW)
    assert sorted(text for text in told(cast)[2:] if text[1] == no) == [("practitioner", no), ("second", no)]


def test_a_colleague_hears_that_it_is_off_but_not_of_what_was_taken_back_at_once(cast: Cast) -> None:
    off = "Alpha: the swap of Mon 23 Nov at North is off."
    with scope(cast.alpha):
        asked = accepted_swap(cast, accept=False)
    told(cast)
    with scope(cast.alpha):
        withdraw_swap(asked.id, by=cast.alpha.actors["practitioner"], now=NOW)
    assert told(cast)[1:] == [("second", off)]
