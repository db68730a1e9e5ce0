"""The app of the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, static files, template tags, pages."""

    name = "web"

    def ready(self) -> None:
        """The desk's own lines of a booking's panel come through the hook that verticals use."""
        from tenants.extension.hooks import Hooks
        from tenants.extension.registry import register_core
        from web.workbench.notes import show_notes
        from web.workbench.together import show_together

        register_core("desk", Hooks(panels=show_notes))
        register_core("together", Hooks(panels=show_together))
