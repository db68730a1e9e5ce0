"""The app `tenants.members`."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.members"
    label = "members"
