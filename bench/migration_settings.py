"""The settings with one more migration in stores; see migration.py."""

from config.settings import *  # noqa: F403

MIGRATION_MODULES = {"stores": "bench.stores_migrations"}
