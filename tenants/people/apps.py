"""The app `tenants.people`."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Employees, their roles and rights, skills, shifts and leave."""

    name = "tenants.people"
    label = "people"

    def ready(self) -> None:
        """New chains begin with their owner; say who lets go of old invitations and arrivals."""
        from chains.chores import register_chore
        from chains.ports import register_starter
        from tenants.people.domain.arrivals import forget_arrivals
        from tenants.people.domain.invitations import forget_invitations
        from tenants.people.domain.owners import start_with_owner
        from tenants.people.domain.wishes import forget_wishes

        register_starter("owner", order=40, run=start_with_owner)
        register_chore("invitations", forget_invitations)
        register_chore("arrivals", forget_arrivals)
        register_chore("leave requests and swaps", forget_wishes)
