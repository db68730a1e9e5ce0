"""How a chain looks to its members: name, line below it, colour."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from chains.domain.accent import make_accent
from chains.hosts import announce_change
from chains.refusals import FieldError, Refusal
from tenants.people.domain.rights import Action, Actor, require


class LookWrong(Refusal):
    """A chain without a name."""

    code = "look_wrong"
    status = 422
    title = _("This look cannot be kept")
    detail = _("Some of what was said does not fit.")
    fix = _("Correct the fields that are named.")


@dataclass(frozen=True, slots=True)
class OperatorAct:
    """What an operator of the platform did to this chain; `at` is aware UTC."""

    operator: str
    act: str
    reason: str
    at: datetime


def change_look(*, name: str, tagline: str, accent: str, by: Actor) -> None:
    """Set the active chain's name, tagline and picked colour, with the eight tokens made of it.

    Every host hears of it after the commit. Raises Forbidden, LookWrong, ColourUnreadable.
    """
    require(by, Action.MANAGE_CHAIN)
    if not name.strip():
        raise LookWrong(errors=[FieldError("name", "required", _("A brand has a name."))])
    tokens = make_accent(accent)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.set_own_look(%s, %s, %s, %s::jsonb)",
            (name.strip(), tagline.strip(), accent, json.dumps(asdict(tokens))),
        )
    announce_change()


def read_operator_acts(*, by: Actor, at_most: int = 100) -> list[OperatorAct]:
    """The latest acts of operators on the active chain, newest first. Raises Forbidden."""
    require(by, Action.READ_OPERATOR_ACTS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM public.own_operator_acts(%s)", (at_most,))
        return [OperatorAct(*row) for row in cursor.fetchall()]
