"""One schema on Django's own PostgreSQL backend, same pool and transaction as ours."""

from bench.variant_settings import *  # noqa: F403

ROOT_URLCONF = "bench.bare.view"
