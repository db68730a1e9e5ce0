"""Skills: what practitioners can do and services need."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chains.refusals import FieldError, Refusal
from tenants.people.models import Skill


class SkillUnknown(Refusal):
    """An id that is no skill's."""

    code = "skill_unknown"
    status = 422
    title = _("No such skill")
    detail = _("There is no skill with this id.")
    fix = _("Use an id from the list of skills, or the skill's name.")


def read_skills(wanted: Sequence[str]) -> list[Skill]:
    """The skills of these ids or names, each once; a name that is new becomes a skill.

    Raises SkillUnknown for an id that is no skill's. At most three queries for known ones.
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
        # a skill made by someone else meanwhile is the same skill
        Skill.objects.bulk_create([Skill(name=name) for name in names], ignore_conflicts=True)
        found |= {skill.id: skill for skill in Skill.objects.filter(name__in=names)}
    return sorted(found.values(), key=lambda skill: skill.name)
