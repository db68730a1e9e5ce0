"""A plan as a page shows it, and what was chosen on it: the same at the desk and in the shop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tenants.booking.domain.plans import Placed
from tenants.booking.domain.series_changes import Moved
from tenants.people.models import Employee
from web.formats import format_moment

# How many other times a refused one offers.
MOST_OPTIONS = 6


@dataclass(frozen=True, slots=True)
class Option:
    """Another time for a part that is not free; an empty value leaves it out."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One part of a plan: free at `value`, or refused in `words` with `options` instead."""

    name: str
    title: str
    second: str
    value: str
    words: str
    options: tuple[Option, ...]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The options as a select takes them."""
        return [(option.value, option.words) for option in self.options]


def plan_rows(
    placed: Iterable[Placed | Moved], *, zone: ZoneInfo, today: date, titles: Sequence[str] = ()
) -> list[PlanRow]:
    """The rows of a plan, one query for the names. `titles` say who, for a party."""
    parts = list(placed)
    names = dict(Employee.objects.filter(id__in=_people(parts)).values_list("id", "name"))
    rows = []
    for index, one in enumerate(parts):
        starts_at = one.part.starts_at if isinstance(one, Placed) else one.time.starts_at
        when = _said(starts_at, zone, today)
        title = f"{titles[index]} · {when}" if titles else when
        person = one.booking.practitioner_id if one.booking is not None else None
        value = choice_text(starts_at, person) if one.booking is not None else ""
        rows.append(
            PlanRow(
                name=f"choice_{index}",
                title=title,
                second=names.get(person, "") if person else "",
                value=value,
                words=one.refusal.sentence() if one.refusal is not None else "",
                options=_options(one, names, zone, today),
            )
        )
    return rows


def _people(parts: Iterable[Placed | Moved]) -> set[UUID]:
    found = {one.booking.practitioner_id for one in parts if one.booking is not None}
    for one in parts:
        for slot in _alternatives(one):
            found |= {UUID(str(person)) for person in slot["practitioners"][:1]}
    return {person for person in found if person is not None}


def _alternatives(one: Placed | Moved) -> list[Mapping[str, list[str]]]:
    return list(one.refusal.extra.get("alternatives", ())) if one.refusal is not None else []


def _options(
    one: Placed | Moved, names: Mapping[UUID, str], zone: ZoneInfo, today: date
) -> tuple[Option, ...]:
    if one.refusal is None:
        return ()
    found = [Option("", _("Leave this one out"))]
    for slot in _alternatives(one)[:MOST_OPTIONS]:
        starts_at = datetime.fromisoformat(str(slot["starts_at"]))
        person = UUID(str(slot["practitioners"][0])) if slot["practitioners"] else None
        who = names.get(person, "") if person else ""
        words = _said(starts_at, zone, today)
        found.append(Option(choice_text(starts_at, person), f"{words} · {who}" if who else words))
    return tuple(found)


def _said(moment: datetime, zone: ZoneInfo, today: date) -> str:
    return format_moment(
        moment.astimezone(zone), language=get_language() or "en", today=today, relative=False
    )


def choice_text(starts_at: datetime, person: UUID | None) -> str:
    """A time and a person as a form carries them."""
    return f"{starts_at.isoformat()}|{person or ''}"


def read_choices(form: Mapping[str, str], count: int) -> list[tuple[int, datetime, UUID | None]]:
    """What was chosen for each part: (index, when, by whom); what was left out or cannot be read is not there."""
    found = []
    for index in range(count):
        when, _bar, who = form.get(f"choice_{index}", "").partition("|")
        try:
            starts_at = datetime.fromisoformat(when)
            person = UUID(who) if who else None
        except ValueError:
            continue
        if starts_at.tzinfo is not None:
            found.append((index, starts_at, person))
    return found
