"""The app `tenants.events`."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.events"
    label = "events"
