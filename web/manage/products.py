"""Products with their price, and what each store has of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from tenants.booking.domain.stock import MOST, count_stock
from tenants.booking.models import Stock
from tenants.catalogue.domain.products import ProductFields, change_product, create_product
from tenants.catalogue.domain.services import Price
from tenants.catalogue.models import Product
from tenants.people.domain.rights import Action, NotSeen
from tenants.stores.models import Store
from web.manage.access import Office, in_office
from web.manage.forms import MoneyField, OfficeForm
from web.manage.frame import done, show, show_form

sellers = in_office(Action.MANAGE_CATALOGUE)


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
