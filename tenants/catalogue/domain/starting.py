"""What a new shop's catalogue begins with: the services its verticals' manifests name."""

from __future__ import annotations

from chains.ports import ChainStart
from tenants.catalogue.models import Offer, Service
from tenants.extension.manifest import ServiceTemplate, Words, words
from tenants.extension.registry import vertical
from tenants.people.models import Skill
from tenants.stores.models import Store


def start_catalogue(start: ChainStart) -> None:
    """Add the services of the chain's verticals, offered at every store there is. Idempotent.

    A service without a price in the chain's currency is added at zero and kept off the shop's pages
    until its owner sets one.
    """
    chain = start.chain
    stores = list(Store.objects.all())
    for code in chain.verticals:
        manifest = vertical(code)
        for position, template in enumerate(manifest.services if manifest else ()):
            service = add_service(template, locale=chain.locale, currency=chain.currency, position=position)
            Offer.objects.bulk_create(
                (Offer(service=service, store=store) for store in stores), ignore_conflicts=True
            )


def add_service(template: ServiceTemplate, *, locale: str, currency: str, position: int) -> Service:
    """The service of a template in the chain's language, with the other languages beside it."""
    price = template.prices.get(currency)
    service, _created = Service.objects.get_or_create(
        name=words(template.names, locale),
        defaults={
            "description": words(template.descriptions, locale),
            "category": words(template.category, locale),
            "translations": _other_languages(template, locale),
            "minutes": template.minutes,
            "prepare": template.prepare,
            "clean_up": template.clean_up,
            "step": template.step,
            "booked_as": template.booked_as,
            "price_amount": price or 0,
            "currency": currency,
            "online": price is not None,
            "position": position,
        },
    )
    skill, _created = Skill.objects.get_or_create(name=words(template.skill, locale))
    service.skills.add(skill)
    return service


def _other_languages(template: ServiceTemplate, locale: str) -> dict[str, dict[str, str]]:
    fields: dict[str, Words] = {
        "name": template.names,
        "description": template.descriptions,
        "category": template.category,
    }
    return {
        language: {field: texts[language] for field, texts in fields.items()}
        for language in template.names
        if language.lower() != locale.lower()
    }
