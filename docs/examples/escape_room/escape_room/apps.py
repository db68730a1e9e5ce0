"""The app of the vertical `escape_room`."""

from django.apps import AppConfig


class EscapeRoomConfig(AppConfig):
    """Everything of one industry in one package; its label begins the names of its tables."""

    name = "escape_room"
    label = "escape_room"

    def ready(self) -> None:
        """A new shop of this industry begins with its games known as such."""
        from chains.ports import register_starter
        from escape_room.games import start_games

        register_starter("escape_room", order=35, run=start_games)
