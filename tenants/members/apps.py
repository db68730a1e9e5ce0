"""The app `tenants.members`."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Members, and the one-time codes they sign in with."""

    name = "tenants.members"
    label = "members"

    def ready(self) -> None:
        """Say who forgets old one-time codes, and who finds names that no index knows."""
        from chains.chores import register_chore
        from tenants.members.domain.codes import forget_codes  # models are loaded only now
        from tenants.members.domain.name_index import index_stale_names

        register_chore("one-time codes", forget_codes)
        register_chore("names to be found by", index_stale_names)
