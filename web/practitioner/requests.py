"""Leave and swaps: ask, answer, decide. One page for who asks and for who plans."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chains.refusals import Refusal
from tenants.booking.domain.approvals import LeaveClashes, approve_leave, approve_swap
from tenants.booking.domain.practitioner_day import zone_of_employee
from tenants.people.domain import wishes
from tenants.people.domain.rights import Action
from tenants.people.models import Employee, LeaveRequest, RequestState, ShiftSwap
from tenants.stores.domain.wall import DAY_MINUTES, local_date, parse_day, parse_moment, resolve_local
from web.practitioner.access import at_own, back_to, show_own
from web.storefront.asking import uuid_or_none
from web.workbench.access import Desk

REASON = 200
MOST_SHOWN = 50


@require_safe
@at_own
def show_requests(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """What waits for an answer first, then what was asked before; forms for who can be booked."""
    return _page(request, desk)


@require_POST
@at_own
def ask_for_leave(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """From the first to the last day, or part of a day."""

    def ask() -> None:
        zone = zone_of_employee(desk.actor.employee_id) if desk.actor.employee_id else desk.zone
        starts_at, ends_at = read_leave(request, zone)
        reason = request.POST.get("reason", "")[:REASON]
        wishes.ask_leave(by=desk.actor, starts_at=starts_at, ends_at=ends_at, reason=reason, now=desk.now)

    return _do(request, desk, ask, _("Asked for"))


@require_POST
@at_own
def ask_for_swap(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """A colleague is asked to take over a day."""

    def ask() -> None:
        colleague = uuid_or_none(request.POST.get("colleague", ""))
        takes = request.POST.get("takes_on", "")
        wishes.ask_swap(
            desk.store.id,
            colleague_id=colleague or UUID(int=0),
            gives_on=parse_day(request.POST.get("gives_on", "")),
            takes_on=parse_day(takes) if takes else None,
            note=request.POST.get("note", "")[:REASON],
            by=desk.actor,
            today=local_date(desk.now, desk.zone),
            now=desk.now,
        )

    return _do(request, desk, ask, _("Asked for"))


@require_POST
@at_own
def act_on_leave(request: HttpRequest, desk: Desk, wish: UUID, act: str) -> HttpResponseBase:
    """approve (knowing of the bookings named), decline, withdraw; 404 for any other word."""
    despite = [key for text in request.POST.getlist("despite") if (key := uuid_or_none(text))]
    answer = request.POST.get("answer", "")[:REASON]
    acts: dict[str, Callable[[], Any]] = {
        "approve": lambda: approve_leave(wish, by=desk.actor, now=desk.now, despite=despite),
        "decline": lambda: wishes.decline_leave(wish, by=desk.actor, now=desk.now, answer=answer),
        "withdraw": lambda: wishes.withdraw_leave(wish, by=desk.actor, now=desk.now),
    }
    if act not in acts:
        raise Http404
    return _do(request, desk, acts[act], done_words()[act], wish=wish)


@require_POST
@at_own
def act_on_swap(request: HttpRequest, desk: Desk, wish: UUID, act: str) -> HttpResponseBase:
    """accept and refuse by the colleague; approve and decline by who plans; withdraw by the asker."""
    answer = request.POST.get("answer", "")[:REASON]
    who: dict[str, Any] = {"by": desk.actor, "now": desk.now}
    acts: dict[str, Callable[[], Any]] = {
        "accept": lambda: wishes.answer_swap(wish, accept=True, answer=answer, **who),
        "refuse": lambda: wishes.answer_swap(wish, accept=False, answer=answer, **who),
        "approve": lambda: approve_swap(wish, **who),
        "decline": lambda: wishes.decline_swap(wish, answer=answer, **who),
        "withdraw": lambda: wishes.withdraw_swap(wish, **who),
    }
    if act not in acts:
        raise Http404
    return _do(request, desk, acts[act], done_words()[act])


def done_words() -> dict[str, str]:
    """What happened, in a word."""
    return {
        "approve": _("Approved"),
        "decline": _("Declined"),
        "withdraw": _("Withdrawn"),
        "accept": _("Accepted; a manager still has to approve"),
        "refuse": _("Declined"),
    }


def read_leave(request: HttpRequest, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The time that the form names on the clock of `zone`; whole days where no clock time is given.

    Raises DateMalformed and TimeMalformed.
    """
    first = parse_day(request.POST.get("first", ""))
    last = parse_day(request.POST.get("last", "") or first.isoformat())
    begins, ends = request.POST.get("begins", ""), request.POST.get("ends", "")
    return (
        resolve_local(first, _minutes(begins, first) if begins else 0, zone),
        resolve_local(last, _minutes(ends, last) if ends else DAY_MINUTES, zone),
    )


def _minutes(clock: str, day: date) -> int:
    naive = parse_moment(f"{day.isoformat()}T{clock[:5]}:00Z")
    return naive.hour * 60 + naive.minute


def _do(
    request: HttpRequest, desk: Desk, act: Callable[[], Any], words: str, *, wish: UUID | None = None
) -> HttpResponseBase:
    """Make one domain call; on a refusal the page again, with the sentence (and what stands in the way)."""
    try:
        with transaction.atomic():
            act()
    except LeaveClashes as clashes:
        stand = [*clashes.extra["bookings"], *clashes.extra["sessions"]]
        return _page(request, desk, refusal=clashes, clashes=stand, wish=wish)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _page(request, desk, refusal=refusal)
    messages.success(request, words)
    return back_to("requests")


def _page(
    request: HttpRequest,
    desk: Desk,
    *,
    refusal: Refusal | None = None,
    clashes: list[dict[str, Any]] | None = None,
    wish: UUID | None = None,
) -> HttpResponseBase:
    me = Employee.objects.filter(id=desk.actor.employee_id).select_related("resource").first()
    bookable = me is not None and me.resource_id is not None
    leave = [leave_row(row, desk) for row in wishes.leave_requests_seen_by(desk.actor)[:MOST_SHOWN]]
    swaps = [swap_row(row, desk) for row in wishes.swaps_seen_by(desk.actor)[:MOST_SHOWN]]
    rows = leave + swaps
    for clash in clashes or ():
        clash["at"] = parse_moment(clash["starts_at"])
    if clashes is not None:
        clashes.sort(key=lambda clash: clash["at"])
    context = {
        "bookable": bookable,
        "waiting": [row for row in rows if row["acts"]],
        "rows": [row for row in rows if not row["acts"]],
        "today": local_date(desk.now, desk.zone),
        "colleagues": colleagues_of(desk) if bookable else [],
        "refusal": refusal,
        "clashes": clashes,
        "clash_wish": wish,
    }
    status = refusal.status if refusal else 200
    return show_own(request, desk, "practitioner/requests.html", context, status=status)


def colleagues_of(desk: Desk) -> list[tuple[str, str]]:
    """Who could take over a day at this store: bookable, with a role here or in the chain."""
    people = Employee.objects.filter(active=True, resource__isnull=False).exclude(id=desk.actor.employee_id)
    here = people.filter(grants__store=desk.store) | people.filter(grants__store__isnull=True)
    return [(str(key), name) for key, name in here.distinct().order_by("name").values_list("id", "name")]


def state_badge(state: str) -> dict[str, str]:
    """The badge of a request's state."""
    looks = {
        RequestState.ASKED: {"label": _("Waiting"), "tone": "info", "icon": "hourglass"},
        RequestState.ACCEPTED: {"label": _("Colleague agreed"), "tone": "info", "icon": "user-check"},
        RequestState.APPROVED: {"label": _("Approved"), "tone": "ok", "icon": "check"},
        RequestState.DECLINED: {"label": _("Declined"), "tone": "bad", "icon": "x"},
        RequestState.WITHDRAWN: {"label": _("Withdrawn"), "tone": "mute", "icon": "undo-2"},
    }
    return looks[RequestState(state)]


def leave_row(row: LeaveRequest, desk: Desk) -> dict[str, Any]:
    """A leave request with what this person can do to it."""
    acts: list[str] = []
    mine = row.employee_id == desk.actor.employee_id
    if row.state == RequestState.ASKED:
        acts = ["withdraw"] if mine else ["approve", "decline"]
        if mine and desk.may(Action.MANAGE_SHIFTS):
            acts = ["approve", "withdraw"]
    begins, ends = row.starts_at.astimezone(desk.zone), row.ends_at.astimezone(desk.zone)
    whole = begins.time() == ends.time() == time.min
    return {
        "kind": "leave",
        "row": row,
        # whole days are said as days
        "first": begins.date() if whole else None,
        "last": ends.date() - timedelta(days=1) if whole else None,
        "name": row.employee.name,
        "badge": state_badge(row.state),
        "acts": acts,
        "mine": mine,
    }


def swap_row(row: ShiftSwap, desk: Desk) -> dict[str, Any]:
    """A swap with what this person can do to it."""
    me, acts = desk.actor.employee_id, list[str]()
    plans = wishes.plans_rota(desk.actor, row)
    if row.state == RequestState.ASKED and me == row.colleague_id:
        acts += ["accept", "refuse"]
    if row.state == RequestState.ACCEPTED and plans:
        acts += ["approve", "decline"]
    if row.state in wishes.OPEN and me == row.asker_id:
        acts.append("withdraw")
    return {
        "kind": "swap",
        "row": row,
        "name": row.asker.name,
        "badge": state_badge(row.state),
        "acts": acts,
        "mine": me == row.asker_id,
    }
