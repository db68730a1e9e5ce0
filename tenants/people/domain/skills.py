"""Skills: what practitioners can do and services need."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal
from tenants.people.domain.rights import Action, Actor, may
from tenants.people.models import Skill


class SkillUnknown(Refusal):
    """An id that is no skill's."""

    code = "skill_unknown"
    status = 422
    title = _("No such skill")
    detail = _("There is no skill with this id.")
    fix = _("Use an id from the list of skills, or the skill's name.")


class SkillNotAdded(Refusal):
    """A name that is new, from somebody who may not write the catalogue."""

    code = "skill_not_added"
    status = 403
    title = _("Not a skill yet")
    detail = _("“%(name)s” is not among the skills, and your role may not add one.")
    fix = _("Choose a skill from the list, or ask whoever looks after the services to add it.")


def read_skills(wanted: Sequence[str], *, by: Actor) -> list[Skill]:
    """The skills of these ids or names, each once; a name that is new becomes a skill of the whole chain.

    Raises SkillUnknown for an id that is no skill's, SkillNotAdded for a new name where `by` may not
    manage the catalogue. At most three queries for known ones.
    """
    ids: dict[UUID, int] = {}
    names: list[str] = []
    for index, text in enumerate(wanted):
        try:
            ids[UUID(text)] = index
        except ValueError:
            names.append(text.strip())
    found = {skill.id: skill for skill in Skill.objects.filter(id__in=ids)} if ids else {}
    unknown = [index for skill_id, index in ids.items() if skill_id not in found]
    if unknown:
        raise SkillUnknown(
            errors=[FieldError(f"skills.{index}", "unknown", SkillUnknown.detail) for index in unknown]
        )
    names = [name for name in dict.fromkeys(names) if name]
    if names:
        if not may(by, Action.MANAGE_CATALOGUE):
            _require_known(names)
        # a skill made by someone else meanwhile is the same skill
        Skill.objects.bulk_create([Skill(name=name) for name in names], ignore_conflicts=True)
        found |= {skill.id: skill for skill in Skill.objects.filter(name__in=names)}
    return sorted(found.values(), key=lambda skill: skill.name)


def _require_known(names: Sequence[str]) -> None:
    known = set(Skill.objects.filter(name__in=names).values_list("name", flat=True))
    for name in names:
        if name not in known:
            raise SkillNotAdded(params={"name": name})
