"""The app `tenants.members`."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.members"
    label = "members"

    def ready(self) -> None:
        """Say who forgets old one-time codes."""
        from chains.due import register_due
        from tenants.members.domain.codes import DUE_KIND, forget_codes  # models are loaded only now

        register_due(DUE_KIND, forget_codes)
