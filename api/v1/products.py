"""`products`: what is sold by the piece, and how many of it a store has."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Body, ListQuery, Money, money_document
from api.pagination import page_of
from api.v1.forms import Version, read_price, words_of
from api.views import Endpoint
from tenants.booking.domain import stock
from tenants.booking.domain.sessions import left_of
from tenants.booking.models import Stock, StockReason
from tenants.catalogue.domain import products
from tenants.catalogue.domain.products import ProductFields
from tenants.catalogue.models import Product

_SMALL = 32767


class ProductOut(serializers.Serializer[Any]):
    """A product. `left`, with one store asked for, is what can still be booked there; else null."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    price = Money()
    left = serializers.IntegerField(allow_null=True)
    active = serializers.BooleanField()
    position = serializers.IntegerField()
    version = serializers.IntegerField()


class ProductPage(serializers.Serializer[Any]):
    """A page of products."""

    results = ProductOut(many=True)
    next = serializers.URLField(allow_null=True)


class ProductQuery(ListQuery):
    """What one store sells."""

    store = serializers.UUIDField(required=False)


class ProductBody(Body):
    """A new product."""

    name = serializers.CharField(max_length=120)
    price = Money()
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    position = serializers.IntegerField(min_value=0, max_value=_SMALL, required=False)
    active = serializers.BooleanField(required=False)


class ProductChange(ProductBody, Version):
    """What is to change; the rest stays."""

    name = serializers.CharField(max_length=120, required=False)
    price = Money(required=False)


class StockBody(Body):
    """A change by `units` for a `reason`, or what was `counted`: one of both."""

    store = serializers.UUIDField()
    units = serializers.IntegerField(min_value=-stock.MOST, max_value=stock.MOST, required=False)
    counted = serializers.IntegerField(min_value=0, max_value=stock.MOST, required=False)
    reason = serializers.ChoiceField(choices=[str(reason) for reason in stock.BY_HAND], default="delivered")
    note = serializers.CharField(max_length=200, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of `units` and `counted`."""
        if ("units" in attrs) == ("counted" in attrs):
            raise serializers.ValidationError(
                {"units": [serializers.Field().error_messages["required"]]}, "required"
            )
        return attrs


class StockOut(serializers.Serializer[Any]):
    """What a store has of a product: units there, reserved by bookings, and left."""

    product = serializers.UUIDField()
    store = serializers.UUIDField()
    there = serializers.IntegerField()
    reserved = serializers.IntegerField()
    left = serializers.IntegerField()


def product_documents(rows: list[Product], *, store_id: UUID | None = None) -> list[dict[str, Any]]:
    """Products as the API writes them; one query for what a store has left of them."""
    left: dict[UUID, int] = {}
    if store_id is not None:
        stocks = Stock.objects.select_related("pool").filter(store_id=store_id, product__in=rows)
        left = {stock.product_id: left_of(stock.pool) for stock in stocks}
    return [
        {
            "id": str(row.id),
            "name": words_of(row, "name"),
            "description": words_of(row, "description"),
            "price": money_document(row.price_amount, row.currency),
            "left": left.get(row.id),
            "active": row.active,
            "position": row.position,
            "version": row.version,
        }
        for row in rows
    ]


class Products(Endpoint):
    """The chain's products."""

    who_reads = "anyone"

    @extend_schema(operation_id="products_list", parameters=[ProductQuery], responses=ProductPage)
    def get(self, request: Request) -> Response:
        """What can be bought; with `store`, what it sells. Employees also see what is retired."""
        store_id = self.query(ProductQuery).get("store")
        rows: QuerySet[Product] = Product.objects.all()
        if not self.actor.is_employee:
            rows = rows.filter(active=True)
        if store_id is not None:
            rows = rows.filter(stocks__store_id=store_id, stocks__store__active=True)
        return Response(
            page_of(
                rows,
                request,
                key=["position", "name", "id"],
                document=lambda found: product_documents(found, store_id=store_id),
            )
        )

    @extend_schema(operation_id="products_create", request=ProductBody, responses={201: ProductOut})
    def post(self, request: Request) -> Response:
        """A new product; a store sells it once it has a stock of it."""
        body = self.body(ProductBody)
        price = read_price(body.pop("price"))
        assert price is not None
        product = products.create_product(cast(ProductFields, body), price=price, by=self.actor)
        return Response(product_documents([product])[0], status=201)


class OneProduct(Endpoint):
    """One product."""

    @extend_schema(operation_id="products_change", request=ProductChange, responses=ProductOut)
    def patch(self, request: Request, product_id: UUID) -> Response:
        """Change what is named."""
        body = self.body(ProductChange)
        price, version = read_price(body.pop("price", None)), body.pop("version", None)
        product = products.change_product(
            product_id, cast(ProductFields, body), price=price, version=version, by=self.actor
        )
        return Response(product_documents([product])[0])


class StockOf(Endpoint):
    """How many units of a product a store has."""

    @extend_schema(operation_id="products_stock", request=StockBody, responses=StockOut)
    def post(self, request: Request, product_id: UUID) -> Response:
        """Change it, with the reason; the log keeps it."""
        asked = self.body(StockBody)
        where = {"by": self.actor, "now": self.now, "note": asked["note"]}
        if "counted" in asked:
            found = stock.count_stock(asked["store"], product_id, counted=asked["counted"], **where)
        else:
            reason = StockReason(asked["reason"])
            found = stock.adjust_stock(
                asked["store"], product_id, units=asked["units"], reason=reason, **where
            )
        pool = found.pool
        return Response(
            {
                "product": str(product_id),
                "store": str(found.store_id),
                "there": pool.capacity,
                "reserved": pool.taken,
                "left": left_of(pool),
            }
        )


urls = [
    path("products", Products.as_view()),
    path("products/<uuid:product_id>", OneProduct.as_view()),
    path("products/<uuid:product_id>/stock", StockOf.as_view()),
]
