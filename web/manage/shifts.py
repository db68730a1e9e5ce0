"""Shifts: a store's week, each person's usual week, single days, leave."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.catalogue.domain.warnings import warn_of_stores
from tenants.people.domain.rights import Action, NotSeen
from tenants.people.domain.shifts import DatedShift, WeekShift, add_leave, cancel_leave, set_days, set_week
from tenants.people.domain.week import PlannedDay, practitioners_at, read_week
from tenants.people.models import Employee, Leave, WeeklyShift
from tenants.stores.domain.wall import DateMalformed, local_date, local_day, parse_day
from tenants.stores.models import Store
from web.formats import format_day
from web.manage.access import Office, in_office
from web.manage.forms import ClockField, OfficeForm, clock_of
from web.manage.frame import done, show, show_form
from web.manage.weekly import WeekForm

planners = in_office(Action.MANAGE_SHIFTS)


class DayForm(OfficeForm):
    """One date: works from until, in two parts if need be, or not at all."""

    works = forms.ChoiceField(choices=[("yes", gettext_lazy("Works")), ("no", gettext_lazy("Day off"))])
    starts = ClockField(label=gettext_lazy("From"), required=False)
    ends = ClockField(label=gettext_lazy("Until"), required=False)
    starts_2 = ClockField(label=gettext_lazy("After a break from"), required=False)
    ends_2 = ClockField(label=gettext_lazy("Until"), required=False)

    def clean(self) -> dict[str, Any]:
        """A working day has both times."""
        cleaned = super().clean() or {}
        if cleaned.get("works") == "yes":
            for name in ("starts", "ends"):
                if name not in self.errors and cleaned.get(name) is None:
                    self.add_error(name, _("Fill this in."))
            if (cleaned.get("starts_2") is None) != (cleaned.get("ends_2") is None):
                self.add_error("starts_2", _("Write both times."))
        return cleaned

    def shifts(self, on: date) -> list[DatedShift]:
        """The date as the domain reads it."""
        cleaned = self.cleaned_data
        if cleaned["works"] == "no":
            return [DatedShift(on, None, None)]
        spans = [(cleaned["starts"], cleaned["ends"]), (cleaned["starts_2"], cleaned["ends_2"])]
        return [DatedShift(on, starts, ends) for starts, ends in spans if starts is not None]

    def works_options(self) -> list[dict[str, Any]]:
        """Works, or a day off."""
        value = self["works"].value()
        choices = self.fields["works"].choices  # type: ignore[attr-defined]
        return [{"value": key, "label": words, "checked": key == value} for key, words in choices]


class LeaveForm(OfficeForm):
    """Whole days away; the last one counts."""

    domain_names = {"!leave_backwards": "last"}

    first = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)


@require_safe
@planners
def show_shifts(request: HttpRequest, office: Office) -> HttpResponse:
    """A store's week, Monday to Sunday."""
    stores = office.stores(Action.MANAGE_SHIFTS)
    if not stores:
        context: dict[str, Any] = {"page_title": _("Shifts"), "store": None}
        return show(request, office, "manage/shifts.html", context, current="shifts")
    asked = request.GET.get("store")
    store = next((one for one in stores if str(one.id) == asked), None if asked else stores[0])
    if store is None:
        raise NotSeen
    today = local_date(office.now, ZoneInfo(store.time_zone))
    day = _asked_day(request, today)
    first = day - timedelta(day.isoweekday() - 1)
    language = get_language() or "en"
    plan = read_week(store, first, by=office.actor)
    days = [first + timedelta(place) for place in range(7)]
    context = {
        "page_title": _("Shifts"),
        "store": store,
        "stores": stores,
        "days": [
            {"words": format_day(one, language=language, today=today, relative=False), "today": one == today}
            for one in days
        ],
        "rows": [_row(person.employee, person.minutes, person.days, store) for person in plan],
        "before": (first - timedelta(7)).isoformat(),
        "after": (first + timedelta(7)).isoformat(),
        "warnings": warn_of_stores({store.id}, ("nobody_works",)),
        "this_week": today - timedelta(today.isoweekday() - 1) == first,
    }
    return show(request, office, "manage/shifts.html", context, current="shifts")


def _asked_day(request: HttpRequest, today: date) -> date:
    text = request.GET.get("week", "")
    try:
        return parse_day(text) if text else today
    except DateMalformed:
        return today


def _row(employee: Employee, minutes: int, days: tuple[PlannedDay, ...], store: Store) -> dict[str, Any]:
    cells = []
    for day in days:
        hours = [f"{clock_of(starts)}–{clock_of(ends)}" for starts, ends in day.hours]
        url = reverse("manage:shift_day", args=[store.id, employee.id, day.on.isoformat()])
        cells.append({"hours": hours, "dated": day.dated, "leave": day.leave, "url": url})
    return {
        "employee": employee,
        "hours": round(minutes / 60, 1),
        "cells": cells,
        "week_url": reverse("manage:shift_week", args=[store.id, employee.id]),
        "leave_url": reverse("manage:shift_leave", args=[store.id, employee.id]),
    }


def _place(office: Office, store_id: UUID, employee_id: UUID) -> tuple[Store, Employee]:
    """The store and one of its practitioners. Raises NotSeen."""
    store = office.store(store_id, Action.MANAGE_SHIFTS)
    employee = next((one for one in practitioners_at(store.id) if one.id == employee_id), None)
    if employee is None:
        raise NotSeen
    return store, employee


def _form(
    request: HttpRequest, office: Office, body: str, context: dict[str, Any], title: str, back: str
) -> HttpResponse:
    return show_form(
        request,
        office,
        f"manage/shifts/{body}.html",
        context,
        title=title,
        current="shifts",
        back=back,
        back_label=_("Shifts"),
        save_label=_("Save"),
        refused=request.method == "POST",
    )


def _back(store: Store, day: date | None = None) -> str:
    query = {"store": str(store.id)} | ({"week": day.isoformat()} if day else {})
    return reverse("manage:shifts", query=query)


@require_http_methods(["GET", "POST"])
@planners
def edit_week(request: HttpRequest, office: Office, store_id: UUID, employee_id: UUID) -> HttpResponse:
    """The person's usual week at the store."""
    store, employee = _place(office, store_id, employee_id)
    kept = WeeklyShift.objects.filter(employee=employee, store=store)
    week = kept.values_list("weekday", "starts", "ends")
    form = WeekForm(request.POST or None, week=week, version=employee.plan_version)
    if request.method == "POST" and form.is_valid():
        shifts, version = [WeekShift(*span) for span in form.spans()], form.cleaned_data["version"]
        if form.takes(lambda: set_week(employee.id, store.id, shifts, by=office.actor, version=version)):
            return done(request, _back(store), _("Shifts saved"))
    title = _("%(name)s's usual week") % {"name": employee.name}
    return _form(request, office, "_week", {"form": form, "store": store}, title, _back(store))


@require_http_methods(["GET", "POST"])
@planners
def edit_day(
    request: HttpRequest, office: Office, store_id: UUID, employee_id: UUID, day: str
) -> HttpResponse:
    """One date that differs."""
    store, employee = _place(office, store_id, employee_id)
    try:
        on = parse_day(day)
    except DateMalformed:
        raise NotSeen from None
    plan = next(one for one in read_week(store, on, by=office.actor) if one.employee.id == employee.id)
    hours = list(plan.days[0].hours)
    initial: dict[str, Any] = {"works": "yes" if hours else "no", "version": employee.plan_version}
    for names, span in zip((("starts", "ends"), ("starts_2", "ends_2")), hours, strict=False):
        initial |= dict(zip(names, span, strict=True))
    form = DayForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        shifts, version = form.shifts(on), form.cleaned_data["version"]
        if form.takes(lambda: set_days(employee.id, store.id, shifts, by=office.actor, version=version)):
            return done(request, _back(store, on), _("The day is changed"))
    today = local_date(office.now, ZoneInfo(store.time_zone))
    words = format_day(on, language=get_language() or "en", today=today, relative=False)
    title = f"{employee.name} · {words}"
    return _form(request, office, "_day", {"form": form, "store": store}, title, _back(store, on))


@require_http_methods(["GET", "POST"])
@planners
def leave(request: HttpRequest, office: Office, store_id: UUID, employee_id: UUID) -> HttpResponse:
    """Days away, in the store's calendar."""
    store, employee = _place(office, store_id, employee_id)
    zone = ZoneInfo(store.time_zone)
    today = local_date(office.now, zone)
    initial = {"first": today.isoformat(), "last": today.isoformat(), "version": employee.plan_version}
    form = LeaveForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        starts: datetime = local_day(first, zone).start
        ends: datetime = local_day(last, zone).end
        told = {name: form.cleaned_data[name] for name in ("reason", "version")}
        told |= {"starts_at": starts, "ends_at": ends}
        if form.takes(lambda: add_leave(employee.id, by=office.actor, **told)):
            return done(request, _back(store, first), _("Leave is noted"))
    rows = [
        {
            "leave": row,
            "first": local_date(row.starts_at, zone),
            "last": local_date(row.ends_at - timedelta(seconds=1), zone),
        }
        for row in Leave.objects.filter(employee=employee, ends_at__gt=office.now).order_by("starts_at")
    ]
    context = {"form": form, "store": store, "employee": employee, "rows": rows}
    title = _("%(name)s's leave") % {"name": employee.name}
    return _form(request, office, "_leave", context, title, _back(store))


@require_POST
@planners
def end_leave(
    request: HttpRequest, office: Office, store_id: UUID, employee_id: UUID, leave_id: UUID
) -> HttpResponse:
    """Take a leave back."""
    store, employee = _place(office, store_id, employee_id)
    cancel_leave(employee.id, leave_id, by=office.actor)
    return done(request, _back(store), _("Leave is taken back"))
