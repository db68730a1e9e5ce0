"""What changing a service means to members and stores, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenants.catalogue.domain.services import OfferAt
from tenants.catalogue.models import Service
from tenants.stores.models import Store


@dataclass(frozen=True, slots=True)
class Draft:
    """A service as it would be: minutes, minor units of its currency, where it would be offered."""

    prepare: int
    minutes: int
    clean_up: int
    amount: int
    online: bool
    offers: Sequence[OfferAt]


@dataclass(frozen=True, slots=True)
class Differences:
    """What a draft changes. A pair is before and after; None where nothing changes.

    `price` in minor units, and `priced_at` the number of stores it holds at: those without a price of
    their own; `calendar` the minutes a visit takes with preparation and clean-up; `gone` and `come` the stores
    that no longer or newly offer it; `hidden` that members no longer see it.
    """

    price: tuple[int, int] | None
    priced_at: int
    calendar: tuple[int, int] | None
    gone: tuple[Store, ...]
    come: tuple[Store, ...]
    hidden: bool

    @property
    def any(self) -> bool:
        """Whether it changes anything at all."""
        return bool(self.price or self.calendar or self.gone or self.come or self.hidden)


def find_differences(service: Service, draft: Draft, *, stores: Sequence[Store]) -> Differences:
    """What publishing the draft changes; the service's offers and their stores are prefetched.

    `stores` are those that the draft's offers may name, in the order to tell them.
    """
    offered = {offer.store_id: offer.store for offer in service.offers.all() if offer.active}
    wanted = {offer.store_id: offer for offer in draft.offers}
    was = service.prepare + service.minutes + service.clean_up
    total = draft.prepare + draft.minutes + draft.clean_up
    return Differences(
        price=(service.price_amount, draft.amount) if draft.amount != service.price_amount else None,
        priced_at=sum(offer.amount is None for offer in draft.offers),
        calendar=(was, total) if total != was else None,
        gone=tuple(store for key, store in offered.items() if key not in wanted),
        come=tuple(store for store in stores if store.id in wanted and store.id not in offered),
        hidden=service.online and not draft.online,
    )
