"""Who is plugged in: the verticals of the entry-point group `tessera.verticals`, and the core's own parts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points

from tenants.extension.hooks import Hooks
from tenants.extension.manifest import Manifest

GROUP = "tessera.verticals"


@dataclass(frozen=True, slots=True)
class Plugin:
    """Somebody who is asked: a vertical by its code, or a part of the core, which is always on."""

    code: str
    hooks: Hooks
    is_core: bool = False


_core: dict[str, Plugin] = {}


def register_core(code: str, hooks: Hooks) -> None:
    """Plug a part of the core in, at start; it is asked before any vertical. Raises ValueError for a second."""
    if code in _core:
        raise ValueError(f"{code} is registered twice")
    _core[code] = Plugin(code, hooks, is_core=True)


def plugins_on(codes: Collection[str]) -> tuple[Plugin, ...]:
    """The core's parts by their codes, then the installed verticals among `codes` in their manifests' order.

    `codes` are a store's switches, which may name a vertical that is no longer installed.
    """
    mine = tuple(_core[code] for code in sorted(_core))
    return mine + tuple(Plugin(one.code, one.hooks) for one in verticals() if one.code in codes)


@lru_cache(maxsize=1)
def verticals() -> tuple[Manifest, ...]:
    """The installed verticals in their order. Raises TypeError where an entry point is no Manifest."""
    found: dict[str, Manifest] = {}
    for entry in entry_points(group=GROUP):
        manifest = entry.load()
        if not isinstance(manifest, Manifest):
            raise TypeError(f"{entry.value} is not a Manifest")
        if manifest.code != entry.name:
            raise TypeError(f"{entry.value} is registered as {entry.name} but calls itself {manifest.code}")
        found[manifest.code] = manifest
    return tuple(sorted(found.values(), key=lambda manifest: (manifest.order, manifest.code)))


def vertical(code: str) -> Manifest | None:
    """The installed vertical of that code, or None."""
    return next((manifest for manifest in verticals() if manifest.code == code), None)
