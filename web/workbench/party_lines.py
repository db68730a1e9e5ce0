"""The lines of a party's form: a service, by whom, for whom, and what the shop's verticals ask of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from chains.refusals import Refusal
from tenants.booking.domain.party_sizes import MOST_PEOPLE, services_for_parties
from tenants.catalogue.domain.practitioners import serving_each
from tenants.catalogue.models import BookedAs, Service
from web.booking_steps import Asked, answers_in, asked_of, vertical_steps
from web.workbench.access import Desk
from web.workbench.asked import asked_uuid
from web.workbench.choosing import services_of

NAME_LENGTH = 120
NONE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was typed; `guest` empty is the one who pays, `people` how many come, `answers` by the names of the form."""

    index: int
    service_id: UUID | None
    person_id: UUID | None
    guest: str
    people: int = 1
    answers: dict[str, str] = field(default_factory=dict)

    def details(self, desk: Desk) -> dict[str, Any]:
        """The answers as the domain takes them."""
        if self.service_id is None:
            return {}
        return answers_in(vertical_steps(desk, self.service_id), self.answers)

    def title(self, names: Mapping[UUID, str]) -> str:
        """For whom and what, beside the time of its row; `names` of services."""
        words = [self.guest, names.get(self.service_id or NONE, "")]
        if self.people > 1:
            words.append(_("%(count)s people") % {"count": self.people})
        return " · ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with the choices of its fields."""

    number: int
    line: Line
    services: list[tuple[str, str]]
    people: list[tuple[str, str]]
    asked: list[Asked]
    takes_several: bool

    @property
    def service(self) -> str:
        """The service that is chosen."""
        return str(self.line.service_id or "")

    @property
    def person(self) -> str:
        """Who is chosen, empty for anybody."""
        return str(self.line.person_id or "")


def read_lines(data: Mapping[str, str], count: int) -> tuple[Line, ...]:
    """The lines of a form that was sent."""
    return tuple(
        Line(
            index,
            asked_uuid(data.get(f"service_{index}", "")),
            asked_uuid(data.get(f"person_{index}", "")),
            data.get(f"guest_{index}", "").strip()[:NAME_LENGTH],
            _people(data.get(f"people_{index}", "")),
            {
                name.removeprefix(f"q{index}."): data.get(name, "")
                for name in data
                if name.startswith(f"q{index}.")
            },
        )
        for index in range(count)
    )


def _people(text: str) -> int:
    """How many people a line brings, 1 to 99; one where that cannot be read."""
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= MOST_PEOPLE else 1


def lines_of(desk: Desk, lines: Sequence[Line], refusal: Refusal | None) -> list[ShownLine]:
    """The lines with what can be chosen in each; one query for services, one for people, two for who takes several."""
    offered = [one for one in services_of(desk) if one.booked_as == BookedAs.TIME]
    services = [("", _("Choose a service")), *((str(one.id), one.name) for one in offered)]
    named = {line.service_id for line in lines if line.service_id}
    people = serving_each(desk.store.id, named)
    several = services_for_parties(named, verticals=desk.store.verticals)
    shown = []
    for line in lines:
        serve = [(str(key), name) for key, name in people.get(line.service_id or NONE, [])]
        steps = vertical_steps(desk, line.service_id) if line.service_id else []
        asked = [_prefixed(one, line.index) for one in asked_of(steps, line.answers, refusal)]
        # a vertical that asks how many come has its own question for it
        counted = any(one.field.fills == "party_size" for one in asked)
        takes = line.service_id in several and not counted
        shown.append(ShownLine(line.index + 1, line, services, [("", _("Anyone")), *serve], asked, takes))
    return shown


def _prefixed(one: Asked, index: int) -> Asked:
    return Asked(f"q{index}.{one.name}", one.field, one.value, one.error)


def titles_of(lines: Sequence[Line]) -> list[str]:
    """The lines' titles; one query."""
    wanted = [line.service_id for line in lines]
    names = dict(Service.objects.filter(id__in=wanted).values_list("id", "name"))
    return [line.title(names) for line in lines]
