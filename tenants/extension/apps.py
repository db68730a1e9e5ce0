"""The app `tenants.extension`."""

from django.apps import AppConfig


class ExtensionConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.extension"
    label = "extension"
