"""Asking the plug-ins: what decides refuses when it breaks, what advises is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from django.db import OperationalError, transaction
from django.utils.translation import gettext_lazy as _

from chains.refusals import Refusal
from tenants.extension.hooks import (
    NO_DETAILS,
    ExtraNeed,
    MessageAsked,
    MetricAsked,
    NeedsAsked,
    Panel,
    PanelAsked,
    Wish,
)
from tenants.extension.registry import Plugin

log = structlog.get_logger("extension")

A = TypeVar("A")


class VerticalFailed(Refusal):
    """A plug-in that has a say in bookings broke: better no booking than one against its rules."""

    code = "vertical_failed"
    status = 503
    title = _("Cannot be booked just now")
    detail = _("A rule of this shop could not be checked (%(vertical)s).")
    fix = _("Try again in a moment, or call the shop.")


def details_of(details: Mapping[str, Any], plugin: Plugin) -> Mapping[str, Any]:
    """The plug-in's own answers among a booking's details."""
    own = details.get(plugin.code)
    return own if isinstance(own, Mapping) else NO_DETAILS


def require_rules(plugins: Iterable[Plugin], wish: Wish, *, details: Mapping[str, Any]) -> None:
    """Let every plug-in refuse the wish. Raises their refusals, and VerticalFailed for one that breaks."""
    for plugin in plugins:
        if plugin.hooks.rules is not None:
            own = details_of(details, plugin)
            decide(plugin, plugin.hooks.rules, wish if own is wish.details else replace(wish, details=own))


def extra_needs(plugins: Iterable[Plugin], asked: NeedsAsked) -> list[ExtraNeed]:
    """All that the plug-ins say the booking claims beside its practitioner. Raises VerticalFailed."""
    return [
        need
        for plugin in plugins
        if plugin.hooks.needs is not None
        for need in decide(plugin, plugin.hooks.needs, asked)
    ]


def panels_for(
    plugins: Iterable[Plugin], asked: PanelAsked, *, details: Mapping[str, Any]
) -> Iterator[tuple[Plugin, Panel]]:
    """The panels of a booking, in the plug-ins' order; a plug-in that breaks shows none."""
    for plugin in plugins:
        if plugin.hooks.panels is not None:
            own = replace(asked, details=details_of(details, plugin))
            shown: Sequence[Panel] = advised(plugin, plugin.hooks.panels, own, instead=())
            yield from ((plugin, panel) for panel in shown)


def sentences_for(plugins: Iterable[Plugin], asked: MessageAsked, *, details: Mapping[str, Any]) -> list[str]:
    """What the plug-ins add to a message, empty sentences left out."""
    found = (
        advised(
            plugin, plugin.hooks.messages, replace(asked, details=details_of(details, plugin)), instead=""
        )
        for plugin in plugins
        if plugin.hooks.messages is not None
    )
    return [str(sentence) for sentence in found if sentence]


def figures_for(plugins: Iterable[Plugin], asked: MetricAsked) -> list[dict[str, Any]]:
    """Every metric with its value, as {key, label, unit, value}; what cannot be told is left out."""
    return [
        {"key": f"{plugin.code}.{metric.key}", "label": metric.label, "unit": metric.unit, "value": value}
        for plugin in plugins
        for metric in plugin.hooks.metrics
        if (value := advised(plugin, metric.read, asked, instead=None)) is not None
    ]


def advised(plugin: Plugin, ask: Callable[[A], Any], asked: A, *, instead: Any) -> Any:
    """The answer of a hook that only advises; `instead`, and a line in the log, where it breaks.

    A vertical runs in a savepoint: an error in its SQL must not take the page's transaction with it.
    """
    try:
        with _savepoint(plugin):
            return ask(asked)
    except Exception:
        log.exception("hook_failed", vertical=plugin.code)
        return instead


def decide(plugin: Plugin, ask: Callable[[A], Any], asked: A) -> Any:
    """The answer of a hook that has a say. Raises its Refusal, and VerticalFailed where it breaks."""
    if plugin.is_core:
        return ask(asked)
    try:
        with _savepoint(plugin):
            return ask(asked)
    except (Refusal, OperationalError):
        raise  # a deadlock is for whoever tries again
    except Exception as error:
        log.exception("hook_failed", vertical=plugin.code)
        raise VerticalFailed(params={"vertical": plugin.code}) from error


def _savepoint(plugin: Plugin) -> AbstractContextManager[Any]:
    return nullcontext() if plugin.is_core else transaction.atomic()
