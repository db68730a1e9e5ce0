"""The app `tenants.people`."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.people"
    label = "people"
