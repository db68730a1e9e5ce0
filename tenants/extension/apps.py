"""The app `tenants.extension`."""

from django.apps import AppConfig


class ExtensionConfig(AppConfig):
    """The seam: manifests, hooks, and which verticals are installed."""

    name = "tenants.extension"
    label = "extension"

    def ready(self) -> None:
        """Tell the sign-up what can be run here."""
        from chains.ports import register_verticals
        from tenants.extension.registry import verticals

        register_verticals(lambda: tuple(manifest.code for manifest in verticals()))
