"""The app `tenants.people`."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """See the package's modules."""

    name = "tenants.people"
    label = "people"

    def ready(self) -> None:
        """New chains begin with their owner."""
        from chains.ports import register_starter
        from tenants.people.domain.owners import start_with_owner

        register_starter("owner", order=40, run=start_with_owner)
