"""The app of the chains: registers what the kernel needs once models are there."""

from __future__ import annotations

from django.apps import AppConfig


class ChainsConfig(AppConfig):
    """What all chains share."""

    name = "chains"
    verbose_name = "Chains"

    def ready(self) -> None:
        """Key the ContentType cache by schema, and register the housekeeping as due work."""
        from chains.chores import KIND, keep_chain, register_chore
        from chains.content_types import key_cache_by_schema
        from chains.domain.housekeeping import PLATFORM_KIND, forget_sessions, keep_platform
        from chains.due import register_due

        key_cache_by_schema()
        register_due(KIND, keep_chain, whole=True)
        register_due(PLATFORM_KIND, keep_platform, whole=True)
        register_chore("sessions", forget_sessions)
