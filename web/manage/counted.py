"""What is counted: the plan of sessions, and pickup windows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.refusals import Refusal
from tenants.booking.domain.calling_off import call_off_session
from tenants.booking.domain.pickups import PlanRow, plan_pickups
from tenants.booking.domain.session_times import OVERRULED
from tenants.booking.domain.sessions import (
    MOST_SEATS,
    MOST_WEEKS,
    Plan,
    find_sessions,
    plan_sessions,
    session_state,
)
from tenants.booking.models import PickupPlan, PickupWindow
from tenants.catalogue.models import BookedAs, Service
from tenants.people.domain.rights import Action, NotSeen
from tenants.people.domain.week import practitioners_at
from tenants.stores.domain.wall import local_date, resolve_local
from tenants.stores.models import Resource, ResourceKind, Store
from web.manage.access import Office, in_office
from web.manage.forms import ClockField, OfficeForm, clock_of
from web.manage.frame import done, show, show_form
from web.manage.weekly import NAMES

planners = in_office(Action.PLAN_SESSIONS)
AHEAD = timedelta(days=28)


class SessionForm(OfficeForm):
    """A session, or one a week."""

    domain_names = {"starts_at": "clock", "!slot_taken": "practitioner"}

    service = forms.ChoiceField(label=gettext_lazy("Service"))
    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    clock = ClockField(label=gettext_lazy("Begins"))
    practitioner = forms.ChoiceField(label=gettext_lazy("With"), required=False)
    resource = forms.ChoiceField(label=gettext_lazy("Room"), required=False)
    capacity = forms.IntegerField(label=gettext_lazy("Places"), min_value=1, max_value=MOST_SEATS)
    minimum = forms.IntegerField(label=gettext_lazy("Takes place from"), min_value=0, required=False)
    weeks = forms.IntegerField(label=gettext_lazy("Weeks"), min_value=1, max_value=MOST_WEEKS)
    outside = forms.CharField(
        label=gettext_lazy("Why it takes place all the same"), max_length=200, required=False
    )

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Service.objects.filter(
            booked_as=BookedAs.SESSION, active=True, offers__store=store, offers__active=True
        )
        rooms = Resource.objects.filter(store=store, active=True).exclude(kind=ResourceKind.PRACTITIONER)
        choices = {
            "service": [(str(one.id), one.name) for one in offered.distinct()],
            "practitioner": [
                ("", _("Nobody in particular")),
                *((str(p.id), p.name) for p in practitioners_at(store.id)),
            ],
            "resource": [("", _("No room")), *((str(room.id), room.name) for room in rooms)],
        }
        for name, options in choices.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]
            self.fields[name].widget.choices = options

    def plan(self) -> Plan:
        """What was said, as the domain reads it."""
        cleaned = self.cleaned_data
        return Plan(
            capacity=cleaned["capacity"],
            minimum=cleaned["minimum"] or 0,
            practitioner_id=UUID(cleaned["practitioner"]) if cleaned["practitioner"] else None,
            resource_id=UUID(cleaned["resource"]) if cleaned["resource"] else None,
        )

    @property
    def asks_why(self) -> bool:
        """Whether it may stand outside hours and shifts once it is said why."""
        return isinstance(self.refusal, OVERRULED) or bool(self.data.get("outside"))

    def starts_at(self, zone: ZoneInfo) -> datetime:
        """The first session's start."""
        return resolve_local(self.cleaned_data["day"], self.cleaned_data["clock"], zone)


def _chosen(request: HttpRequest, office: Office, action: Action) -> tuple[list[Store], Store | None]:
    """The stores where the action is theirs, and the one in the address or the first. Raises NotSeen."""
    stores = office.stores(action)
    asked = request.GET.get("store")
    store = next((one for one in stores if str(one.id) == asked), None if asked else next(iter(stores), None))
    if asked and store is None:
        raise NotSeen
    return stores, store


@require_safe
@planners
def show_sessions(request: HttpRequest, office: Office) -> HttpResponse:
    """A store's sessions of the next four weeks, and its pickup plan."""
    return _sessions_page(request, office)


def _sessions_page(request: HttpRequest, office: Office, refusal: Refusal | None = None) -> HttpResponse:
    stores, store = _chosen(request, office, Action.PLAN_SESSIONS)
    context: dict[str, Any] = {
        "page_title": _("Sessions and pickups"),
        "stores": stores,
        "store": store,
        "refusal": refusal,
    }
    if store is not None:
        zone = ZoneInfo(store.time_zone)
        today = local_date(office.now, zone)
        found = find_sessions(store.id, first=today, end=today + AHEAD, zone=zone).order_by("starts_at")
        context |= {
            "zone": store.time_zone,
            "sessions": [
                {
                    "row": one,
                    "state": session_state(one, now=office.now),
                    "begun": one.starts_at <= office.now,
                }
                for one in found
            ],
            "spans": [
                {
                    "row": row,
                    "weekday": NAMES[row.weekday],
                    "starts": clock_of(row.starts),
                    "ends": clock_of(row.ends),
                }
                for row in PickupPlan.objects.filter(store=store)
            ],
            "windows": PickupWindow.objects.filter(store=store, open=True, ends_at__gt=office.now).count(),
            "has_pickup": _pickup_service(store) is not None,
        }
    status = refusal.status if refusal else 200
    return show(request, office, "manage/sessions.html", context, current="sessions", status=status)


@require_http_methods(["GET", "POST"])
@planners
def plan_session(request: HttpRequest, office: Office, store_id: UUID) -> HttpResponse:
    """The form of a session, and the sessions it makes: all or none."""
    store = office.store(store_id, Action.PLAN_SESSIONS)
    zone = ZoneInfo(store.time_zone)
    initial = {
        "day": (local_date(office.now, zone) + timedelta(days=1)).isoformat(),
        "capacity": 12,
        "weeks": 4,
    }
    form = SessionForm(request.POST or None, initial=initial, store=store)
    back = f"{reverse('manage:sessions')}?store={store.id}"
    if request.method == "POST" and form.is_valid():
        weeks = form.cleaned_data["weeks"]
        if form.takes(
            lambda: plan_sessions(
                UUID(form.cleaned_data["service"]),
                store_id=store.id,
                starts_at=form.starts_at(zone),
                plan=form.plan(),
                weeks=weeks,
                outside=form.cleaned_data["outside"].strip() or None,
                by=office.actor,
                now=office.now,
            )
        ):
            words = ngettext("%(count)s session planned", "%(count)s sessions planned", weeks)
            return done(request, back, words % {"count": weeks})
    return show_form(
        request,
        office,
        "manage/sessions/_edit.html",
        {"form": form, "store": store},
        title=_("Plan sessions"),
        current="sessions",
        back=back,
        back_label=_("Sessions and pickups"),
        save_label=_("Plan them"),
        refused=request.method == "POST",
    )


@require_POST
@planners
def call_off(request: HttpRequest, office: Office, session_id: UUID) -> HttpResponse:
    """A session does not take place; whoever booked is told."""
    try:
        session = call_off_session(
            session_id, by=office.actor, now=office.now, reason=request.POST.get("reason", "").strip()[:200]
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _sessions_page(request, office, refusal)
    back = f"{reverse('manage:sessions')}?store={session.store_id}"
    return done(request, back, _("Called off, and whoever booked is told"))


class PickupForm(OfficeForm):
    """Windows of every chosen weekday between two times."""

    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("Days"),
        choices=[(str(day), words) for day, words in NAMES.items()],
        required=False,
    )
    starts = ClockField(label=gettext_lazy("From"))
    ends = ClockField(label=gettext_lazy("Until"))
    minutes = forms.IntegerField(label=gettext_lazy("Minutes a window"), min_value=5, max_value=1440)
    cap = forms.IntegerField(label=gettext_lazy("Orders a window"), min_value=1, max_value=9999)

    domain_names = {"rows": "starts"}

    def rows(self) -> list[PlanRow]:
        """The plan as the domain reads it."""
        cleaned = self.cleaned_data
        return [
            PlanRow(int(day), cleaned["starts"], cleaned["ends"], cleaned["minutes"], cleaned["cap"])
            for day in cleaned["weekdays"]
        ]

    def weekday_options(self) -> list[dict[str, Any]]:
        """The days as chips."""
        chosen = self["weekdays"].value() or []
        choices = self.fields["weekdays"].choices  # type: ignore[attr-defined]
        return [{"value": key, "label": words, "checked": key in chosen} for key, words in choices]


def _pickup_service(store: Store) -> Service | None:
    offered = Service.objects.filter(booked_as=BookedAs.PICKUP, active=True, offers__store=store)
    return offered.filter(offers__active=True).order_by("position").first()


@require_http_methods(["GET", "POST"])
@planners
def plan_pickup(request: HttpRequest, office: Office, store_id: UUID) -> HttpResponse:
    """The weekly plan of pickups; saving it replaces the old one."""
    store = office.store(store_id, Action.PLAN_SESSIONS)
    service = _pickup_service(store)
    if service is None:
        raise NotSeen
    kept = list(PickupPlan.objects.filter(store=store))
    first = kept[0] if kept else None
    initial = {
        "weekdays": sorted({str(row.weekday) for row in kept}) or [str(day) for day in range(1, 8)],
        "starts": first.starts if first else 600,
        "ends": first.ends if first else 1200,
        "minutes": first.minutes if first else 60,
        "cap": first.cap if first else 5,
    }
    form = PickupForm(request.POST or None, initial=initial)
    back = f"{reverse('manage:sessions')}?store={store.id}"
    if (
        request.method == "POST"
        and form.is_valid()
        and form.takes(
            lambda: plan_pickups(store.id, service.id, form.rows(), by=office.actor, now=office.now)
        )
    ):
        return done(request, back, _("Pickup windows laid for two weeks"))
    return show_form(
        request,
        office,
        "manage/sessions/_pickup.html",
        {"form": form, "store": store},
        title=_("Pickup windows"),
        current="sessions",
        back=back,
        back_label=_("Sessions and pickups"),
        save_label=_("Save the plan"),
        refused=request.method == "POST",
    )
