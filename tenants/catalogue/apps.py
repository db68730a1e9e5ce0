"""The app `tenants.catalogue`."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.catalogue"
    label = "catalogue"
