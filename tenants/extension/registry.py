"""Which verticals are installed: read from the entry-point group `tessera.verticals`."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points

from tenants.extension.manifest import Manifest

GROUP = "tessera.verticals"


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
