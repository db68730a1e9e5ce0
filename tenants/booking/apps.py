"""The app `tenants.booking`."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.booking"
    label = "booking"
