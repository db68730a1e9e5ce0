"""The needs of a service: who and what it takes, over which of its minutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal
from tenants.catalogue.models import Need, Service
from tenants.people.domain.rights import Action, Actor, require
from tenants.people.domain.skills import read_skills
from tenants.stores.models import ResourceKind

MOST_NEEDS = 12
# The search looks at every set of roles of one kind: six are more than any service has, and still quick.
MOST_ROLES = 6


class NeedsWrong(Refusal):
    """Needs that no booking could meet; `errors` name them by their place, from 0."""

    code = "needs_wrong"
    status = 422
    title = _("These needs cannot be kept")
    detail = _("Some of what was said of the needs does not fit.")
    fix = _("Correct the fields that are named.")


@dataclass(frozen=True, slots=True)
class NeedSpec:
    """A need as it is told; minutes from the service's start. Skills are ids or names, as for a service."""

    role: str
    kind: str
    from_minute: int
    minutes: int
    prepare: int = 0
    clean_up: int = 0
    count: int = 1
    fits_party: bool = False
    skills: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def replace_needs(service: Service, needs: Sequence[NeedSpec], *, by: Actor) -> None:
    """Make these the needs of the service, in their order; none is one practitioner for its whole length.

    Needs the service's row locked. Raises Forbidden, NeedsWrong, SkillUnknown, SkillNotAdded.
    """
    require(by, Action.MANAGE_CATALOGUE)
    require_fitting(needs, minutes=service.minutes)
    service.needs.all().delete()
    for position, spec in enumerate(needs):
        need = Need.objects.create(
            service=service,
            position=position,
            role=spec.role.strip(),
            kind=spec.kind,
            from_minute=spec.from_minute,
            minutes=spec.minutes,
            prepare=spec.prepare,
            clean_up=spec.clean_up,
            count=spec.count,
            fits_party=spec.fits_party,
            tags=sorted({tag.strip() for tag in spec.tags} - {""}),
        )
        if spec.skills:
            need.skills.set(read_skills(spec.skills, by=by))


def specs_of(service: Service) -> list[NeedSpec]:
    """The needs as they are kept; skills by id. Prefetched or in two queries."""
    return [
        NeedSpec(
            role=need.role,
            kind=need.kind,
            from_minute=need.from_minute,
            minutes=need.minutes,
            prepare=need.prepare,
            clean_up=need.clean_up,
            count=need.count,
            fits_party=need.fits_party,
            skills=tuple(str(skill.id) for skill in need.skills.all()),
            tags=tuple(need.tags),
        )
        for need in service.needs.all()
    ]


def require_fitting(needs: Sequence[NeedSpec], *, minutes: int) -> None:
    """Raise NeedsWrong unless every need lies within the service and those of one role agree."""
    errors = list(_errors(needs, minutes))
    if errors:
        raise NeedsWrong(errors=errors)


def _errors(needs: Sequence[NeedSpec], minutes: int) -> Iterator[FieldError]:
    firsts: dict[str, NeedSpec] = {}
    if len(needs) > MOST_NEEDS or len({spec.role.strip() for spec in needs}) > MOST_ROLES:
        yield FieldError("needs", "too_many", _("A service has at most 12 needs in 6 roles."))
    for place, spec in enumerate(needs):
        field = f"needs.{place}"
        role = spec.role.strip()
        first = firsts.setdefault(role, spec)
        person = spec.kind == ResourceKind.PRACTITIONER
        if not role or len(role) > 40:
            yield FieldError(f"{field}.role", "invalid", _("Name the role, in at most 40 characters."))
        if spec.kind not in ResourceKind.values:
            yield FieldError(f"{field}.kind", "invalid", _("There is no such kind of resource."))
        if (spec.kind, spec.count) != (first.kind, first.count):
            yield FieldError(
                f"{field}.role", "differs", _("Needs of one role are of one kind, and ask for as many.")
            )
        if spec.from_minute % 5 or spec.from_minute < 0:
            yield FieldError(
                f"{field}.from_minute", "invalid", _("A need begins on a multiple of five minutes.")
            )
        if spec.minutes < 5 or spec.from_minute + spec.minutes > minutes:
            yield FieldError(
                f"{field}.minutes",
                "outside",
                _("A need lasts five minutes at least and lies within the service."),
            )
        if not 1 <= spec.count <= 20:
            yield FieldError(f"{field}.count", "invalid", _("Between 1 and 20 at once."))
        if not (0 <= spec.prepare <= 480 and 0 <= spec.clean_up <= 480):
            yield FieldError(f"{field}.prepare", "invalid", _("Buffers are between 0 and 480 minutes."))
        if spec.skills and not person:
            yield FieldError(f"{field}.skills", "not_a_person", _("Only people have skills."))
        if person and (spec.tags or spec.fits_party):
            yield FieldError(f"{field}.tags", "a_person", _("People have skills, not tags or seats."))
