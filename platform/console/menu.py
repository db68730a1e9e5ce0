"""The console's menu."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """One group, in the order of use."""
    pages = (
        (_("Overview"), "dashboard", "admin:index"),
        (_("Chains"), "storefront", "admin:chains_chain_changelist"),
        (_("Sign-ups"), "person_add", "admin:chains_signup_changelist"),
        (_("Revenue"), "bar_chart", "admin:revenue"),
        (_("Payment events"), "webhook", "admin:billing_stripeevent_changelist"),
        (_("Differences"), "difference", "admin:billing_difference_changelist"),
        (_("Plans"), "sell", "admin:billing_plan_changelist"),
        (_("Operators' log"), "history", "admin:chains_operatoract_changelist"),
        (_("Migrations"), "database", "admin:chains_schemamigration_changelist"),
    )
    return [
        {
            "title": "",
            "separator": False,
            "items": [{"title": title, "icon": icon, "link": reverse(name)} for title, icon, name in pages],
        }
    ]
