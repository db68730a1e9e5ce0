"""Products: what is sold by the piece, and for how much."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from chains.refusals import require_version
from tenants.catalogue.models import Product
from tenants.people.domain.rights import Action, Actor, NotSeen, require

from .services import Price


class ProductFields(TypedDict, total=False):
    """What can be said of a product."""

    name: str
    description: str
    translations: dict[str, dict[str, str]]
    active: bool
    position: int


def create_product(fields: ProductFields, *, price: Price, by: Actor) -> Product:
    """A new product; it is sold at a store once the store has a stock of it. Raises Forbidden."""
    require(by, Action.MANAGE_CATALOGUE)
    return Product.objects.create(**fields, price_amount=price.amount, currency=price.currency)


def change_product(
    product_id: UUID,
    fields: ProductFields,
    *,
    by: Actor,
    price: Price | None = None,
    version: int | None = None,
) -> Product:
    """Change what is given; the currency stays. What was booked keeps its price. Raises NotSeen, Forbidden,
    StaleVersion.
    """
    require(by, Action.MANAGE_CATALOGUE)
    product = Product.objects.select_for_update().filter(id=product_id).first()
    if product is None:
        raise NotSeen
    require_version(product.version, version)
    for field, value in fields.items():
        setattr(product, field, value)
    if price is not None:
        product.price_amount = price.amount
    product.version += 1
    product.save()
    return product
