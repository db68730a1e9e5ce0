"""The app of the vertical `fitness`."""

from django.apps import AppConfig


class FitnessConfig(AppConfig):
    """Everything of one industry in one folder."""

    name = "verticals.fitness"
    label = "fitness"
