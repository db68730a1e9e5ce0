"""What the progress page says: true steps with true seconds, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from chains.domain.provisioning import step_names
from chains.domain.signup import signup_problem
from chains.domain.slugs import address_of
from chains.models import Signup, SignupState
from chains.refusals import Refusal
from web.signup.industries import industry_words


@dataclass(frozen=True, slots=True)
class Progress:
    """How far setting up has come; `steps` as ui/steps takes them."""

    steps: list[dict[str, Any]]
    done: int
    of: int
    is_ready: bool
    problem: Refusal | None
    chain_url: str


def progress_of(signup: Signup) -> Progress:
    """The steps as recorded; the first that is not recorded is under way."""
    seconds = {step["name"]: step["seconds"] for step in signup.steps}
    names = step_names()
    busy = next((name for name in names if name not in seconds), None)
    problem = signup_problem(signup)
    steps = []
    for name in names:
        title, second, icon = _words(name, signup)
        state = "done" if name in seconds else "todo"
        if name == busy:
            state = "wrong" if problem else "busy"
        aside = ""
        if name in seconds:
            aside = gettext("%(seconds)s s") % {"seconds": f"{seconds[name]:.1f}"}
        elif state == "busy":
            aside = gettext("under way")
        steps.append({"title": title, "second": second, "state": state, "aside": aside, "icon": icon})
    return Progress(
        steps=steps,
        done=len(seconds),
        of=len(names),
        is_ready=signup.state == SignupState.READY,
        problem=problem,
        chain_url=address_of(signup.slug),
    )


def _words(name: str, signup: Signup) -> tuple[str, str, str]:
    industries = industry_words(signup.verticals)
    known = {
        "space": (
            gettext("A space of your own"),
            gettext("Your data, apart from every other brand’s"),
            "layers",
        ),
        "address": (gettext("Your address"), f"{signup.slug}.{settings.BASE}", "globe"),
        "template": (
            gettext("What %(industry)s shops begin with") % {"industry": industries},
            gettext("Services with times and prices, yours to change"),
            "layout-grid",
        ),
        "first_store": (
            gettext("Your first store"),
            gettext("Open 10:00–21:00 until you say otherwise"),
            "store",
        ),
        "owner": (gettext("You as the owner"), gettext("Log in with your email and password"), "user"),
        "figures": (
            gettext("Your numbers"),
            gettext("Stores, people and bookings, counted every hour"),
            "clock",
        ),
        "opening": (gettext("Your trial"), gettext("14 days, no card needed"), "ticket"),
    }
    return known.get(name) or (gettext("Setting up"), "", "settings")
