"""The app `tenants.catalogue`."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Services, what they cost where, and what a shop begins with."""

    name = "tenants.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        """A new chain begins with its verticals' services."""
        from chains.ports import register_starter
        from tenants.catalogue.domain.starting import start_catalogue

        register_starter("template", order=30, run=start_catalogue)
