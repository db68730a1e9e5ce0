"""What a vertical says of itself: one frozen manifest, found by its entry point.

Texts are dicts by language, {"zh-Hans": …, "en": …}. Prices are minor units by currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenants.extension.hooks import Hooks

Words = Mapping[str, str]
NO_HOOKS = Hooks()


@dataclass(frozen=True, slots=True)
class ServiceTemplate:
    """A service that a new shop of this industry begins with; minutes are whole."""

    names: Words
    descriptions: Words
    category: Words
    minutes: int
    prices: Mapping[str, int]
    skill: Words
    prepare: int = 0
    clean_up: int = 0
    step: int = 30
    booked_as: str = "time"  # or "session", "pickup": see catalogue.models.BookedAs


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A practitioner of the demo, with the skills (English words) of the services offered.

    `thing` is the place, among the store's, of the room or table where this person works.
    """

    name: str
    skills: tuple[str, ...]
    thing: int | None = None


@dataclass(frozen=True, slots=True)
class DemoThing:
    """A room, table, station or piece of equipment of a demo's store, for up to `capacity` people."""

    names: Words
    kind: str
    capacity: int = 1


@dataclass(frozen=True, slots=True)
class DemoStore:
    """A store of the demo chain. `opens` and `closes` are local minutes after midnight, `place` is latitude and longitude."""

    names: Words
    address: Words
    directions: Words
    opens: int
    closes: int
    people: tuple[DemoPerson, ...]
    franchise: bool = False
    things: tuple[DemoThing, ...] = ()
    place: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class DemoSession:
    """A weekly session in every store of the demo: its service, and who gives it by place in the store (-1: the last).

    `starts` is in local minutes after midnight; `thing` is the place, among the store's, of the room it is in.
    """

    service: str
    weekdays: tuple[int, ...]
    starts: int
    seats: int
    minimum: int = 0
    person: int | None = None
    thing: int | None = None


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product of the demo, and how many units each store has of it."""

    names: Words
    descriptions: Words
    prices: Mapping[str, int]
    units: int


@dataclass(frozen=True, slots=True)
class DemoPickup:
    """The pickup windows of every day in every store of the demo, in local minutes; `cap` orders in each."""

    service: str
    starts: int
    ends: int
    minutes: int
    cap: int


@dataclass(frozen=True, slots=True)
class DemoPass:
    """A pass that some members of the demo have, for the services named (in English)."""

    names: Words
    credits: int
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoChain:
    """A chain of the demo. `busy_hours` weighs local hours, `busy_weekdays` ISO weekdays 1–7.

    `takes` says which kind of thing a service (its English name) takes beside its person, `deposits` what is
    paid ahead for one, in minor units.
    """

    slug: str
    names: Words
    taglines: Words
    accent: str
    locale: str
    time_zone: str
    currency: str
    country: str
    stores: tuple[DemoStore, ...]
    busy_hours: Mapping[int, float]
    busy_weekdays: Mapping[int, float] = field(default_factory=dict)
    no_show_share: float = 0.04
    cancel_share: float = 0.08
    sessions: tuple[DemoSession, ...] = ()
    products: tuple[DemoProduct, ...] = ()
    pickups: tuple[DemoPickup, ...] = ()
    passes: tuple[DemoPass, ...] = ()
    takes: Mapping[str, str] = field(default_factory=dict)
    deposits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One industry. `code` names its package, its switch and its answers; `icon` is one of the design system's.

    `order` is the place among verticals: in lists, and in whose hooks are asked first. `api` names the
    module whose `urlpatterns` stand under /api/v1/<code>/, at chains that run it. Models, migrations,
    templates, static files and translations are those of its Django app, which the manifest lies in.
    """

    code: str
    names: Words
    icon: str
    order: int
    services: tuple[ServiceTemplate, ...]
    demo: tuple[DemoChain, ...] = ()
    hooks: Hooks = NO_HOOKS
    api: str = ""

    def name(self, language: str) -> str:
        """The name in a language; English where there is none."""
        return words(self.names, language)


def words(texts: Words, language: str) -> str:
    """The text in a language (any case, such as Django's zh-hans); English where there is none."""
    for code, text in texts.items():
        if code.lower() == language.lower():
            return text
    return texts["en"]
