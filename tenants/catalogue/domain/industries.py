"""A chain takes up another industry: its services are there from then on, offered nowhere yet."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext_lazy as _

from chains.domain.entitlements import Limit, read_own_row, require_room
from chains.hosts import ChainInfo, announce_change
from chains.refusals import FieldError, Refusal
from tenants.catalogue.domain.starting import add_service
from tenants.extension.registry import vertical
from tenants.people.domain.rights import Action, Actor, require


class VerticalUnknown(Refusal):
    """No industry of that name can be run here."""

    code = "vertical_unknown"
    status = 422
    title = _("No such industry")
    detail = _("There is no such industry here.")
    fix = _("Choose one of the list.")


def add_vertical(code: str, *, by: Actor, chain: ChainInfo) -> bool:
    """Add an industry to the active chain, with the services it begins with; False where it had it already.

    The services are offered at no store until somebody says where. Raises Forbidden, VerticalUnknown,
    VerticalLimitReached, ChainReadOnly.
    """
    require(by, Action.MANAGE_CHAIN)
    manifest = vertical(code)
    if manifest is None:
        raise VerticalUnknown(errors=[FieldError("vertical", "unknown", VerticalUnknown.detail)])
    if code in read_own_row().verticals:
        return False
    require_room(Limit.VERTICALS, used=lambda: len(read_own_row().verticals))
    if code in read_own_row().verticals:
        return False  # somebody added it while we waited
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.add_own_vertical(%s)", (code,))
    for position, template in enumerate(manifest.services):
        add_service(template, locale=chain.locale, currency=chain.currency, position=position)
    announce_change()
    return True
