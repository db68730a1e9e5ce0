"""The console's first page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from chains.domain.lifecycle import STATE_NAMES
from chains.domain.queries import platform_figures
from chains.models import Chain, OperatorAct
from console.billing import act_words


def first_page(*, now: datetime) -> dict[str, Any]:
    """Tiles and the latest acts; a fixed number of queries, all on public tables."""
    figures = platform_figures(now=now)
    chains = reverse("admin:chains_chain_changelist")
    return {
        "states": [
            {"name": STATE_NAMES[state], "count": count, "url": f"{chains}?state__exact={state.value}"}
            for state, count in figures.chains.items()
        ],
        "tiles": [
            {
                "name": _("Sign-ups in 7 days"),
                "figure": figures.signups_this_week,
                "url": reverse("admin:chains_signup_changelist"),
            },
            {"name": _("Ready schemas"), "figure": figures.pool_ready, "warn": figures.pool_ready == 0},
            {"name": _("Work due now"), "figure": figures.due_now, "since": figures.oldest_due_at},
            {
                "name": _("Failed migrations"),
                "figure": figures.failed_migrations,
                "url": reverse("admin:chains_schemamigration_changelist") + "?state__exact=failed",
                "warn": figures.failed_migrations > 0,
            },
        ],
        "acts": _latest_acts(),
    }


def _latest_acts() -> list[dict[str, Any]]:
    acts = list(OperatorAct.objects.order_by("-at")[:8])
    names = dict(Chain.objects.filter(id__in={act.chain_id for act in acts}).values_list("id", "name"))
    return [
        {"act": act, "name": act_words(act), "chain": names.get(act.chain_id, act.schema)} for act in acts
    ]
