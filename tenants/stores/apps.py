"""The app `tenants.stores`."""

from django.apps import AppConfig


class StoresConfig(AppConfig):
    """Regions, stores, their hours, closures and resources."""

    name = "tenants.stores"
    label = "stores"

    def ready(self) -> None:
        """New chains begin with one store."""
        from chains.ports import register_starter
        from tenants.stores.domain.first_store import start_with_store

        register_starter("first_store", order=20, run=start_with_store)
