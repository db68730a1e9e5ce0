"""Which industries are installed, as far as settings must know: the Django app of each."""

from __future__ import annotations

from importlib.metadata import entry_points

from tenants.extension.registry import GROUP


def vertical_apps() -> list[str]:
    """The apps of the installed verticals, in the order of their codes; none where none is installed.

    An entry `nails = "nails_vertical.manifest:manifest"` stands for the app `nails_vertical`: the
    package that its manifest's module lies in. Nothing is imported; tenants.extension.registry does
    that once the apps are there.
    """
    found = {entry.name: entry.module.rpartition(".")[0] for entry in entry_points(group=GROUP)}
    return [found[code] for code in sorted(found)]
