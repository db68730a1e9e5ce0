"""The platform's own housekeeping, and that every chain has its round (chains/chores.py)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import Q

from chains.chores import KIND, PAUSE, let_go, platform_chores
from chains.due import mark_platform_due
from chains.models import Chain, ChainState, DueWork, PlatformAnswer, Signup, SignupState
from chains.scope import PUBLIC

PLATFORM_KIND = "housekeeping.platform"
# Sign-ups that nobody verified are forgotten after a day: they hold the address of a person who may
# never have asked. A code works for five minutes.
UNVERIFIED_KEPT = timedelta(days=1)
# Sign-ups that became a chain or failed: a month is what operators need to answer a question about
# one, and their figures count a week. The chain itself knows its owner.
SETTLED_KEPT = timedelta(days=30)
# api.md promises 24 hours of repeating the first answer; an hour more, for clocks and long requests.
ANSWERS_KEPT = timedelta(hours=25)


def keep_platform(*, now: datetime) -> None:
    """Due work `housekeeping.platform`: the public tables, and a round for chains that have none."""
    chores = (forget_sessions, forget_unverified, forget_settled, forget_answers, *platform_chores())
    more = [chore(now=now) for chore in chores]
    start_missing_rounds(now=now)
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    mark_platform_due(PLATFORM_KIND, now + PAUSE if any(more) else hour)


def ensure_platform_round(*, now: datetime) -> bool:
    """Mark the platform's housekeeping due where no row stands for it; whether it was missing."""
    if DueWork.objects.filter(schema=PUBLIC, kind=PLATFORM_KIND).exists():
        return False
    mark_platform_due(PLATFORM_KIND, now)
    return True


def start_missing_rounds(*, now: datetime) -> int:
    """Mark housekeeping due for every chain without a row for it (new, moved, restored); how many."""
    served = DueWork.objects.filter(kind=KIND).values("schema")
    missing = Chain.objects.exclude(state__in=(ChainState.CLOSED, ChainState.PROVISIONING)).exclude(
        schema_name__in=served
    )
    rows = [
        DueWork(schema=schema, kind=KIND, due_at=now)
        for schema in missing.order_by("schema_name").values_list("schema_name", flat=True)
    ]
    DueWork.objects.bulk_create(rows)
    return len(rows)


def forget_sessions(*, now: datetime) -> bool:
    """Sessions of the active scope go when they have expired: nobody can use them any more."""
    return let_go(Session.objects.filter(expire_date__lt=now))


def forget_unverified(*, now: datetime) -> bool:
    """Sign-ups whose e-mail nobody confirmed go after UNVERIFIED_KEPT."""
    return let_go(
        Signup.objects.filter(state=SignupState.VERIFY_EMAIL, code_sent_at__lt=now - UNVERIFIED_KEPT)
    )


def forget_settled(*, now: datetime) -> bool:
    """Sign-ups that are a chain go after SETTLED_KEPT; failed ones once their remains were dropped."""
    settled = Q(state=SignupState.READY) | Q(state=SignupState.FAILED, chain__isnull=True)
    return let_go(Signup.objects.filter(settled, created_at__lt=now - SETTLED_KEPT))


def forget_answers(*, now: datetime) -> bool:
    """The platform's kept answers to idempotency keys go after ANSWERS_KEPT."""
    return let_go(PlatformAnswer.objects.filter(created_at__lt=now - ANSWERS_KEPT))
