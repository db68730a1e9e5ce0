"""What a change would cost, line by line, in our own words: the provider's are English whoever reads them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.plans import PlanCard
from billing.port import PreviewLine


def line_words(line: PreviewLine, plans: Iterable[PlanCard]) -> str:
    """What a line is for, in the active language; the provider's own text where it is for none of `plans`."""
    name = next((card.name for card in plans if card.code == line.plan), None)
    if name is None:
        return line.text
    what = name
    if line.part == "store":
        stores = ngettext("%(count)s store added", "%(count)s stores added", line.quantity)
        what = f"{name} · {stores % {'count': line.quantity}}"
    if not line.is_proration:
        return _("%(what)s, the whole period") % {"what": what}
    if line.amount < 0:
        return _("%(what)s, not used from now on") % {"what": what}
    return _("%(what)s, from now to the end of the period") % {"what": what}
