"""The app `tenants.stores`."""

from django.apps import AppConfig


class StoresConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.stores"
    label = "stores"
