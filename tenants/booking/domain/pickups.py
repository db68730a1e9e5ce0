"""Pickup windows: laid over the next two weeks from a store's weekly plan, in its local time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from chains.postgresql.ask import Question, ask
from chains.refusals import FieldError, Refusal
from tenants.booking.models import PickupPlan, PickupWindow, Pool
from tenants.catalogue.models import BookedAs
from tenants.people.domain.places import managed_store
from tenants.people.domain.rights import Action, Actor
from tenants.stores.domain.wall import DAY_MINUTES, local_date, local_day, resolve_local
from tenants.stores.models import Closure, Store

from .claims import WINDOW
from .offering import read_offering, zone_of_store
from .spots import rows_question

# Windows stand this far ahead; housekeeping lays the next day every day.
AHEAD_DAYS = 14
# What nobody ordered for is forgotten a week after it is over; what was ordered stays with its bookings.
KEPT = timedelta(days=7)
MOST_ROWS = 50


class PickupPlanWrong(Refusal):
    """A span that is none, windows that do not fit into it, or a service that is not for pickups."""

    code = "pickup_plan_wrong"
    status = 422
    title = _("This plan cannot be kept")
    detail = _("Some of the plan's rows do not fit.")
    fix = _("Correct the rows that are named.")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A span of a weekday (ISO 1–7) in local minutes, cut into windows of `minutes` with `cap` orders each."""

    weekday: int
    starts: int
    ends: int
    minutes: int
    cap: int


def plan_pickups(
    store_id: UUID, service_id: UUID, rows: Sequence[PlanRow], *, by: Actor, now: datetime
) -> int:
    """Replace the store's weekly plan, and lay its windows; how many stand open from now on.

    A window of the old plan that the new one does not have takes no more orders; its bookings stay. Where
    both have it, its cap becomes the new one, or what is ordered already if that is more. Raises Forbidden,
    NotSeen, NotOffered, PickupPlanWrong.
    """
    managed_store(store_id, by=by, action=Action.PLAN_SESSIONS)
    offering = read_offering(store_id, service_id, by_staff=True)
    _require_rows(rows, offering.booked_as)
    # one plan at a time: the store's row is the lock
    Store.objects.select_for_update(no_key=True).get(id=store_id)
    PickupPlan.objects.filter(store_id=store_id).delete()
    PickupPlan.objects.bulk_create(
        PickupPlan(
            id=new_id(),
            store_id=store_id,
            service_id=service_id,
            weekday=row.weekday,
            starts=row.starts,
            ends=row.ends,
            minutes=row.minutes,
            cap=row.cap,
        )
        for row in rows
    )
    return lay_windows(store_id, now=now)


def _require_rows(rows: Sequence[PlanRow], booked_as: str) -> None:
    wrong = []
    if booked_as != BookedAs.PICKUP:
        wrong.append(FieldError("service", "no_pickups", _("This service is not for pickups.")))
    if len(rows) > MOST_ROWS:
        wrong.append(FieldError("rows", "too_many", _("These are too many spans for a week.")))
    for place, row in enumerate(rows):
        fits = 0 <= row.starts < row.ends <= DAY_MINUTES and 5 <= row.minutes <= row.ends - row.starts
        if not fits or not 1 <= row.weekday <= 7 or not 1 <= row.cap <= 9_999:
            wrong.append(FieldError(f"rows.{place}", "out_of_range", _("No window fits into this span.")))
        if any(
            other.weekday == row.weekday and other.starts < row.ends and row.starts < other.ends
            for other in rows[:place]
        ):
            wrong.append(FieldError(f"rows.{place}", "overlaps", _("Two spans of a day overlap.")))
    if wrong:
        raise PickupPlanWrong(errors=wrong)


def lay_windows(store_id: UUID, *, now: datetime) -> int:
    """Make the windows of the next two weeks what the plan says, closed days left out; how many are open.

    Repeating it changes nothing.
    """
    zone = zone_of_store(store_id)
    wanted = _planned(store_id, zone, now=now)
    standing = {
        (window.starts_at, window.ends_at): window
        for window in PickupWindow.objects.filter(store_id=store_id, starts_at__gt=now)
        .select_for_update(no_key=True, of=("self",))
        .select_related("pool")
        .order_by("id")
    }
    gone = [window.id for span, window in standing.items() if span not in wanted]
    PickupWindow.objects.filter(id__in=gone).update(open=False)
    for span, (service_id, cap) in sorted(wanted.items()):
        window = standing.get(span)
        if window is None:
            _add(store_id, service_id, span, cap)
            continue
        if not window.open or window.service_id != service_id:
            PickupWindow.objects.filter(id=window.id).update(open=True, service_id=service_id)
        if window.pool.capacity != cap:
            roomy = Pool.objects.filter(id=window.pool_id, taken__lte=cap).update(capacity=cap)
            if not roomy:
                Pool.objects.filter(id=window.pool_id).update(capacity=F("taken"))
    return len(wanted)


Spans = dict[tuple[datetime, datetime], tuple[UUID, int]]


def _planned(store_id: UUID, zone: ZoneInfo, *, now: datetime) -> Spans:
    """The windows that the plan has from now on, each with its service and cap; clocks are the store's."""
    plan = list(PickupPlan.objects.filter(store_id=store_id))
    today = local_date(now, zone)
    closed = list(
        Closure.objects.filter(store_id=store_id, ends_on__gt=today).values_list("starts_on", "ends_on")
    )
    found: Spans = {}
    for day in (today + timedelta(days=n) for n in range(AHEAD_DAYS + 1)):
        if any(first <= day < end for first, end in closed):
            continue
        for row in plan:
            if row.weekday != day.isoweekday():
                continue
            for minute in range(row.starts, row.ends - row.minutes + 1, row.minutes):
                start = resolve_local(day, minute, zone)
                end = resolve_local(day, minute + row.minutes, zone)
                # the hour that a clock skips has no window
                if now < start < end:
                    found[start, end] = (row.service_id, row.cap)
    return found


def _add(store_id: UUID, service_id: UUID, span: tuple[datetime, datetime], cap: int) -> None:
    start, end = span
    pool = Pool.objects.create(
        id=new_id(), store_id=store_id, kind=WINDOW, starts_at=start, ends_at=end, capacity=cap
    )
    PickupWindow.objects.create(
        id=new_id(), store_id=store_id, service_id=service_id, pool=pool, starts_at=start, ends_at=end
    )


def lay_all_windows(*, now: datetime) -> bool:
    """Housekeeping: every store with a plan has its windows for two weeks, and old empty ones go."""
    for store_id in PickupPlan.objects.values_list("store_id", flat=True).distinct():
        lay_windows(store_id, now=now)
    over = PickupWindow.objects.filter(ends_at__lt=now - KEPT, bookings__isnull=True)
    gone = list(over.order_by("id").values_list("id", "pool_id")[:500])
    PickupWindow.objects.filter(id__in=[window for window, _pool in gone]).delete()
    Pool.objects.filter(id__in=[pool for _window, pool in gone]).delete()
    return len(gone) == 500


WITH = ("store", "service", "pool")


def find_windows(
    store_id: UUID, *, first: date | None = None, end: date | None = None, zone: ZoneInfo
) -> QuerySet[PickupWindow]:
    """The store's windows that begin in `[first, end)` (dates of `zone`), those that take no order included; lazy."""
    wanted = {
        "starts_at__gte": local_day(first, zone).start if first else None,
        "starts_at__lt": local_day(end, zone).start if end else None,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return PickupWindow.objects.select_related(*WITH).filter(store_id=store_id, **given)


def windows_with_room(
    store_id: UUID, *, around: datetime, now: datetime, but: UUID | None = None
) -> list[PickupWindow]:
    """Up to six open windows with room, from the day of `around` on."""
    return ask(windows_question(store_id, around=around, now=now, but=but))


def windows_question(
    store_id: UUID, *, around: datetime, now: datetime, but: UUID | None = None
) -> Question[list[PickupWindow]]:
    """What windows_with_room asks."""
    return rows_question(
        PickupWindow,
        "s.store_id = %s AND s.open AND s.ends_at > %s AND p.taken < p.capacity AND s.id IS DISTINCT FROM %s"
        " ORDER BY s.starts_at LIMIT 6",
        (store_id, max(now, around - timedelta(hours=12)), but),
    )


def window_slots(windows: Sequence[PickupWindow], zone: ZoneInfo) -> list[dict[str, object]]:
    """Windows as alternatives: slots of the API, with their ids and how many orders they still take."""
    return [
        {
            "pickup_window": str(window.id),
            "starts_at": window.starts_at.astimezone(zone).isoformat(),
            "ends_at": window.ends_at.astimezone(zone).isoformat(),
            "practitioners": [],
            "left": max(0, window.pool.capacity - window.pool.taken),
        }
        for window in windows
    ]


def window_state(window: PickupWindow, *, now: datetime) -> str:
    """`scheduled`, `closed` where it takes no more orders, or `over` once it has ended."""
    if window.ends_at <= now:
        return "over"
    return "scheduled" if window.open else "closed"
