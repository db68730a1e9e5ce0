"""Every place where a vertical can add something, in one file. docs/verticals.md teaches them one by one.

A hook is a field of `Hooks`: what it is asked with is a frozen dataclass, what it answers too. It is asked
only where its vertical is switched on at the store, the core first, then verticals in their manifests'
order. `needs`, `rules` and `steps` decide: an error in them refuses the booking (`vertical_failed`).
`panels`, `messages` and `metrics` advise: an error in them is logged, and the page goes on without.
Moments are aware UTC, spans half-open, minutes whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from chains.refusals import Text

Details = Mapping[str, Any]
NO_DETAILS: Details = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NeedsAsked:
    """A service, `minutes` long, at a store where the vertical is on."""

    service_id: UUID
    minutes: int


@dataclass(frozen=True, slots=True)
class ExtraNeed:
    """Something the booking claims beside its practitioner: `count` free resources of `kind` at the store.

    Claimed from `before` minutes ahead of the start to `after` minutes past the end. `tags` are asked of
    them; `fits_party` asks for one that suits the party's size.
    """

    kind: str
    before: int = 0
    after: int = 0
    tags: tuple[str, ...] = ()
    count: int = 1
    fits_party: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """A booking about to be made or moved. `details` are the vertical's own answers.

    `complete` is False while a visitor only keeps the time and has answered nothing yet; `moves` is True
    for a booking that stands already.
    """

    store_id: UUID
    service_id: UUID
    starts_at: datetime
    ends_at: datetime
    party_size: int
    member_id: UUID | None
    by_staff: bool
    now: datetime
    details: Details = field(default_factory=dict)
    complete: bool = True
    moves: bool = False


@dataclass(frozen=True, slots=True)
class StepsAsked:
    """A service at a store that is being booked, by staff or by a member."""

    store_id: UUID
    service_id: UUID
    by_staff: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `least` and `most` bound a number, `longest` a text, `choices` are (value, words).

    `fills` puts the answer into the booking's own column instead of its details.
    """

    name: str
    label: Text
    kind: Literal["text", "number", "choice", "check"] = "text"
    required: bool = False
    least: int | None = None
    most: int | None = None
    longest: int = 200
    choices: tuple[tuple[str, Text], ...] = ()
    placeholder: Text = ""
    help: Text = ""
    initial: Any = None
    fills: Literal["", "note", "party_size"] = ""


@dataclass(frozen=True, slots=True)
class PanelAsked:
    """A booking that somebody at the desk looks at; `details` are the vertical's own answers."""

    booking_id: UUID
    store_id: UUID
    service_id: UUID
    member_id: UUID | None
    status: str
    may_change: bool
    now: datetime
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the booking's panel: a template with its context, found where Django finds templates."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageAsked:
    """A message about a booking, `kind` as in the outbox (`booking.confirmed`); its language is active."""

    kind: str
    booking_id: UUID
    code: str
    store_id: UUID
    service_id: UUID
    starts_at: datetime
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetricAsked:
    """The stores whose figures are asked for, over `[start, end)`."""

    store_ids: tuple[UUID, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of the reports: declared once, read when a page shows it. Percent are whole."""

    key: str
    label: Text
    read: Callable[[MetricAsked], int | None]
    unit: Literal["count", "percent"] = "count"


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a vertical, or a part of the core, adds. Leave out what you do not need."""

    needs: Callable[[NeedsAsked], Sequence[ExtraNeed]] | None = None
    """What a booking claims beside its practitioner: all of it is taken with the booking, or nothing is."""

    rules: Callable[[Wish], None] | None = None
    """Refuses a booking by raising a Refusal of your own, with its code, its sentence and the way out."""

    steps: Callable[[StepsAsked], Sequence[Field]] | None = None
    """What whoever books is asked; the answers are checked, and kept with the booking under your code."""

    panels: Callable[[PanelAsked], Sequence[Panel]] | None = None
    """What the desk sees of a booking beside its own lines."""

    messages: Callable[[MessageAsked], str] | None = None
    """A sentence added to the text a member is sent about a booking; nothing where it is empty."""

    metrics: tuple[Metric, ...] = ()
    """Figures of the owner's overview and reports."""
