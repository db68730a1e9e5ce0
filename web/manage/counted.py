"""What is counted: the plan of sessions, pickup windows, products and their stock."""

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
from tenants.booking.domain.pickups import PlanRow, plan_pickups
from tenants.booking.domain.sessions import (
    MOST_SEATS,
    MOST_WEEKS,
    Plan,
    call_off_session,
    find_sessions,
    plan_sessions,
    session_state,
)
from tenants.booking.domain.stock import MOST, count_stock
from tenants.booking.models import PickupPlan, PickupWindow, Stock
from tenants.catalogue.domain.products import ProductFields, change_product, create_product
from tenants.catalogue.domain.services import Price
from tenants.catalogue.models import BookedAs, Product, Service
from tenants.people.domain.rights import Action, NotSeen
from tenants.people.domain.week import practitioners_at
from tenants.stores.domain.wall import local_date, resolve_local
from tenants.stores.models import Resource, ResourceKind, Store
from web.manage.access import Office, in_office
from web.manage.forms import ClockField, MoneyField, OfficeForm, clock_of
from web.manage.frame import done, show, show_form
from web.manage.weekly import NAMES

planners = in_office(Action.PLAN_SESSIONS)
sellers = in_office(Action.MANAGE_CATALOGUE)
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


class ProductForm(OfficeForm):
    """A product, and what each store has of it."""

    domain_names = {"price": "amount"}

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=300, required=False)
    active = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, currency: str, stores: list[Store], there: dict[UUID, int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.currency, self.stores, self.there = currency, stores, there
        self.fields["amount"] = MoneyField(currency=currency, label=_("Price"))
        for store in stores:
            self.fields[f"there-{store.id}"] = forms.IntegerField(
                label=store.name, min_value=0, max_value=MOST, required=False, initial=there.get(store.id)
            )

    def words(self) -> ProductFields:
        """What was said of it."""
        cleaned = self.cleaned_data
        return {"name": cleaned["name"], "description": cleaned["description"], "active": cleaned["active"]}

    def price(self) -> Price:
        """In minor units."""
        return Price(self.cleaned_data["amount"], self.currency)

    def counts(self) -> list[tuple[UUID, int]]:
        """Stores whose number was changed."""
        given = [(store.id, self.cleaned_data.get(f"there-{store.id}")) for store in self.stores]
        return [(at, number) for at, number in given if number is not None and number != self.there.get(at)]

    def stock_fields(self) -> list[Any]:
        """The fields of the stores."""
        return [self[f"there-{store.id}"] for store in self.stores]


@require_safe
@sellers
def show_products(request: HttpRequest, office: Office) -> HttpResponse:
    """The chain's products with their price and how many each store has."""
    stocks: dict[UUID, list[Stock]] = {}
    for stock in Stock.objects.select_related("pool", "store").order_by("store__position", "store__name"):
        stocks.setdefault(stock.product_id, []).append(stock)
    rows = [{"product": product, "stocks": stocks.get(product.id, [])} for product in Product.objects.all()]
    context = {"page_title": _("Products"), "rows": rows}
    return show(request, office, "manage/products.html", context, current="products")


@require_http_methods(["GET", "POST"])
@sellers
def new_product(request: HttpRequest, office: Office) -> HttpResponse:
    """The form of a new product."""
    return _product(request, office, None)


@require_http_methods(["GET", "POST"])
@sellers
def edit_product(request: HttpRequest, office: Office, product_id: UUID) -> HttpResponse:
    """Name, price and stock of one product."""
    product = Product.objects.filter(id=product_id).first()
    if product is None:
        raise NotSeen
    return _product(request, office, product)


def _product(request: HttpRequest, office: Office, product: Product | None) -> HttpResponse:
    currency = product.currency if product else office.chain.currency
    stores = [one for one in office.stores(Action.ADJUST_STOCK) if one.currency == currency]
    there = (
        dict(Stock.objects.filter(product=product).values_list("store_id", "pool__capacity"))
        if product
        else {}
    )
    initial = (
        {
            "name": product.name,
            "description": product.description,
            "amount": product.price_amount,
            "active": product.active,
            "version": product.version,
        }
        if product
        else {"active": True}
    )
    form = ProductForm(request.POST or None, initial=initial, currency=currency, stores=stores, there=there)

    def save() -> None:
        fields, price = form.words(), form.price()
        kept = (
            change_product(
                product.id, fields, price=price, version=form.cleaned_data["version"], by=office.actor
            )
            if product
            else create_product(fields, price=price, by=office.actor)
        )
        for store_id, counted in form.counts():
            count_stock(store_id, kept.id, counted=counted, by=office.actor, now=office.now)

    if request.method == "POST" and form.is_valid() and form.takes(save):
        return done(request, reverse("manage:products"), _("Saved"))
    return show_form(
        request,
        office,
        "manage/products/_edit.html",
        {"form": form},
        title=product.name if product else _("New product"),
        current="products",
        back=reverse("manage:products"),
        back_label=_("Products"),
        save_label=_("Save"),
        refused=request.method == "POST",
    )
