"""What an escape room adds to a booking, hook by hook."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from escape_room.games import TeamSize, game_of
from escape_room.models import Result
from tenants.extension.hooks import (
    ExtraNeed,
    Field,
    Hooks,
    MessageAsked,
    Metric,
    MetricAsked,
    NeedsAsked,
    Panel,
    PanelAsked,
    StepsAsked,
    Wish,
)

LEVELS = (("first", gettext_lazy("It is our first time")), ("some", gettext_lazy("We have played before")))


def claim_room(asked: NeedsAsked) -> Sequence[ExtraNeed]:
    """A room that holds the team, kept until its puzzles stand again. The game master is the practitioner."""
    game = game_of(asked.service_id)
    return [ExtraNeed("room", after=game.reset_minutes, fits_party=True)] if game else ()


def require_team(wish: Wish) -> None:
    """As many players as the game is made for; not asked before the team has said how many they are."""
    game = game_of(wish.service_id)
    if game is not None and wish.complete and not game.least <= wish.party_size <= game.most:
        raise TeamSize(params={"least": game.least, "most": game.most})


def ask_team(asked: StepsAsked) -> Sequence[Field]:
    """How many, and whether they have done this before."""
    if game_of(asked.service_id) is None:
        return ()
    return [
        Field(
            "players",
            gettext_lazy("Players"),
            "number",
            required=True,
            least=1,
            most=99,
            initial=2,
            fills="party_size",
        ),
        Field("level", gettext_lazy("Experience"), "choice", required=True, choices=LEVELS),
    ]


def show_team(asked: PanelAsked) -> Sequence[Panel]:
    """The team's experience, and how it did."""
    level = dict(LEVELS).get(str(asked.details.get("level")))
    if level is None:
        return ()
    result = Result.objects.filter(booking_id=asked.booking_id).first()
    return [Panel("escape_room/panel.html", {"level": level, "result": result})]


def tell_briefing(asked: MessageAsked) -> str:
    """When to be there."""
    if asked.kind != "booking.confirmed" or game_of(asked.service_id) is None:
        return ""
    return _("Come ten minutes early for the briefing.")


def share_escaped(asked: MetricAsked) -> int | None:
    """The share of teams that got out, in whole percent; None where nobody played."""
    results = Result.objects.filter(store_id__in=asked.store_ids, at__gte=asked.start, at__lt=asked.end)
    played = list(results.values_list("escaped", flat=True))
    return round(100 * sum(played) / len(played)) if played else None


HOOKS = Hooks(
    needs=claim_room,
    rules=require_team,
    steps=ask_team,
    panels=show_team,
    messages=tell_briefing,
    metrics=(Metric("escaped", gettext_lazy("Teams that got out"), share_escaped, unit="percent"),),
)
