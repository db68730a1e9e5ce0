"""The app of the chains: registers what the kernel needs once models are there."""

from __future__ import annotations

from django.apps import AppConfig


class ChainsConfig(AppConfig):
    """What all chains share."""

    name = "chains"
    verbose_name = "Chains"

    def ready(self) -> None:
        """Key the ContentType cache by schema, and give both migrate commands one autodetector."""
        from chains.content_types import key_cache_by_schema

        key_cache_by_schema()
