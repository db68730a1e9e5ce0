"""ContentType ids differ between schemas, so their cache is kept per schema."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from chains.scope import current


class SchemaKeyedCache(dict[Any, Any]):
    """Django keeps `cache[alias][key]`; this hands out another inner dict for each schema."""

    def __init__(self) -> None:
        super().__init__()
        self._by_schema: defaultdict[tuple[str, str], dict[Any, Any]] = defaultdict(dict)

    def __getitem__(self, alias: str) -> dict[Any, Any]:
        return self._by_schema[alias, current().schema]

    def setdefault(self, alias: str, default: Any = None) -> dict[Any, Any]:
        """The inner dict of the active schema; `default` is never needed."""
        return self[alias]

    def clear(self) -> None:
        """Forget the active schema's entries only: a change of scope invalidates nothing."""
        for alias, schema in list(self._by_schema):
            if schema == current().schema:
                self._by_schema.pop((alias, schema), None)


def key_cache_by_schema() -> None:
    """Replace the process-wide cache of the ContentType manager."""
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects._cache = SchemaKeyedCache()  # type: ignore[attr-defined]
